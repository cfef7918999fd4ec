//! SIGKILL at each step that the journals show, without Docker: many times.

use crate::shelf::{Shelf, serves};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use toolkit::testing::{Seen, until};

/// Runs in a group of its own, and kills it when the journal has begun `step`.
fn killed_at(shelf: &Shelf, command: &mut Command, step: &str) -> bool {
    command
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let line = format!("{{\"step\":\"{step}\",\"mark\":\"begun\"");
    let mut ended = false;
    until("the step is reached", || {
        ended = child.try_wait().unwrap().is_some();
        ended || shelf.journal().contains(&line)
    });
    let group = format!("-{}", child.id());
    let _ = Command::new("kill")
        .args(["-9", "--", &group])
        .stderr(Stdio::null())
        .status();
    let _ = child.wait();
    !ended
}

/// The steps of the journal that ended last.
fn steps(shelf: &Shelf) -> Vec<String> {
    let folder = std::fs::read_dir(shelf.place.state().join("operations")).unwrap();
    let path = folder.flatten().map(|entry| entry.path()).max().unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let entries = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    entries
        .filter(|entry| entry["mark"] == "begun")
        .filter_map(|entry| entry["step"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn a_killed_deployment_is_taken_back() {
    let shelf = Shelf::new();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    let steps = steps(&shelf);
    assert_eq!(steps, ["checkout", "start", "healthcheck"]);
    assert_eq!(shelf.rollback("--force v1").code, Some(0));
    for step in &steps {
        // One that was quicker than the kill has nothing to be taken back.
        if killed_at(&shelf, &mut shelf.deployment("v2"), step) && !shelf.journal().is_empty() {
            assert_eq!(shelf.rollback("--status").reason(), "unfinished", "{step}");
            let health = Seen::run(&mut shelf.shell("healthcheck --no-alert deployment", &[]));
            let left = &health.data()["checks"][0]["reason"];
            assert_eq!(left, "deployment_left", "{step}");
            let next = shelf.deploy("v4");
            assert_eq!(next.records[1]["error"]["reason"], "unfinished", "{step}");
            let resumed = shelf.rollback("--resume");
            assert_eq!(resumed.code, Some(0), "{step}: {}", resumed.stderr);
        } else {
            assert_eq!(shelf.rollback("--force v1").code, Some(0), "{step}");
        }
        assert_eq!(shelf.seen(), serves("v1"), "{step}");
        assert_eq!(shelf.journal(), "", "{step}");
    }
}

#[test]
fn a_killed_rollback_goes_on_or_back() {
    let shelf = Shelf::new();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    assert_eq!(shelf.rollback("--force v1").code, Some(0));
    let steps = steps(&shelf);
    assert!(steps.len() >= 6, "{steps:?}");
    assert_eq!(shelf.rollback("--force v2").code, Some(0));
    for step in &steps {
        for way in ["--resume", "--undo --force"] {
            let was_killed = killed_at(&shelf, &mut shelf.shell("rollback --force v1", &[]), step);
            if was_killed && !shelf.journal().is_empty() {
                let ended = shelf.rollback(way);
                assert_eq!(ended.code, Some(0), "{step} {way}: {}", ended.stderr);
                let expected = if way == "--resume" { "v1" } else { "v2" };
                assert_eq!(shelf.seen(), serves(expected), "{step} {way}");
            }
            assert_eq!(shelf.journal(), "", "{step} {way}");
            if shelf.seen() != serves("v2") {
                assert_eq!(shelf.rollback("--force v2").code, Some(0), "{step} {way}");
            }
        }
    }
}
