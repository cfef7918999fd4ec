//! A dump that lacks a row is none, however well it ends.

use crate::direct::direct;
use crate::{made, older};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use toolkit::testing::{Place, Seen, Stack};

/// The next `pg_dump` in PATH, whose output goes through `$FILTER`.
const WRAPPER: &str = r#"#!/bin/bash
set -o pipefail
PATH=${PATH#"${0%/*}:"}
pg_dump "$@" | sed "$FILTER"
"#;

/// `backup` of one database, by the wrapper.
fn filtered(place: &Place, stack: &Stack, filter: &str) -> Command {
    let wrapper = place.folder().join("bin/pg_dump");
    place.write("bin/pg_dump", WRAPPER);
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    let folder = wrapper.parent().unwrap().display();
    let mut command = direct(place, stack, "differing");
    command
        .arg("database")
        .env("PATH", format!("{folder}:{path}"))
        .env("FILTER", filter);
    command
}

#[test]
fn a_row_that_pg_dump_loses_is_missed() {
    let stack = older();
    let place = Place::new();
    stack.create_shop("differing");
    // The first row of one table.
    let seen = Seen::run(&mut filtered(&place, &stack, "/^COPY shop.books /{n;d}"));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "dump_rows_differ"),
        "{seen:?}"
    );
    let named = "counted: `shop.books`: 2 expected, 1 found";
    assert!(seen.message().ends_with(named), "{}", seen.message());
    let left = fs::read_dir(place.backups()).unwrap();
    assert_eq!(left.count(), 0);

    // It was the row, and not the wrapper.
    let whole = Seen::run(&mut filtered(&place, &stack, "")).succeeded();
    assert!(made(&whole).exists());
}
