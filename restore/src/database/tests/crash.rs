//! A restore that is killed leaves the live database as it is, and what is
//! left of it is swept.

use super::child::Job;
use super::place::{Place, Postgres};
use super::saved::STAMP;
use crate::database::sweep;
use std::thread;
use std::time::{Duration, Instant};
use toolkit::postgres::Session;

const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\nSET lock_timeout = 0;\n\
    CREATE TABLE public.users (name text);\n";

/// Waits for a condition; a minute is more than any of them takes.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A live database with a table of seven rows.
fn live(postgres: &Postgres) -> String {
    let name = postgres.database("");
    postgres.run(
        &name,
        "CREATE TABLE users AS SELECT generate_series(1, 7)::text AS name",
    );
    name
}

const COUNT: &str = "SELECT count(*) FROM public.users";

fn rows(postgres: &Postgres, name: &str) -> String {
    postgres.ask(name, COUNT)
}

fn copying(postgres: &Postgres, name: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_progress_copy WHERE datname = '{name}' AND tuples_processed > 10"
    );
    postgres.ask("postgres", &sql) == "1"
}

fn connected(postgres: &Postgres, name: &str) -> bool {
    let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'");
    postgres.ask("postgres", &sql) != "0"
}

fn killed_in_copy(place: Place) {
    let postgres = Postgres::shared(place);
    let name = live(&postgres);
    let mut job = Job::new(
        &postgres,
        &name,
        &format!("{DUMP}COPY public.users (name) FROM stdin;\n"),
    );
    job.endless = Some("some row\n".repeat(20));
    let side = format!("{name}__restore_{STAMP}");

    let child = job.start();
    until("it copies", || copying(&postgres, &side));
    // Another restore begins meanwhile: this one lives.
    assert_eq!(sweep(&postgres.server, &name).unwrap(), [""; 0]);
    assert_eq!(postgres.databases(&name), [name.as_str(), side.as_str()]);
    child.kill();
    assert_eq!(rows(&postgres, &name), "7");
    let mut met = Vec::new();
    until("it is swept", || {
        met.extend(sweep(&postgres.server, &name).unwrap());
        postgres.databases(&name) == [name.as_str()]
    });
    assert_eq!(met.len(), 1);
    assert!(met[0].starts_with(&format!("dropped `{side}`")), "{met:?}");

    job.in_place = true;
    let child = job.start();
    until("it copies", || copying(&postgres, &name));
    child.kill();
    until("it is rolled back", || !connected(&postgres, &name));
    assert_eq!(rows(&postgres, &name), "7");
}

#[test]
fn killed_while_it_copies_in_a_container() {
    killed_in_copy(Place::Container(17));
}

#[test]
fn killed_while_it_copies_on_the_host() {
    killed_in_copy(Place::Host);
}

/// A statement that takes an hour ends with the restore, and lets go of the
/// live database.
fn killed_in_statement(place: Place) {
    let postgres = Postgres::shared(place);
    let name = live(&postgres);
    let mut job = Job::new(&postgres, &name, &format!("{DUMP}SELECT pg_sleep(3600);\n"));
    job.endless = Some("\n".into());
    let side = format!("{name}__restore_{STAMP}");
    let sleeping = |database: &str| {
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND query LIKE 'SELECT pg_sleep%' AND state = 'active'"
        );
        postgres.ask("postgres", &sql) == "1"
    };
    let child = job.start();
    until("it sleeps", || sleeping(&side));
    child.kill();
    until("its connection ends", || !connected(&postgres, &side));
    until("it is swept", || {
        sweep(&postgres.server, "postgres").unwrap();
        postgres.databases(&name) == [name.as_str()]
    });

    job.in_place = true;
    let child = job.start();
    until("it sleeps", || sleeping(&name));
    child.kill();
    until("its connection ends", || !connected(&postgres, &name));
    assert_eq!(rows(&postgres, &name), "7");
}

#[test]
fn killed_in_a_long_statement_in_a_container() {
    killed_in_statement(Place::Container(15));
}

#[test]
fn killed_in_a_long_statement_on_the_host() {
    killed_in_statement(Place::Host);
}

fn interrupted(place: Place) {
    let postgres = Postgres::shared(place);
    let name = live(&postgres);
    let mut job = Job::new(
        &postgres,
        &name,
        &format!("{DUMP}COPY public.users (name) FROM stdin;\n"),
    );
    job.endless = Some("some row\n".repeat(20));
    let side = format!("{name}__restore_{STAMP}");
    let child = job.start();
    until("it copies", || copying(&postgres, &side));
    let said = child.interrupt();
    assert!(said.contains("interrupted by SIGTERM"), "{said}");
    assert_eq!(postgres.databases(&name), [name.as_str()]);

    job.dump = format!("{DUMP}SELECT pg_sleep(3600);\n");
    job.endless = Some("\n".into());
    job.in_place = true;
    let child = job.start();
    until("it sleeps", || connected(&postgres, &name));
    let said = child.interrupt();
    assert!(said.contains("interrupted by SIGTERM"), "{said}");
    until("its connection ends", || !connected(&postgres, &name));
    assert_eq!(rows(&postgres, &name), "7");
}

#[test]
fn a_signal_ends_it_and_it_cleans_up_in_a_container() {
    interrupted(Place::Container(17));
}

#[test]
fn a_signal_ends_it_and_it_cleans_up_on_the_host() {
    interrupted(Place::Host);
}

/// Killed at moments throughout the swap, it leaves a live database, the old
/// one or the new one, that lets people in; the old one is never lost.
#[test]
fn killed_during_the_swap() {
    let postgres = Postgres::shared(Place::Host);
    let name = live(&postgres);
    let dump = format!(
        "{DUMP}COPY public.users (name) FROM stdin;\nnew\n\\.\n--\n-- PostgreSQL database dump complete\n--\n"
    );
    let job = Job::new(&postgres, &name, &dump);
    let (mut before, mut after) = (0, 0);
    for wait in (0..).step_by(3) {
        let mut child = job.start();
        child.says("staged");
        child.go();
        thread::sleep(Duration::from_millis(wait));
        let ended = child.child.try_wait().unwrap().is_some();
        child.kill();
        // The last thing that it asked for may still turn us out.
        let mut found = None;
        until("it answers", || {
            let session = Session::open(&postgres.server, &name);
            let count = session.and_then(|mut session| session.number(COUNT));
            found = count.ok();
            found.is_some()
        });
        let swapped = match found {
            Some(7) => false,
            Some(1) => true,
            other => panic!("{other:?} rows"),
        };
        let mut met = Vec::new();
        let side = format!("{name}__restore_{STAMP}");
        until("it is swept", || {
            met.extend(
                sweep(&postgres.server, "postgres")
                    .unwrap()
                    .into_iter()
                    .filter(|text| text.contains(&name)),
            );
            !postgres.databases(&name).contains(&side)
        });
        if ended {
            break;
        }
        if !swapped {
            before += 1;
            continue;
        }
        after += 1;
        // The old one is there, and said to be, or the new one was seen to
        // answer. The server finishes what it was asked for last.
        let old = format!("{name}__before_{STAMP}");
        let dropping = format!(
            "SELECT count(*) FROM pg_stat_activity \
             WHERE state = 'active' AND query LIKE 'DROP DATABASE%{old}%' \
               AND pid <> pg_backend_pid()"
        );
        until("nothing is dropped any more", || {
            postgres.ask("postgres", &dropping) == "0"
        });
        let kept = postgres.databases(&name).contains(&old);
        let found = sweep(&postgres.server, "postgres").unwrap();
        let told = found.iter().any(|text| text.contains(&old));
        assert_eq!(told, kept, "{found:?}");
        if kept {
            assert_eq!(rows(&postgres, &old), "7");
            postgres.run("postgres", &format!("DROP DATABASE {name}; ALTER DATABASE {old} RENAME TO {name}; COMMENT ON DATABASE {name} IS NULL"));
        } else {
            postgres.run(
                &name,
                "DELETE FROM users; INSERT INTO users SELECT generate_series(1, 7)::text",
            );
        }
    }
    assert!(before > 0 && after > 0, "{before} {after}");
}
