//! What is said where there is nothing to go back to.

use toolkit::testing::{Place, Seen};

fn rollback(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(env!("CARGO_BIN_EXE_rollback")).args(args))
}

#[test]
fn nothing_is_recorded_yet() {
    let place = Place::new();
    let status = rollback(&place, &["--status"]);
    assert_eq!(status.code, Some(0), "{}", status.stderr);
    assert_eq!(
        status.last()["summary"],
        "no release is recorded yet; nothing is under way"
    );
    assert_eq!(rollback(&place, &["--list"]).data()["rows"], 0);
    assert_eq!(rollback(&place, &["--resume"]).code, Some(0));
    let undone = rollback(&place, &["--undo"]);
    assert_eq!((undone.code, undone.reason()), (Some(2), "no_rollback"));
    let back = rollback(&place, &["--force"]);
    assert_eq!((back.code, back.reason()), (Some(2), "no_release"));
}

#[test]
fn the_last_link_needs_the_first() {
    let place = Place::new();
    let recorded = rollback(&place, &["--record"]);
    assert_eq!(
        (recorded.code, recorded.reason()),
        (Some(2), "not_prepared")
    );
    let failed = r#"{"v":1,"run":"r","tool":"step","name":"up","status":"fail","error":{"reason":"exit_status","message":"m"}}"#;
    let line = format!("printf '%s\\n' '{failed}' | \"$0\" --if failure --force");
    let mut command = place.tool("bash");
    command.args(["-c", &line, env!("CARGO_BIN_EXE_rollback")]);
    let seen = Seen::run(&mut command);
    assert_eq!(
        (seen.code, seen.last()["status"].as_str()),
        (Some(1), Some("skip"))
    );
}

#[test]
fn maintenance_mode_is_switched_and_said() {
    let place = Place::new();
    let unset = rollback(&place, &["--maintenance", "on"]);
    assert_eq!(
        (unset.code, unset.data()["configured"].as_bool()),
        (Some(0), Some(false))
    );
    place.write(
        "sextant.toml",
        "[maintenance]\non = 'touch on'\noff = 'rm on'\nstatus = ['test', '-e', 'on']\n",
    );
    assert_eq!(rollback(&place, &["--maintenance", "on"]).code, Some(0));
    assert!(place.folder().join("on").exists());
    let status = rollback(&place, &["--maintenance", "status"]);
    assert_eq!(status.data()["on"], true);
    assert_eq!(rollback(&place, &["--status"]).reason(), "maintenance");
    // What was left on is what `--resume` lifts when nothing else is open.
    assert_eq!(rollback(&place, &["--resume"]).code, Some(0));
    assert!(!place.folder().join("on").exists());
    place.write(
        "sextant.toml",
        "[maintenance]\non = 'true'\noff = 'true'\nstatus = 'false'\n",
    );
    let not_on = rollback(&place, &["--maintenance", "on"]);
    assert_eq!((not_on.code, not_on.reason()), (Some(1), "maintenance"));
    place.write("sextant.toml", "[maintenance]\non = 'true'\n");
    assert_eq!(rollback(&place, &["--maintenance", "on"]).code, Some(2));
}
