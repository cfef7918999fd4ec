//! Servers that stop, before and in the middle of a dump.

use crate::interrupted::Waiting;
use crate::{backup, made, nothing_half_made};
use std::process::Command;
use toolkit::testing::{Seen, Stack};

/// On a stack of its own: its servers die.
#[test]
fn a_server_that_dies_is_told_and_so_is_how_to_start_it() {
    let stack = Stack::start();
    let place = stack.place();
    stack.create_shop("halted");
    let before = made(&backup(&place, &["database", "--database", "halted"]).succeeded());
    let waiting = Waiting::start(&stack, &place, "halted", &["--keep-last", "1"]);
    stack.compose(&["kill", "postgres"]);
    let seen = Seen::of(&waiting.tool.wait_with_output().unwrap());
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "dump_failed"),
        "{seen:?}"
    );
    assert!(
        before.exists() && nothing_half_made(&place),
        "nothing is removed after a failure"
    );

    let seen = backup(&place, &["database", "--database", "halted"]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "service_not_running"),
        "{seen:?}"
    );
    assert!(
        seen.message()
            .starts_with("service `postgres` is not running: its container `"),
        "{}",
        seen.message()
    );
    assert!(seen.message().ends_with(" is exited"), "{}", seen.message());
    assert!(nothing_half_made(&place));
    // The hint is a command, and it helps.
    let (start, _) = seen
        .hint()
        .strip_prefix('`')
        .unwrap()
        .split_once('`')
        .unwrap();
    assert!(
        Command::new("sh")
            .args(["-c", start])
            .status()
            .unwrap()
            .success(),
        "{start}"
    );
    stack.wait();
    let seen = backup(&place, &["database", "--database", "halted"]).succeeded();
    assert!(made(&seen).exists());

    // Another password than the one that its container was given.
    stack.redis(&["CONFIG", "SET", "requirepass", "another"]);
    let seen = backup(&place, &["redis"]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "redis_auth"),
        "{seen:?}"
    );
    assert!(!seen.hint().is_empty() && nothing_half_made(&place));

    stack.compose(&["stop", "-t", "0", "redis"]);
    let seen = backup(&place, &[]);
    assert_eq!(
        seen.reason(),
        "service_not_running",
        "what was found is not left out: {seen:?}"
    );
    assert!(seen.message().contains("`redis`"), "{}", seen.message());
    let _ = backup(
        &place,
        &["database", "globals", "config", "--database", "halted"],
    )
    .succeeded();
}
