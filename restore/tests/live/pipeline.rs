//! Sets that another tool's records name.

use crate::state::{self, State, assert_same};
use crate::{RESTORE, backup, backup_tool, made, own, restore, saved, shop};
use std::fs;
use std::process::Stdio;
use toolkit::testing::{Place, Seen};

/// `backup … | restore …`.
fn piped(place: &Place, backup: &[&str], filter: &str, restore: &[&str]) -> Seen {
    let mut backup = backup_tool(place)
        .args(backup)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut jq = place
        .tool("jq")
        .args(["--compact-output", filter])
        .stdin(backup.stdout.take().unwrap())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut tool = place.tool(RESTORE);
    let seen = Seen::run(tool.args(restore).stdin(jq.stdout.take().unwrap()));
    assert!(jq.wait().unwrap().success());
    assert!(backup.wait().unwrap().success());
    seen
}

#[test]
fn check_proves_the_set_and_touches_nothing() {
    let stack = own();
    let stack = stack.used();
    let place = stack.place();
    let before = State::of(&stack);
    let seen = piped(&place, &[], ".", &["--check"]).succeeded();
    State::of(&stack).assert_is(&before, "after the check");
    assert_eq!(state::scratch(&stack), [""; 0]);
    let data = seen.data();
    assert_eq!(
        (&data["checked"], &data["proven"]),
        (&true.into(), &true.into())
    );
    assert!(data["ms"].as_u64() > Some(0), "{data}");
    let info = fs::read_to_string(made(&seen).join("deployment-info.json")).unwrap();
    let info: serde_json::Value = serde_json::from_str(&info).unwrap();
    let proven = &info["proven"]["parts"];
    assert_eq!(proven.as_array().unwrap().len(), 5, "{proven}");
    // The mark is no damage to the set.
    let _ = backup(&place, &["--check"]).succeeded();
    let alone = restore(&place, &["--check"]).succeeded();
    assert_eq!(made(&alone), made(&seen), "the newest");
}

#[test]
fn one_of_a_listing_is_brought_back() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("listed");
    let first = state::database(&stack, "listed");
    let set = saved(&place, "listed");
    stack.sql("listed", "DELETE FROM shop.books");
    let _ = saved(&place, "listed");
    stack.sql("listed", "DROP TABLE shop.users CASCADE");
    let name = set.file_name().unwrap().to_str().unwrap();
    let several = piped(&place, &["--list"], ".", &["--yes"]);
    assert_eq!((several.code, several.reason()), (Some(2), "several_sets"));
    let filter = format!("select(.name == \"{name}\")");
    let seen = piped(&place, &["--list"], &filter, &["--yes"]).succeeded();
    assert_eq!(made(&seen), set);
    let after = state::database(&stack, "listed");
    assert_same(&after, &first, "the first of two");
    assert_eq!(state::databases(&stack, "listed"), ["listed"]);
}
