//! The scenario of a deployed application, all of it real.

use crate::nginx::Nginx;
use crate::{SMOKETEST, found, wrong};
use std::process::Stdio;
use toolkit::testing::servers::authority::Authority;
use toolkit::testing::{Demo, Seen, secret, until};

const PASSWORD: &str = "admin123";
/// How many users and projects the application is delivered with.
const DELIVERED: &str = "17|3";

/// The scenario, with more keys of `[smoke]`.
fn scenario(more: &str, retry: &str) -> String {
    let scenario = include_str!("orchestr-a.toml").replace("RETRY", retry);
    scenario.replace("[smoke]\n", &format!("[smoke]\n{more}\n"))
}

/// Writes the scenario into the application's folder.
fn configure(demo: &Demo, more: &str, retry: &str) {
    demo.write("sextant.toml", &scenario(more, retry));
}

fn smoketest(demo: &Demo, args: &[&str]) -> Seen {
    let mut command = demo.tool(SMOKETEST);
    let seen = Seen::run(command.args(args).env("ADMIN_PASSWORD", PASSWORD));
    let secrets = [
        PASSWORD.to_owned(),
        "demo-postgres-password-not-a-secret".to_owned(),
    ];
    let shown = format!("{seen:?}");
    assert_eq!(secret::shown(&shown, &secrets), None);
    assert!(!shown.contains("eyJ"), "a token shows: {shown}");
    seen
}

fn rows(demo: &Demo) -> String {
    demo.sql("SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM projects)")
}

#[test]
fn a_deployed_application_is_exercised_found_broken_and_mended() {
    let demo = Demo::start();
    let api = demo.api();
    configure(&demo, "", "2m");
    // Twice: what it makes, it removes.
    for _ in 0..2 {
        let seen = smoketest(&demo, &["--base", &api]).succeeded();
        assert_eq!(wrong(&seen), [""; 0]);
        assert_eq!((found(&seen).len(), rows(&demo).as_str()), (22, DELIVERED));
    }
    interrupted(&demo, &api);
    over_tls(&demo, &api);
    with_a_missing_table(&demo, &api);
    without_redis(&demo);
}

/// A signal comes when all was made: it is removed by `docker compose exec`.
fn interrupted(demo: &Demo, api: &str) {
    let hangs = "[[smoke.step]]\nname = 'hangs'\nkind = 'command'\ntimeout = '10m'\n\
         run = 'touch hangs; exec tail -f /dev/null'\n";
    demo.write("sextant.toml", &(scenario("", "2m") + hangs));
    let mut command = demo.tool(SMOKETEST);
    command
        .args(["--base", api])
        .env("ADMIN_PASSWORD", PASSWORD);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("all was made", || demo.folder().join("hangs").exists());
    let pid = i32::try_from(child.id()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let seen = Seen::of(&child.wait_with_output().unwrap());
    assert_eq!((seen.code, seen.reason()), (Some(143), "interrupted"));
    assert_eq!(wrong(&seen), ["hangs skip"]);
    assert_eq!(rows(demo), DELIVERED);
    configure(demo, "", "2m");
}

/// The same through nginx, whose certificate only its own authority knows.
fn over_tls(demo: &Demo, api: &str) {
    let authority = Authority::new("Own");
    let nginx = Nginx::start(&authority.server("localhost", 90), api);
    demo.write("ca.pem", &authority.pem());
    configure(demo, "ca = 'ca.pem'", "2m");
    let seen = smoketest(demo, &["--base", &nginx.https("")]).succeeded();
    assert_eq!(wrong(&seen), [""; 0]);
    configure(demo, "", "0s");
    let untrusted = smoketest(demo, &["--base", &nginx.https(""), "health"]);
    assert_eq!(wrong(&untrusted), ["health fail tls_unknown_issuer"]);
}

/// The API answers 500 for one list; the rest goes on, and is cleaned up.
fn with_a_missing_table(demo: &Demo, api: &str) {
    configure(demo, "", "2m");
    demo.sql("ALTER TABLE milestones RENAME TO gone");
    let broken = smoketest(demo, &["--base", api]);
    assert_eq!(broken.code, Some(1));
    assert_eq!(
        wrong(&broken),
        ["lists: GET /api/milestones fail http_status"]
    );
    assert!(broken.stderr.contains("status 500"), "{}", broken.stderr);
    assert_eq!(rows(demo), DELIVERED);
    demo.sql("ALTER TABLE gone RENAME TO milestones");
    smoketest(demo, &["--base", api]).succeeded();
}

/// Nobody can log in: all that needs it is skipped, and what needs nothing is
/// still looked at.
fn without_redis(demo: &Demo) {
    demo.compose(&["stop", "redis"]);
    configure(demo, "", "0s");
    let api = demo.api();
    let broken = smoketest(demo, &["--base", &api]);
    let found = found(&broken);
    for words in [
        "health fail http_status",
        "login fail http_status",
        "lists: GET /api/users skip",
        "no token ok",
        "the row skip",
        "cache fail service_not_running",
    ] {
        assert!(found.contains(&words.to_owned()), "{words}: {found:#?}");
    }
    // The user was made, and only then nobody could be logged in.
    demo.compose(&["start", "redis"]);
    demo.sql("DELETE FROM users WHERE login LIKE 'smoke-%'");
    configure(demo, "", "2m");
    smoketest(demo, &["--base", &api]).succeeded();
    assert_eq!(rows(demo), DELIVERED);
}
