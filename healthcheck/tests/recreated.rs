//! `--wait` on a stack whose containers are made, or made anew, meanwhile.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use toolkit::testing::{Seen, Stack, until};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// What is looked at beside what is found.
const CHECKS: &str = "
[[check]]
name = 'orders'
kind = 'postgres'
tables = ['orders']

[[check]]
name = 'cart'
kind = 'redis'
keys = { min = 1 }

[[check]]
name = 'variables'
kind = 'env'
service = 'redis'
set = ['ARRIVED']
";
const KINDS: [&str; 3] = ["postgres", "redis", "env"];

/// Starts it, and returns it with its first words: it waits by then.
fn waiting(stack: &Stack) -> (Child, String) {
    let mut child = stack
        .tool(HEALTHCHECK)
        .args(KINDS)
        .args(["--wait", "180s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    // What else it says must not be in its way.
    std::thread::spawn(move || stderr.lines().count());
    (child, line)
}

/// Its end: each check passes.
fn ended_well(child: Child) {
    let seen = Seen::of(&child.wait_with_output().unwrap()).succeeded();
    assert_eq!(seen.data()["ok"], 7, "{seen:#?}");
}

/// Runs a program in a service's container as it is now.
fn exec(stack: &Stack, argv: &[&str]) -> Command {
    let mut command = stack.tool("docker");
    command.args(["compose", "exec", "-T"]).args(argv);
    command
}

#[test]
fn containers_that_are_made_and_made_anew_end_the_wait() {
    let stack = Stack::start();
    let file = |name: &str, text: &str| {
        toolkit::durable::write(&stack.folder().join(name), text.as_bytes()).unwrap();
    };
    file("sextant.toml", CHECKS);
    let change = |variable: &str| {
        let text = format!("services:\n  redis:\n    environment:\n      {variable}: 'yes'\n");
        file("compose.override.yaml", &text);
    };
    let arrive = || {
        let table = [
            "postgres",
            "psql",
            "-U",
            "app",
            "shop",
            "-c",
            "CREATE TABLE IF NOT EXISTS orders ()",
        ];
        until("there is the table", || {
            let output = exec(&stack, &table).output().unwrap();
            output.status.success()
        });
        let key = [
            "redis",
            "sh",
            "-c",
            "REDISCLI_AUTH=\"$0\" redis-cli SET cart 1",
            stack.redis_password(),
        ];
        until("there is the key", || {
            let output = exec(&stack, &key).output().unwrap();
            output.stdout.starts_with(b"OK")
        });
    };

    // What is looked for is in containers that take the place of others.
    let (child, line) = waiting(&stack);
    for reason in [
        "`orders` (pg_no_table)",
        "`cart` (redis_keys)",
        "`variables` (env_unset)",
    ] {
        assert!(line.contains(reason), "{line}");
    }
    change("ARRIVED");
    stack.compose(&["up", "-d", "--force-recreate"]);
    arrive();
    ended_well(child);

    // Or in containers where there were none.
    stack.compose(&["rm", "--force", "--stop"]);
    let (child, line) = waiting(&stack);
    for check in [
        "`container:redis` (container_missing)",
        "`orders` (",
        "`cart` (",
        "`variables` (",
    ] {
        assert!(line.contains(check), "{line}");
    }
    stack.compose(&["up", "-d"]);
    arrive();
    ended_well(child);
}
