//! Single dumps, and the ways in which a database comes back.

use crate::state::{self, assert_same};
use crate::{backup, made, own, restore, saved, shop, text};
use std::fs;
use std::process::Command;
use toolkit::testing::Stack;

/// What the server's own `pg_dump` writes, as the old scripts called it.
pub(crate) fn plain(stack: &Stack, database: &str) -> Vec<u8> {
    let mut dump = stack.exec("postgres", &[]);
    let dump = dump.args(["pg_dump", "--username", "app", database]);
    let dump = dump.output().unwrap();
    assert!(dump.status.success(), "{dump:?}");
    dump.stdout
}

#[test]
fn a_flat_set_by_its_path() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("flat");
    let before = state::database(&stack, "flat");
    let args = ["--database", "flat", "--flat", "shop"];
    let file = made(&backup(&place, &args).succeeded());
    stack.sql("flat", "DROP TABLE shop.users CASCADE");
    let _ = restore(&place, &[text(&file), "--yes"]).succeeded();
    assert_same(&state::database(&stack, "flat"), &before, "flat");
    assert_eq!(state::databases(&stack, "flat"), ["flat"]);
}

#[test]
fn a_plain_dump_is_the_application_s_own_database() {
    // Its exchange ends connections that others in a shared stack use.
    let stack = own();
    let stack = stack.used();
    let place = stack.place();
    stack.load(
        "shop",
        b"CREATE TABLE a (b text); INSERT INTO a VALUES ('saved');",
    );
    let file = place.backups().with_file_name("old.sql");
    fs::write(&file, plain(&stack, "shop")).unwrap();
    stack.sql("shop", "UPDATE a SET b = 'lost'");
    let _ = restore(&place, &[text(&file), "--yes"]).succeeded();
    assert_eq!(stack.sql("shop", "SELECT b FROM a"), "saved");
    assert_eq!(state::databases(&stack, "shop__"), [""; 0]);
}

#[test]
fn an_old_script_s_dump_under_another_name() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("old");
    let dump = plain(&stack, "old");
    assert!(
        dump.windows(10).any(|line| line == b"\\restrict "),
        "the server's pg_dump writes such lines"
    );
    let file = place.backups().with_file_name("backup_20251120.sql");
    fs::write(&file, dump).unwrap();
    assert!(Command::new("gzip").arg(&file).status().unwrap().success());
    let file = file.with_extension("sql.gz");
    let _ = restore(&place, &[text(&file), "--into", "from an old one", "--yes"]).succeeded();
    assert_same(
        &stack.dump("from an old one"),
        &stack.dump("old"),
        "from an old one",
    );
}

#[test]
fn into_another_name_leaves_all_that_is_live() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("original");
    let saved_as = stack.dump("original");
    let _ = backup(&place, &["--database", "original"]).succeeded();
    stack.sql("original", "DROP TABLE shop.users CASCADE");
    let live = (
        state::database(&stack, "original"),
        state::redis(&stack),
        state::files(&stack),
    );
    let _ = restore(&place, &["latest", "--into", "Copy \"1\"", "--yes"]).succeeded();
    assert_same(&stack.dump("Copy \"1\""), &saved_as, "the copy");
    assert_same(&state::database(&stack, "original"), &live.0, "live");
    assert_same(&state::redis(&stack), &live.1, "Redis");
    assert_same(&state::files(&stack), &live.2, "files");
}

#[test]
fn in_place_where_no_other_may_be_created() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("placed");
    let before = stack.dump("placed");
    let _ = saved(&place, "placed");
    stack.sql(
        "placed",
        "DROP TABLE shop.users CASCADE; CREATE TABLE more (a int)",
    );
    let id = "SELECT oid FROM pg_database WHERE datname = 'placed'";
    let oid = stack.sql("postgres", id);
    let _ = restore(&place, &["latest", "--in-place", "--yes"]).succeeded();
    assert_same(&stack.dump("placed"), &before, "in place");
    assert_eq!(stack.sql("postgres", id), oid, "it is the same database");
}

#[test]
fn the_old_one_is_kept_when_asked_to() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("kept");
    let before = state::database(&stack, "kept");
    let _ = saved(&place, "kept");
    stack.sql("kept", "CREATE TABLE only_before AS SELECT 42 AS a");
    let seen = restore(&place, &["latest", "--keep-old", "--yes"]).succeeded();
    assert_same(&state::database(&stack, "kept"), &before, "kept");
    let names = state::databases(&stack, "kept");
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[1].starts_with("kept__before_20"), "{names:?}");
    assert_eq!(stack.sql(&names[1], "SELECT a FROM only_before"), "42");
    assert_eq!(seen.data()["parts"][0]["database"]["kept"], *names[1]);
}
