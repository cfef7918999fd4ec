//! Runs that are killed, or doubled, in the middle of a database.

use crate::state::{self, assert_same};
use crate::{RESTORE, restore, saved, shop};
use std::process::{Child, Stdio};
use toolkit::testing::{Place, Stack, until};

fn start(place: &Place) -> Child {
    let mut command = place.tool(RESTORE);
    command.args(["latest", "--yes"]);
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until such a connection waits for a lock.
fn until_waits(stack: &Stack, run: &mut Child, condition: &str) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND {condition}"
    );
    until(condition, || {
        let ended = run.try_wait().unwrap();
        assert!(ended.is_none(), "it did not wait until {condition}");
        stack.sql("postgres", &sql) != "0"
    });
}

/// Kills a run that waits for a lock, and brings the database back by the next.
fn killed(name: &str, lock: &str, condition: &str) {
    let stack = shop();
    let place = stack.place();
    stack.create_shop(name);
    let whole = state::database(&stack, name);
    let _ = saved(&place, name);
    stack.sql(name, "DELETE FROM shop.books");
    let live = state::database(&stack, name);
    let held = stack.hold("postgres", lock);
    let mut run = start(&place);
    until_waits(&stack, &mut run, condition);
    assert_eq!(state::databases(&stack, name).len(), 2, "one beside it");

    let second = restore(&place, &["latest", "--yes"]);
    assert_eq!((second.code, second.reason()), (Some(75), "locked"));
    let owner = format!("process {}", run.id());
    assert!(second.message().contains(&owner), "{}", second.message());

    run.kill().unwrap();
    run.wait().unwrap();
    drop(held);
    assert_same(&state::database(&stack, name), &live, "after the kill");
    let _ = restore(&place, &["latest", "--yes"]).succeeded();
    assert_same(&state::database(&stack, name), &whole, "after the next run");
    assert_eq!(state::databases(&stack, name), [name]);
}

#[test]
fn while_it_loads() {
    // All is loaded then, and the tables' statistics are made.
    let lock = "LOCK TABLE pg_catalog.pg_db_role_setting IN SHARE MODE";
    killed("loading", lock, "datname LIKE 'loading\\_\\_restore%'");
}

#[test]
fn while_it_swaps() {
    let lock = "COMMENT ON DATABASE swapping IS 'held'";
    killed("swapping", lock, "query LIKE '%swapping%RENAME TO%'");
}
