//! A database comes back as it was.

use super::place::{Place, Postgres, unique};
use super::saved::{STAMP, Saved, wanted};
use crate::database::{stage, sweep};
use toolkit::failure::Failure;

const NASTY: &str = include_str!("nasty.sql");

/// A database with something of everything in it.
pub(super) fn nasty(postgres: &Postgres) -> String {
    let name = postgres.database("");
    fill(postgres, &name);
    name
}

fn fill(postgres: &Postgres, name: &str) {
    let (owner, reader) = (unique("owner_"), unique("reader_"));
    let quoted = toolkit::postgres::quote::identifier(name);
    postgres.run(
        name,
        &NASTY.replace(":owner", &owner).replace(":reader", &reader),
    );
    postgres.run(
        name,
        &format!(
            "ALTER DATABASE {quoted} OWNER TO {owner};
             REVOKE CONNECT ON DATABASE {quoted} FROM PUBLIC;
             GRANT CREATE ON DATABASE {quoted} TO {reader} WITH GRANT OPTION;
             ALTER DATABASE {quoted} SET work_mem = '7MB';
             ALTER DATABASE {quoted} SET search_path = public, \"My Schema\";
             ALTER DATABASE {quoted} SET default_transaction_read_only = on;
             ALTER ROLE {reader} IN DATABASE {quoted} SET statement_timeout = '3s';
             ALTER DATABASE {quoted} CONNECTION LIMIT 42;
             COMMENT ON DATABASE {quoted} IS 'it''s \\ mine';"
        ),
    );
}

/// Everything `pg_dump` knows of it, without the keys that differ each time;
/// sorted, for the order of partitions that are hashed by an enum may change.
pub(super) fn picture(postgres: &Postgres, name: &str) -> String {
    let text = postgres.dump(name, &["--create"]);
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().filter(|line| !line.contains("restrict "));
    let mut lines: Vec<_> = lines.collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Fails with the lines that differ.
pub(super) fn same(found: &str, expected: &str) {
    let lines = |a: &str, b: &str| {
        let others: std::collections::BTreeSet<_> = b.lines().collect();
        let lines = a.lines().filter(|line| !others.contains(line));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (more, less) = (lines(found, expected), lines(expected, found));
    assert!(found == expected, "found {more:#?}, expected {less:#?}");
}

fn comes_back(place: Place) {
    let postgres = Postgres::shared(place);
    let name = nasty(&postgres);
    let saved = Saved::of(&postgres, &name);
    let before = picture(&postgres, &name);
    let oid = postgres.ask(
        "postgres",
        &format!("SELECT oid FROM pg_database WHERE datname = '{name}'"),
    );
    postgres.run(
        "postgres",
        &format!("ALTER DATABASE {name} RESET ALL; ALTER DATABASE {name} CONNECTION LIMIT -1; GRANT CONNECT ON DATABASE {name} TO PUBLIC"),
    );
    postgres.run(&name, "DROP TABLE a, b CASCADE; SELECT lo_unlink(4711)");

    let staged = stage(saved.wanted(&postgres.server, &name)).unwrap();
    let verified = staged.verified.clone();
    assert!(
        verified.proven && verified.warnings.is_empty(),
        "{verified:?}"
    );
    assert_eq!(verified.rows, saved.proof.counts.total());
    assert_eq!(verified.large_objects, 2);
    let swapped = staged.swap(false).unwrap();
    assert_eq!(
        (swapped.database.as_str(), swapped.kept),
        (name.as_str(), None)
    );

    same(&picture(&postgres, &name), &before);
    assert_ne!(
        postgres.ask(
            "postgres",
            &format!("SELECT oid FROM pg_database WHERE datname = '{name}'")
        ),
        oid
    );
    assert_eq!(postgres.databases(&name), [name.as_str()]);
    let again = Saved::of(&postgres, &name).proof;
    assert_eq!(again, saved.proof);
    assert_eq!(sweep(&postgres.server, "postgres").unwrap(), [""; 0]);
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

#[test]
fn other_encodings_and_locales_come_back() {
    let postgres = Postgres::shared(Place::Container(17));
    for (options, bytes) in [
        ("SQL_ASCII' LOCALE 'C", "E'caf\\xe9'"),
        (
            "LATIN1' LOCALE 'C",
            "convert_from('caf\\351'::bytea, 'LATIN1')",
        ),
        (
            "UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR' ICU_RULES '&a < g",
            "'café'",
        ),
        (
            "UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8",
            "'café'",
        ),
    ] {
        let name = postgres.database(&format!("TEMPLATE template0 ENCODING '{options}'"));
        postgres.run(
            &name,
            &format!("CREATE TABLE t AS SELECT {bytes}::text AS word"),
        );
        let saved = Saved::of(&postgres, &name);
        let before = picture(&postgres, &name);
        stage(saved.wanted(&postgres.server, &name))
            .unwrap()
            .swap(false)
            .unwrap();
        same(&picture(&postgres, &name), &before);
        assert_eq!(Saved::of(&postgres, &name).proof, saved.proof);
    }
}

#[test]
fn a_tablespace_comes_back() {
    let postgres = Postgres::shared(Place::Host);
    let space = unique("My Space ");
    let folder = postgres.space();
    postgres.run(
        "postgres",
        &format!("CREATE TABLESPACE \"{space}\" LOCATION '{folder}'"),
    );
    let name = postgres.database(&format!("TABLESPACE \"{space}\""));
    let saved = Saved::of(&postgres, &name);
    assert_eq!(saved.proof.properties.tablespace, space);
    stage(saved.wanted(&postgres.server, &name))
        .unwrap()
        .swap(false)
        .unwrap();
    assert_eq!(Saved::of(&postgres, &name).proof, saved.proof);
}

#[test]
fn any_name_works() {
    let postgres = Postgres::shared(Place::Container(17));
    let long = format!("{}é", "n".repeat(61));
    for name in ["select", "It's \"quoted\" \\ ; --", &long] {
        let quoted = toolkit::postgres::quote::identifier(name);
        postgres.run("postgres", &format!("CREATE DATABASE {quoted}"));
        fill(&postgres, name);
        let saved = Saved::of(&postgres, name);
        let before = picture(&postgres, name);
        let swapped = stage(saved.wanted(&postgres.server, name))
            .unwrap()
            .swap(true)
            .unwrap();
        let kept = swapped.kept.unwrap();
        assert!(
            kept.ends_with(&format!("__before_{STAMP}")) && kept.len() <= 63,
            "{kept}"
        );
        same(&picture(&postgres, name), &before);
        // A second one at the same moment finds the name taken.
        let swapped = stage(saved.wanted(&postgres.server, name))
            .unwrap()
            .swap(true)
            .unwrap();
        assert!(
            swapped
                .kept
                .unwrap()
                .ends_with(&format!("__before_{STAMP}_2"))
        );
    }
    let too_long = "n".repeat(64);
    let error = stage(wanted(&postgres.server, &too_long, b"")).unwrap_err();
    assert_eq!(Failure::of(&error).reason, "pg_bad_name");
}

#[test]
fn a_dump_without_a_proof_takes_what_the_live_one_is() {
    let postgres = Postgres::shared(Place::Container(17));
    let name = nasty(&postgres);
    let before = picture(&postgres, &name);
    let dump = postgres.dump(&name, &[]);
    let swapped = stage(wanted(&postgres.server, &name, &dump))
        .unwrap()
        .swap(false)
        .unwrap();
    assert!(!swapped.verified.proven);
    same(&picture(&postgres, &name), &before);

    let through_root = postgres.dump(&name, &["--load-via-partition-root"]);
    stage(wanted(&postgres.server, &name, &through_root))
        .unwrap()
        .discard()
        .unwrap();
    let inserts = postgres.dump(&name, &["--inserts"]);
    stage(wanted(&postgres.server, &name, &inserts))
        .unwrap()
        .discard()
        .unwrap();
    same(&picture(&postgres, &name), &before);
}

#[test]
fn a_database_that_is_gone_comes_back() {
    let postgres = Postgres::shared(Place::Container(17));
    let name = nasty(&postgres);
    let saved = Saved::of(&postgres, &name);
    let before = picture(&postgres, &name);
    postgres.run("postgres", &format!("DROP DATABASE {name}"));
    assert_eq!(sweep(&postgres.server, &name).unwrap(), [""; 0]);
    let wanted = saved.wanted(&postgres.server, &name);
    let swapped = stage(wanted).unwrap().swap(false).unwrap();
    assert_eq!(swapped.kept, None);
    same(&picture(&postgres, &name), &before);
}

#[test]
fn a_dump_of_a_newer_pg_dump_loads_without_its_new_settings() {
    let newer = Postgres::shared(Place::Container(17));
    let older = Postgres::shared(Place::Container(15));
    let name = newer.database("");
    newer.run(&name, "CREATE TABLE t AS SELECT generate_series(1, 9) AS n");
    let saved = Saved::of(&newer, &name);
    older.run("postgres", &format!("CREATE DATABASE {name}"));
    let staged = stage(saved.wanted(&older.server, &name)).unwrap();
    assert_eq!(
        staged.discard().unwrap().warnings,
        ["`transaction_timeout`, which PostgreSQL 17 introduced, is left out"]
    );
    newer.run(&name, "CREATE TABLE v (n int, CONSTRAINT c CHECK (n > 0) NO INHERIT); CREATE VIEW w AS SELECT JSON_QUERY('[1]'::jsonb, '$[0]')");
    let saved = Saved::of(&newer, &name);
    let error = stage(saved.wanted(&older.server, &name)).unwrap_err();
    let failure = Failure::of(&error);
    assert_eq!(failure.reason, "pg_newer_dump", "{}", failure.message);
    assert!(
        failure.message.contains("in `CREATE VIEW public.w AS"),
        "{}",
        failure.message
    );
    assert_eq!(older.databases(&name), [name.as_str()]);
}
