//! What `healthcheck` finds in the folder of a running stack, without any
//! configuration.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

use toolkit::testing::{Compose, Recipe, Seen, Stack};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");
/// The kinds that look at the stack: the machine's disks are another matter.
const KINDS: [&str; 3] = ["container", "postgres", "redis"];

/// The status and reason of each check.
fn found(seen: &Seen) -> Vec<String> {
    let checks = seen.data()["checks"].as_array().unwrap();
    let told = |name: &str, check: &serde_json::Value| check[name].as_str().map(str::to_owned);
    checks
        .iter()
        .map(|check| {
            let words = ["name", "status", "reason"].map(|name| told(name, check));
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

#[test]
fn a_stack_is_found_seen_broken_and_seen_mended() {
    for compose in [Compose::V2, Compose::V1] {
        let stack = Stack::of(Recipe {
            compose,
            ..Recipe::default()
        });
        let look = |args: &[&str]| {
            let mut command = stack.tool(HEALTHCHECK);
            Seen::run(command.args(KINDS).args(args))
        };
        let well = look(&["--wait", "180s"]).succeeded();
        let all = [
            "container:postgres ok",
            "container:redis ok",
            "postgres ok",
            "redis ok",
        ];
        assert_eq!(found(&well), all, "{compose:?}");

        stack.compose(&["stop", "redis"]);
        let broken = look(&[]);
        assert_eq!((broken.code, broken.reason()), (Some(1), "checks_failed"));
        let expected = [
            "container:postgres ok",
            "container:redis fail container_stopped",
            "postgres ok",
            "redis skip",
        ];
        assert_eq!(found(&broken), expected, "{compose:?}");

        stack.compose(&["start", "redis"]);
        let mended = look(&["--wait", "180s"]).succeeded();
        assert_eq!(found(&mended), all, "{compose:?}");
        let shown = format!("{mended:?} {broken:?}");
        for secret in stack.secrets() {
            assert!(!shown.contains(&secret));
        }
    }
}

#[test]
fn a_published_port_is_asked_as_its_service_speaks() {
    let stack = Stack::start();
    // Whoever publishes PostgreSQL's port has no HTTP behind it.
    let compose = "services:\n  postgres:\n    ports: [\"127.0.0.1::5432\"]\n";
    let file = stack.folder().join("compose.override.yaml");
    toolkit::durable::write(&file, compose.as_bytes()).unwrap();
    stack.compose(&["up", "-d"]);
    let seen = Seen::run(stack.tool(HEALTHCHECK).args(["tcp", "--wait", "180s"])).succeeded();
    let port = stack.compose(&["port", "postgres", "5432"]);
    let (_, port) = port.rsplit_once(':').unwrap();
    let checks = found(&seen);
    assert!(
        checks.contains(&format!("tcp:postgres:{port} ok")),
        "{checks:?}"
    );
}
