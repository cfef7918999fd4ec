//! What is loaded beside a live database while others still work.

use crate::state::{self, assert_same};
use crate::{RESTORE, restore, saved, shop};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use toolkit::testing::Place;

const RUNNING: &str = r#"{"v":1,"run":"r1","tool":"step","name":"drain","status":"running","at":"2026-11-20T02:00:00.000Z","host":"h","project":"p","summary":"","data":{}}"#;

/// A `restore --ahead` that has loaded all, behind a step that runs.
fn loaded(place: &Place) -> (Child, ChildStdin) {
    let mut child = place
        .tool(RESTORE)
        .args(["latest", "--yes", "--ahead"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{RUNNING}").unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines
        .map_while(Result::ok)
        .any(|line| line.contains(r#""name":"loaded","status":"ok""#));
    assert!(found, "it ended before all was loaded");
    (child, stdin)
}

#[test]
fn a_database_is_exchanged_when_the_step_has_ended() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("early");
    let whole = state::database(&stack, "early");
    let _ = saved(&place, "early");
    stack.sql("early", "DELETE FROM shop.books");
    let (mut child, mut stdin) = loaded(&place);
    assert_eq!(state::databases(&stack, "early").len(), 2, "one beside it");
    // It is served, and changed, until then.
    stack.sql("early", "CREATE TABLE written (meanwhile int)");
    let live = state::database(&stack, "early");
    writeln!(stdin, "{}", RUNNING.replace("running", "ok")).unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    assert_same(&state::database(&stack, "early"), &whole, "brought back");

    // The step dies: nothing is exchanged, and nothing stays beside.
    stack.sql("early", "CREATE TABLE written (meanwhile int)");
    stack.sql("early", "DELETE FROM shop.books");
    let (mut child, stdin) = loaded(&place);
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_same(&state::database(&stack, "early"), &live, "left alone");
    assert_eq!(state::databases(&stack, "early"), ["early"]);
}

#[test]
fn a_killed_one_is_swept_away() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("swept");
    let _ = saved(&place, "swept");
    let live = state::database(&stack, "swept");
    let (mut child, stdin) = loaded(&place);
    let locked = restore(&place, &["--sweep"]);
    assert_eq!((locked.code, locked.reason()), (Some(75), "locked"));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stdin);
    assert_eq!(state::databases(&stack, "swept").len(), 2, "it is left");
    let swept = restore(&place, &["--sweep"]).succeeded();
    assert!(
        swept.last()["summary"]
            .as_str()
            .unwrap()
            .contains("dropped `swept__restore_"),
        "{}",
        swept.last()
    );
    assert_eq!(state::databases(&stack, "swept"), ["swept"]);
    assert_same(&state::database(&stack, "swept"), &live, "not touched");
    let again = restore(&place, &["--sweep"]).succeeded();
    assert_eq!(again.last()["summary"], "no restore left anything behind");
}
