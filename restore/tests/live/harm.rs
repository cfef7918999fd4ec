//! Dumps that are damaged, or made to do harm.

use crate::state::{self, assert_same};
use crate::{restore, saved, shop, text};
use std::fs;
use toolkit::testing::Stack;

/// The database as it is now, and nothing beside it.
fn assert_untouched(stack: &Stack, name: &str, before: &[String]) {
    assert_same(&state::database(stack, name), before, name);
    assert_eq!(state::databases(stack, name), [name]);
}

#[test]
fn a_damaged_dump_is_refused_before_anything() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("damaged");
    let set = saved(&place, "damaged");
    stack.sql("damaged", "DELETE FROM shop.books");
    let live = state::database(&stack, "damaged");
    let file = set.join("database.sql.gz");
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let seen = restore(&place, &["latest", "--yes"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "damaged"), "{seen:?}");
    assert_untouched(&stack, "damaged", &live);
    fs::write(&file, &bytes[..middle]).unwrap();
    let seen = restore(&place, &[text(&set), "--yes"]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "not_whole"),
        "{seen:?}"
    );
    assert_untouched(&stack, "damaged", &live);
}

#[test]
fn a_dump_without_a_proof_that_is_cut_is_not_swapped_in() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("cut");
    let set = saved(&place, "cut");
    let live = state::database(&stack, "cut");
    // As the old scripts left it: without a proof.
    let bytes = fs::read(set.join("database.sql.gz")).unwrap();
    let file = place.backups().with_file_name("cut.sql.gz");
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let seen = restore(&place, &[text(&file), "--into", "cut", "--yes"]);
    assert_eq!(seen.code, Some(1), "{seen:?}");
    assert_untouched(&stack, "cut", &live);
}

#[test]
fn a_dump_runs_no_command() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("attacked");
    let live = state::database(&stack, "attacked");
    let evidence = place.backups().with_file_name("evidence");
    let target = evidence.display();
    for line in [
        format!("\\! touch {target}"),
        format!("SELECT 1 \\g | touch {target}"),
        format!("\\o {target}"),
        format!("COPY t TO PROGRAM 'touch {target}';"),
    ] {
        let file = place.backups().with_file_name("attack.sql");
        let dump = format!(
            "--\n-- PostgreSQL database dump\n--\n\nCREATE TABLE t (a int);\n{line}\n\n\
             --\n-- PostgreSQL database dump complete\n--\n\n"
        );
        fs::write(&file, dump).unwrap();
        let seen = restore(&place, &[text(&file), "--into", "attacked", "--yes"]);
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(1), "hostile_dump"),
            "{line}: {seen:?}"
        );
        assert!(!evidence.exists(), "{line}");
        let test = ["test", "-e", text(&evidence)];
        let inside = stack.exec("postgres", &[]).args(test).status().unwrap();
        assert_eq!(inside.code(), Some(1), "{line}");
        assert_untouched(&stack, "attacked", &live);
    }
}
