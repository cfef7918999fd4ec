//! The whole set, brought back after all of it was damaged.

use crate::state::{self, State};
use crate::{RESTORE, backup, made, own, restore};
use std::fs;
use std::process::Stdio;
use toolkit::testing::{Stack, until};

const BANK: &str = "the \"Bank\"";

pub(crate) fn damage(stack: &Stack) {
    stack.sql(
        "shop",
        "DROP TABLE shop.users CASCADE; TRUNCATE shop.orders; SELECT lo_unlink(424242), \
         setval('shop.gate', 4711), nextval('shop.down'); UPDATE \"select\".\"select\" SET \"from\" = 77 \
         WHERE \"from\" = 3; DROP OWNED BY shop_reader; COMMENT ON DATABASE shop IS 'lost'; \
         ALTER DATABASE shop RESET ALL",
    );
    stack.sql("postgres", "DROP DATABASE IF EXISTS \"the \"\"Bank\"\"\"");
    stack.redis(&["FLUSHALL"]);
    stack.redis(&["SET", "k1", "wrong"]);
    let uploads = stack.folder().join("uploads");
    let _ = fs::remove_dir_all(uploads.join("2026"));
    fs::write(uploads.join("logo.svg"), "defaced").unwrap();
    fs::write(uploads.join("new"), "new").unwrap();
    fs::write(stack.folder().join("config/app.yml"), "locale: xx\n").unwrap();
}

/// Databases of a stack that is whole, and what they are.
fn prepare(stack: &Stack) -> State {
    if !state::databases(stack, BANK).contains(&BANK.to_owned()) {
        stack.create_shop(BANK);
    }
    State::of(stack)
}

const ARGS: [&str; 4] = ["--database", "shop", "--database", BANK];

#[test]
fn all_of_it_is_what_it_was_and_outlives_a_restart() {
    let stack = own();
    let stack = stack.used();
    let place = stack.place();
    let before = prepare(&stack);
    let set = made(&backup(&place, &ARGS).succeeded());
    damage(&stack);
    let seen = restore(&place, &["latest", "--yes"]).succeeded();
    assert_eq!(seen.last()["status"], "ok", "{seen:#?}");
    assert_eq!(seen.data()["path"], set.to_str().unwrap());
    // Names, contents and files: nothing beside them is left either.
    State::of(&stack).assert_is(&before, "after it");
    assert_eq!(state::scratch(&stack), [""; 0]);

    stack.compose(&["restart", "redis", "postgres"]);
    stack.wait();
    State::of(&stack).assert_is(&before, "after a restart");
}

#[test]
fn killed_between_two_parts_the_next_run_brings_all_of_it_back() {
    let stack = own();
    let stack = stack.used();
    let place = stack.place();
    let before = prepare(&stack);
    let _ = backup(&place, &ARGS).succeeded();
    for moment in ["`database-shop` is back", "`redis` is back"] {
        damage(&stack);
        let log = place.backups().with_file_name("log");
        let mut run = place
            .tool(RESTORE)
            .args(["latest", "--yes"])
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        until(moment, || {
            let words = fs::read_to_string(&log).unwrap();
            let ended = run.try_wait().unwrap();
            assert!(ended.is_none(), "too late for {moment}: {words}");
            words.contains(moment)
        });
        run.kill().unwrap();
        run.wait().unwrap();
        let seen = restore(&place, &["latest", "--yes"]).succeeded();
        let mut after = State::of(&stack);
        // What was live when a run died after the swap is nobody's to drop.
        after.databases.retain(|name, _| {
            let is_old = name.contains("__before_");
            assert!(!is_old || seen.stderr.contains(name), "{name}: {seen:?}");
            if is_old {
                let name = toolkit::postgres::quote::identifier(name);
                stack.sql("postgres", &format!("DROP DATABASE {name}"));
            }
            !is_old
        });
        after.assert_is(&before, moment);
        assert_eq!(state::scratch(&stack), [""; 0], "{moment}");
    }
}
