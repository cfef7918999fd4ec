//! `backup` as one link of a pipeline.

use crate::{BACKUP, backup, names, place};
use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use toolkit::testing::{Place, Seen};

fn reading(place: &Place, input: &str, args: &[&str]) -> Seen {
    let mut command = place.tool(BACKUP);
    command.args(args).stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    Seen::of(&child.wait_with_output().unwrap())
}

fn record(status: &str) -> String {
    format!(
        "{{\"v\":1,\"run\":\"R\",\"tool\":\"healthcheck\",\"name\":\"preflight\",\"status\":\"{status}\"}}\n"
    )
}

#[test]
fn a_run_is_announced_recorded_and_remembered() {
    let place = place();
    let seen = reading(&place, &record("ok"), &[]).succeeded();
    let statuses: Vec<_> = seen
        .records
        .iter()
        .map(|record| record["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        ["running", "ok", "ok"],
        "announced, passed on, done"
    );
    assert!(seen.records.iter().all(|record| record["run"] == "R"));
    let last = seen.last();
    assert_eq!(
        (&last["tool"], &last["name"], &last["project"]),
        (&"backup".into(), &"backup".into(), &"app".into())
    );
    assert!(last["ms"].is_u64() && last["at"].as_str().unwrap().ends_with('Z'));
    let path = seen.data()["path"].as_str().unwrap();
    assert!(last["summary"].as_str().unwrap().ends_with(path), "{last}");
    let parts: Vec<_> = seen.data()["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["config", "uploads"]);
    assert!(
        seen.data()["parts"][0].get("members").is_none(),
        "the index stays in the set"
    );
    let remembered: serde_json::Value = serde_json::from_str(place.history().trim_end()).unwrap();
    assert_eq!(&remembered, last);
}

#[test]
fn nothing_is_saved_after_a_failure_unless_it_is_wanted() {
    let place = place();
    let seen = reading(&place, &record("fail"), &[]);
    assert_eq!(
        (seen.code, &seen.last()["status"]),
        (Some(1), &"skip".into())
    );
    assert_eq!(names(&place), [""; 0]);
    let seen = reading(&place, &record("fail"), &["--if", "failure"]);
    assert_eq!((seen.code, &seen.last()["status"]), (Some(1), &"ok".into()));
    assert_eq!(names(&place).len(), 1);
}

#[test]
fn a_second_run_is_told_who_holds_the_lock() {
    let place = place();
    backup(&place, &[]).succeeded();
    let lock = File::options()
        .append(true)
        .open(place.state().join("data.lock"))
        .unwrap();
    lock.lock().unwrap();
    let seen = backup(&place, &[]);
    assert_eq!((seen.code, seen.reason()), (Some(75), "locked"));
    assert!(
        seen.message().contains("`backup`, process "),
        "{}",
        seen.message()
    );
    assert_eq!(names(&place).len(), 1);
    // Questions wait for nobody.
    backup(&place, &["--list"]).succeeded();
    backup(&place, &["--check"]).succeeded();
    drop(lock);
    backup(&place, &[]).succeeded();
}

#[test]
fn a_closed_stdout_does_not_stop_the_work() {
    let place = place();
    let mut child = place
        .tool(BACKUP)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(names(&place).len(), 1);
    assert!(place.history().contains(r#""status":"ok""#));
}
