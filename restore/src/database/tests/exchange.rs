//! The live database and the new one change places, whoever is connected.

use super::place::{Place, Postgres, unique};
use super::saved::Saved;
use crate::database::{check_replaceable, stage};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use toolkit::failure::Failure;
use toolkit::postgres::{Params, Server, Session, Setting};

fn live(postgres: &Postgres) -> (String, Saved) {
    let name = postgres.database("");
    postgres.run(&name, "CREATE TABLE t AS SELECT generate_series(1, 9) AS n");
    let saved = Saved::of(postgres, &name);
    postgres.run(&name, "DELETE FROM t");
    (name, saved)
}

/// Clients that come again the moment they are turned out, without a pause.
fn clients(place: Place) {
    let postgres = Postgres::shared(place);
    let (name, saved) = live(&postgres);
    let stop = AtomicBool::new(false);
    let (old, new, lost) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // A pool would do the same: connect, ask, hold the connection.
                    let Ok(mut session) = Session::open(&postgres.server, &name) else {
                        lost.fetch_add(1, Ordering::Relaxed);
                        continue;
                    };
                    while let (false, Ok(n)) = (
                        stop.load(Ordering::Relaxed),
                        session.number("SELECT count(*) FROM public.t"),
                    ) {
                        let seen = if n == 0 { &old } else { &new };
                        seen.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        let staged = stage(saved.wanted(&postgres.server, &name)).unwrap();
        let asked = old.load(Ordering::Relaxed);
        while old.load(Ordering::Relaxed) < asked + 10 {
            thread::yield_now();
        }
        let swapped = staged.swap(false);
        while swapped.is_ok() && new.load(Ordering::Relaxed) < 10 {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        let swapped = swapped.unwrap();
        assert_eq!((swapped.kept, swapped.verified.warnings), (None, vec![]));
    });
    assert_eq!(postgres.databases(&name), [name.as_str()]);
    assert_eq!(postgres.ask(&name, "SELECT count(*) FROM public.t"), "9");
}

#[test]
fn clients_that_reconnect_are_no_hindrance_in_a_container() {
    clients(Place::Container(17));
}

#[test]
fn clients_that_reconnect_are_no_hindrance_on_the_host() {
    clients(Place::Host);
}

#[test]
fn what_holds_the_live_database_is_named() {
    let postgres = Postgres::shared(Place::Container(17));
    let (name, saved) = live(&postgres);
    for (hold, what, loosen) in [
        (
            format!("BEGIN; DELETE FROM t; PREPARE TRANSACTION 'tx_{name}'"),
            format!("the prepared transaction `tx_{name}`"),
            format!("ROLLBACK PREPARED 'tx_{name}'"),
        ),
        (
            format!("SELECT pg_create_logical_replication_slot('slot_{name}', 'pgoutput')"),
            format!("the replication slot `slot_{name}`"),
            format!("SELECT pg_drop_replication_slot('slot_{name}')"),
        ),
        (
            "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)"
                .into(),
            "the subscription `s`".into(),
            "ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s".into(),
        ),
    ] {
        let staged = stage(saved.wanted(&postgres.server, &name)).unwrap();
        postgres.run(&name, &hold);
        for error in [
            check_replaceable(&postgres.server, &name, &name).unwrap_err(),
            staged.swap(false).map(drop).unwrap_err(),
        ] {
            let failure = Failure::of(&error);
            assert_eq!(failure.reason, "pg_in_use");
            assert_eq!(
                failure.message,
                format!("`{name}` cannot be replaced: it has {what}")
            );
        }
        assert_eq!(postgres.databases(&name), [name.as_str()]);
        // A test restore does not mind.
        stage(saved.wanted(&postgres.server, &name))
            .unwrap()
            .discard()
            .unwrap();
        postgres.run(&name, &loosen);
    }
    assert_eq!(postgres.ask(&name, "SELECT count(*) FROM public.t"), "0");
}

#[test]
fn a_new_one_that_does_not_answer_is_swapped_back() {
    let postgres = Postgres::shared(Place::Container(17));
    let (name, saved) = live(&postgres);
    let mut wanted = saved.wanted(&postgres.server, &name);
    let properties = &mut wanted.proof.as_mut().unwrap().properties;
    properties.is_template = true;
    properties.settings.push(Setting {
        role: None,
        name: "session_preload_libraries".into(),
        value: "no_such_library".into(),
    });
    let comment = format!(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    );
    let failure = Failure::of(&stage(wanted).unwrap().swap(false).unwrap_err());
    assert_eq!(failure.reason, "pg_swapped_back", "{}", failure.message);
    assert!(
        failure.message.contains("no_such_library"),
        "{}",
        failure.message
    );
    assert_eq!(postgres.ask(&name, "SELECT count(*) FROM public.t"), "0");
    assert_eq!(postgres.ask("postgres", &comment), "");
    assert_eq!(postgres.databases(&name), [name.as_str()]);
}

#[test]
fn a_template_with_a_limit_is_exchanged_and_stays_one() {
    let postgres = Postgres::shared(Place::Container(15));
    let (name, _) = live(&postgres);
    postgres.run("postgres", &format!("ALTER DATABASE {name} IS_TEMPLATE true; ALTER DATABASE {name} CONNECTION LIMIT 0; COMMENT ON DATABASE {name} IS 'mine'"));
    let saved = Saved::of(&postgres, &name);
    stage(saved.wanted(&postgres.server, &name))
        .unwrap()
        .swap(false)
        .unwrap();
    assert_eq!(
        Saved::of(&postgres, &name).proof.properties,
        saved.proof.properties
    );
    assert_eq!(postgres.databases(&name), [name.as_str()]);
}

/// A role that owns its database and may create others needs no more.
#[test]
fn no_superuser_is_needed() {
    let postgres = Postgres::shared(Place::Host);
    let role = unique("owner_");
    postgres.run("postgres", &format!("CREATE ROLE {role} LOGIN CREATEDB"));
    let name = postgres.database(&format!("OWNER {role}"));
    postgres.run(&name, &format!("SET ROLE {role}; CREATE SCHEMA app; CREATE TABLE app.t AS SELECT 1 AS n; SELECT lo_create(99)"));
    let saved = Saved::of(&postgres, &name);
    postgres.run(&name, "DROP TABLE app.t");
    let url = format!("host=127.0.0.1 port={} user={role}", postgres.id());
    let server = Server::direct(Params::resolve(Some(&url), &|_| None).unwrap());
    let client = Session::open(&server, &name).unwrap();
    check_replaceable(&server, &name, &name).unwrap();
    stage(saved.wanted(&server, &name))
        .unwrap()
        .swap(false)
        .unwrap();
    drop(client);
    assert_eq!(Saved::of(&postgres, &name).proof, saved.proof);

    // Whom it may not end is named, and stays.
    let boss = Session::open(&postgres.server, &name).unwrap();
    let failure = Failure::of(
        &stage(saved.wanted(&server, &name))
            .unwrap()
            .swap(false)
            .unwrap_err(),
    );
    assert_eq!(failure.reason, "pg_in_use");
    assert!(
        failure.message.contains("of `boss` (`sextant`)"),
        "{}",
        failure.message
    );
    drop(boss);
    assert_eq!(postgres.databases(&name), [name.as_str()]);
}
