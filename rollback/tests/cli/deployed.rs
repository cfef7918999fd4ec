//! Deployments and rollbacks of an application whose release is a commit.

use crate::shelf::{Shelf, serves};
use toolkit::testing::Seen;

#[test]
fn forth_and_back() {
    let shelf = Shelf::new();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    assert_eq!(shelf.seen(), serves("v2"));
    let failed = shelf.deploy("v3-broken");
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(shelf.seen(), serves("v2"));
    assert_eq!(shelf.deploy("v4").code, Some(0));
    let back = shelf.rollback("--force");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(shelf.seen(), serves("v2"));
    let further = shelf.rollback("--force");
    assert_eq!(further.code, Some(0), "{}", further.stderr);
    assert_eq!(shelf.seen(), serves("v1"));
    assert_eq!(shelf.rollback("--undo --force").code, Some(0));
    assert_eq!(shelf.seen(), serves("v2"));
    assert_eq!(shelf.rollback("--force v4").code, Some(0));
    assert_eq!(shelf.seen(), serves("v4"));
}

#[test]
fn maintenance_mode_is_no_alarm_while_a_deployment_goes_on() {
    let shelf = Shelf::new();
    let line = "rollback --prepare </dev/null | rollback --maintenance on \
        | healthcheck --no-alert deployment | step stop-here -- false | rollback --if failure --force";
    let seen = Seen::run(&mut shelf.shell(line, &[]));
    let prepared = seen
        .records
        .iter()
        .find(|one| one["name"] == "prepare" && one["status"] == "ok");
    assert_eq!(prepared.unwrap()["data"]["by"], toolkit::run::user());
    let health = seen
        .records
        .iter()
        .find(|record| record["tool"] == "healthcheck")
        .unwrap();
    assert_eq!(health["status"], "ok", "{health}");
    assert_eq!(seen.code, Some(3), "{}", seen.stderr);
    assert_eq!(shelf.seen(), serves("v1"));

    assert_eq!(shelf.rollback("--maintenance on").code, Some(0));
    let left = Seen::run(&mut shelf.shell("healthcheck --no-alert deployment", &[]));
    assert_eq!(
        left.data()["checks"][0]["reason"],
        "maintenance_left",
        "{}",
        left.stderr
    );
    assert_eq!(shelf.rollback("--prepare").reason(), "maintenance");
}

#[test]
fn an_answer_is_asked_for_on_the_terminal() {
    let shelf = Shelf::new();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    let line = format!("{} v1", env!("CARGO_BIN_EXE_rollback"));
    let (code, shown) = shelf.0.on_a_terminal(&line, "no\n");
    assert_eq!(code, Some(1), "{shown}");
    assert_eq!(shelf.seen(), serves("v2"));
    let (code, shown) = shelf.0.on_a_terminal(&line, "v1\n");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("to       v1"), "{shown}");
    assert_eq!(shelf.seen(), serves("v1"));
}

#[test]
fn what_cannot_be_verified_is_no_success() {
    let shelf = Shelf::new();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    // What starts serves something else than it was asked to.
    shelf.0.write("sextant.toml", "engine = 'none'\n[maintenance]\nfile = 'maintenance'\n[step.start]\nrun = 'echo other >served'\n[[check]]\nname = 'served'\nkind = 'command'\nrun = ['cmp', 'version', 'served']\n");
    shelf.git(&["commit", "--quiet", "--all", "--message", "other"]);
    let failed = shelf.rollback("--force --keep-database v2");
    assert_eq!(
        (failed.code, failed.reason()),
        (Some(4), "rollback_failed"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.data()["step"], "verify");
    assert_eq!(failed.data()["commands"][1], "rollback --resume");
    assert!(!shelf.seen().2, "maintenance mode is on");
    let second = shelf.rollback("--force v1");
    assert_eq!((second.code, second.reason()), (Some(1), "unfinished"));
}
