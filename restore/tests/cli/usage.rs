//! Help, mistakes on the command line, and which set is meant.

use crate::{contents, damage, fed, place, restore, saved};
use serde_json::json;
use std::process::Command;

#[test]
fn help_says_what_it_is_for_and_where_sets_are() {
    let place = place();
    let mut command = place.tool(crate::RESTORE);
    let output = command.args(["--format", "text", "--help"]).output();
    let output = output.unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    for words in [
        "Bring a backup set back, or prove that it can be brought back",
        "Usage: restore [OPTIONS] [SET] [PART]...",
        "else /backup/deployments",
        "--into <NAME>",
        "--in-place",
        "--keep-old",
        "--check",
    ] {
        assert!(help.contains(words), "{words} in {help}");
    }
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
}

#[test]
fn mistakes_change_nothing_and_are_records_too() {
    let place = place();
    saved(&place);
    damage(&place);
    let before = contents(place.folder());
    for (args, reason, words) in [
        (&["--frobnicate"][..], "usage", "'--frobnicate'"),
        (&["latest", "--jobs", "0"], "usage", "'--jobs <N>'"),
        (&["--check", "--yes"], "usage", "--yes"),
        (
            &["latest", "--in-place", "--keep-old"],
            "usage",
            "--keep-old",
        ),
        (&["latest", "--in-place", "--into", "x"], "usage", "--into"),
        (
            &["-C", "nowhere", "latest"],
            "usage",
            "cannot work in `nowhere`",
        ),
        (&["--yes"], "no_set", "no set is named"),
        (&["20010101_000000", "--yes"], "no_set", "`20010101_000000`"),
        (&["nowhere.sql.gz", "--yes"], "no_set", "`nowhere.sql.gz`"),
        (&["latest", "upload", "--yes"], "no_set", "upload"),
        (&["latest", "--into", "copy", "--yes"], "no_set", "database"),
    ] {
        let seen = restore(&place, args);
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(2), reason),
            "{args:?} {seen:?}"
        );
        assert!(
            seen.message().contains(words),
            "{args:?}: {}",
            seen.message()
        );
        assert_eq!(seen.records.len(), 2, "running, then fail");
        assert_eq!(seen.records[0]["status"], "running");
    }
    assert_eq!(contents(place.folder()), before);
}

#[test]
fn a_part_that_the_set_has_not_is_refused_with_those_that_it_has() {
    let place = place();
    let set = saved(&place);
    let seen = restore(&place, &[set.to_str().unwrap(), "upload", "--yes"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "unknown_part"));
    let words = format!("`{}` has no `upload`", set.display());
    assert_eq!(seen.message(), words);
    assert!(seen.hint().contains("uploads"), "{}", seen.hint());
}

#[test]
fn a_database_needs_a_server() {
    let place = place();
    place.write("x.sql", "SELECT 1;\n");
    let seen = restore(&place, &["x.sql", "--yes"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_target"));
    assert!(seen.hint().contains("`DATABASE_URL`"), "{}", seen.hint());
}

#[test]
fn stdin_names_one_set() {
    let place = place();
    let set = saved(&place);
    let whole = contents(&place.folder().join("uploads"));
    damage(&place);
    let damaged = contents(place.folder());
    let record = |path: &str| {
        json!({ "v": 1, "run": "R", "tool": "backup", "name": "x", "status": "ok",
            "at": "2026-11-20T02:00:00.000Z", "data": { "path": path } })
        .to_string()
            + "\n"
    };
    let one = record(set.to_str().unwrap());
    let several = one.clone() + &record("/elsewhere");
    let seen = fed(&place, &several, &["--yes"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "several_sets"));
    assert!(seen.hint().contains("jq -c"), "{}", seen.hint());
    let seen = fed(&place, &one, &["latest", "--yes"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "several_sets"));
    assert_eq!(contents(place.folder()), damaged, "nothing was touched");

    // The same record twice is one set; the first argument is then a part.
    let seen = fed(&place, &(one.clone() + &one), &["uploads", "--yes"]);
    assert_eq!(seen.code, Some(0), "{seen:?}");
    assert_eq!(contents(&place.folder().join("uploads")), whole);
}

#[test]
fn a_record_that_lacks_a_field_is_told() {
    let place = place();
    let set = saved(&place);
    let damaged = contents(place.folder());
    let record = json!({ "v": 1, "run": "R", "tool": "backup", "name": "x", "status": "ok",
        "data": { "path": set } });
    for args in [&["--yes"][..], &["--check"]] {
        let seen = fed(&place, &format!("\n{record}\n"), args);
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_set"), "{seen:?}");
        let words = "the record in line 2 of stdin names no set: missing field `at`";
        assert_eq!(seen.message(), words);
        assert!(seen.hint().contains("whole"), "{}", seen.hint());
    }
    assert_eq!(contents(place.folder()), damaged);
}

#[test]
fn nobody_to_ask_is_no_consent() {
    let place = place();
    saved(&place);
    let whole = contents(&place.folder().join("uploads"));
    damage(&place);
    let damaged = contents(place.folder());
    for allowed in ["", "1", "false"] {
        // A process group of its own has no terminal, also where the tests have.
        let seen = alone(&place, allowed);
        let code = seen.status.code();
        let words = String::from_utf8(seen.stdout).unwrap();
        assert_eq!(code, Some(2), "{words}");
        assert!(words.contains(r#""reason":"no_terminal""#), "{words}");
        assert_eq!(contents(place.folder()), damaged);
    }
    assert_eq!(alone(&place, "true").status.code(), Some(0));
    assert_eq!(contents(&place.folder().join("uploads")), whole);
}

/// Calls `restore latest` without a terminal, with `ROLLBACK_AUTO` set so.
fn alone(place: &toolkit::testing::Place, allowed: &str) -> std::process::Output {
    let mut command: Command = place.tool("setsid");
    command
        .args(["--wait", crate::RESTORE, "latest"])
        .env("ROLLBACK_AUTO", allowed)
        .output()
        .unwrap()
}
