//! A database emptied and filled again in one transaction.

use super::place::{Place, Postgres};
use super::round_trip::{nasty, picture, same};
use super::saved::{Saved, wanted};
use crate::database::in_place;
use toolkit::failure::Failure;

fn comes_back(place: Place) {
    let postgres = Postgres::shared(place);
    let name = nasty(&postgres);
    let saved = Saved::of(&postgres, &name);
    let before = picture(&postgres, &name);
    postgres.run(
        &name,
        "SET default_transaction_read_only = off;
         DROP TABLE a, b CASCADE;
         DELETE FROM \"select\" WHERE id > 1;
         CREATE SCHEMA later; CREATE TABLE later.t (); CREATE TABLE public.later ();
         CREATE FUNCTION public.later(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
         SELECT lo_unlink(4711), lo_create(4713);",
    );
    let restored = in_place(saved.wanted(&postgres.server, &name)).unwrap();
    assert_eq!(restored.verified.rows, saved.proof.counts.total());
    assert!(restored.verified.proven && restored.kept.is_none());
    same(&picture(&postgres, &name), &before);
    assert_eq!(Saved::of(&postgres, &name).proof, saved.proof);
    // Without a proof, from a dump of the old scripts.
    let dump = postgres.dump(&name, &["--inserts"]);
    in_place(wanted(&postgres.server, &name, &dump)).unwrap();
    same(&picture(&postgres, &name), &before);
}

#[test]
fn everything_comes_back_in_a_container() {
    comes_back(Place::Container(17));
}

#[test]
fn everything_comes_back_in_an_older_container() {
    comes_back(Place::Container(15));
}

#[test]
fn everything_comes_back_on_the_host() {
    comes_back(Place::Host);
}

/// Whatever ends the transaction early would make half a dump the live data.
#[test]
fn a_dump_cannot_commit() {
    let postgres = Postgres::shared(Place::Container(17));
    let name = postgres.database("");
    postgres.run(&name, "CREATE TABLE t AS SELECT generate_series(1, 9) AS n");
    let dump = String::from_utf8(postgres.dump(&name, &[])).unwrap();
    let complete = "--\n-- PostgreSQL database dump complete";
    let padded = format!("COMMIT /* {} */;", "x".repeat(5000));
    for (sql, reason) in [
        ("COMMIT;", "pg_load"),
        ("BEGIN; COMMIT WORK; SELECT 1;", "pg_load"),
        ("COMMIT AND CHAIN;", "hostile_dump"),
        ("END;", "hostile_dump"),
        ("ROLLBACK;", "hostile_dump"),
        ("abort;", "hostile_dump"),
        ("PREPARE TRANSACTION 'x';", "hostile_dump"),
        ("START TRANSACTION;", "hostile_dump"),
        (padded.as_str(), "pg_load"),
        ("DO 'BEGIN COMMIT; END';", "pg_load"),
        (
            "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'; CALL p();",
            "pg_load",
        ),
    ] {
        let evil = dump.replace(complete, &format!("{sql}\nSELECT 1/0;\n{complete}"));
        let error = in_place(wanted(&postgres.server, &name, evil.as_bytes())).unwrap_err();
        let failure = Failure::of(&error);
        assert_eq!(failure.reason, reason, "{sql}: {}", failure.message);
        assert_eq!(
            postgres.ask(&name, "SELECT count(*) FROM public.t"),
            "9",
            "{sql}"
        );
    }
}

#[test]
fn a_subscription_stands_in_the_way() {
    let postgres = Postgres::shared(Place::Container(17));
    let name = postgres.database("");
    postgres.run(&name, "CREATE SUBSCRIPTION s CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)");
    let error = in_place(wanted(&postgres.server, &name, b"")).unwrap_err();
    assert_eq!(Failure::of(&error).reason, "pg_in_use");
    postgres.run(&name, "DROP SUBSCRIPTION s");
}
