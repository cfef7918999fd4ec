//! A server whose disk is too small for a second copy of the database.

use crate::{RECIPE, backup, made, restore, state, text};
use std::fs;
use toolkit::testing::{Recipe, Seen, Stack};

/// A `no_space` of before anything, which says how much.
fn assert_refused(seen: &Seen) {
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "no_space"),
        "{seen:?}"
    );
    let message = seen.message();
    assert!(
        message.contains(" MiB free in `/var/lib/postgresql/data`, and `")
            && message.contains("` needs about 56.0 MiB"),
        "{message}"
    );
    assert!(seen.hint().contains("make room"), "{}", seen.hint());
}

#[test]
fn a_database_that_does_not_fit_is_refused_before_anything() {
    let stack = Stack::of(Recipe {
        memory: "size=240m",
        ..RECIPE
    });
    let stack = stack.used();
    let place = stack.place();
    stack.create("big", "");
    stack.sql(
        "big",
        "CREATE TABLE big AS SELECT i, repeat(i::text, 40) AS words \
         FROM generate_series(1, 120000) AS i",
    );
    stack.sql("postgres", "CREATE ROLE reader");
    let parts = ["database", "globals", "--database", "big"];
    let set = made(&backup(&place, &parts).succeeded());
    let flat = place.backups().with_file_name("plain.sql");
    fs::write(&flat, crate::dumps::plain(&stack, "big")).unwrap();

    // The rest of the disk is taken by something else, but for room for the
    // data alone, and none for the server's log.
    let fill = "cd /var/lib/postgresql/data && \
        free=$(df -Pk . | awk 'NR == 2 {print $4}') && \
        dd if=/dev/zero of=filler bs=1k count=$((free - 40960)) status=none";
    let filled = stack
        .exec("postgres", &[])
        .args(["sh", "-c", fill])
        .status();
    assert!(filled.unwrap().success());
    stack.sql("postgres", "DROP ROLE reader");
    let before = state::databases(&stack, "");
    for args in [
        &[text(&set), "--yes"][..],
        &[text(&set), "--yes", "--in-place"],
        &[text(&set), "--into", "copy", "--yes"],
        &[text(&set), "--check"],
        &[text(&flat), "--into", "big", "--yes"],
    ] {
        assert_refused(&restore(&place, args));
        assert_eq!(state::databases(&stack, ""), before, "{args:?}");
        let roles = "SELECT count(*) FROM pg_roles WHERE rolname = 'reader'";
        assert_eq!(stack.sql("postgres", roles), "0", "{args:?}");
    }

    stack.sql("big", "TRUNCATE big");
    let gone = stack
        .exec("postgres", &[])
        .args(["rm", "/var/lib/postgresql/data/filler"])
        .status();
    assert!(gone.unwrap().success());
    let _ = restore(&place, &[text(&set), "--yes"]).succeeded();
    assert_eq!(stack.sql("big", "SELECT count(*) FROM big"), "120000");
    assert_eq!(state::databases(&stack, ""), before);
}
