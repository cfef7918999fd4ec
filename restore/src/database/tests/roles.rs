//! Roles and tablespaces of a dump by `pg_dumpall --globals-only`.

use super::place::{Place, Postgres, USER, unique};
use crate::database::{Globals, globals};
use toolkit::failure::Failure;

fn dump(postgres: &Postgres) -> Vec<u8> {
    let dump = postgres.server.program("pg_dumpall", "postgres");
    dump.args(["--globals-only", "--database=postgres"])
        .read()
        .unwrap()
}

fn make(
    postgres: &Postgres,
    sql: &[u8],
    how: Globals,
) -> Result<crate::database::globals::Made, Failure> {
    globals(&postgres.server, "postgres", sql, how).map_err(|error| Failure::of(&error))
}

/// What the server knows of a role.
fn role(postgres: &Postgres, name: &str) -> String {
    postgres.ask(
        "postgres",
        &format!(
            "SELECT concat_ws(' ', rolcanlogin, rolcreatedb, rolpassword, rolconnlimit, \
               (SELECT string_agg(array_to_string(setconfig, ','), ',') FROM pg_db_role_setting WHERE setrole = a.oid), \
               shobj_description(a.oid, 'pg_authid'), \
               (SELECT string_agg(roleid::regrole || ' ' || admin_option, ',') FROM pg_auth_members WHERE member = a.oid)) \
             FROM pg_authid AS a WHERE rolname = '{name}'"
        ),
    )
}

#[test]
fn missing_roles_come_back_and_the_others_stay() {
    let postgres = Postgres::start(Place::Container(17));
    let group = unique("Group of ");
    let (app, other) = (unique("app_"), unique("other_"));
    postgres.run(
        "postgres",
        &format!(
            "CREATE ROLE \"{group}\"; CREATE ROLE {app} LOGIN CREATEDB PASSWORD 's3cret' CONNECTION LIMIT 3;
             ALTER ROLE {app} SET search_path = app, public; COMMENT ON ROLE {app} IS 'it''s; \"mine\"';
             GRANT \"{group}\" TO {app} WITH ADMIN OPTION; CREATE ROLE {other} LOGIN;"
        ),
    );
    let saved = dump(&postgres);
    let before = role(&postgres, &app);
    assert!(
        before.contains("SCRAM-SHA-256") && before.contains("true"),
        "{before}"
    );
    postgres.run(
        "postgres",
        &format!(
            "DROP ROLE {app}; ALTER ROLE {other} NOLOGIN; ALTER ROLE {USER} CONNECTION LIMIT 77"
        ),
    );
    let mine = role(&postgres, USER);

    let made = make(&postgres, &saved, Globals::Missing).unwrap();
    assert_eq!(made.created, [app.as_str()]);
    assert!(
        made.existing.contains(&other)
            && made.existing.contains(&group)
            && made.warnings.is_empty()
    );
    assert_eq!(role(&postgres, &app), before);
    assert!(role(&postgres, &other).starts_with("f "));

    let made = make(&postgres, &saved, Globals::All).unwrap();
    assert_eq!(made.created, [""; 0]);
    assert!(role(&postgres, &other).starts_with("t "));
    assert_eq!(
        role(&postgres, USER),
        mine,
        "the role that we are is left alone"
    );
}

#[test]
fn an_older_servers_roles_come_to_a_newer_one() {
    let older = Postgres::shared(Place::Host);
    let newer = Postgres::shared(Place::Container(17));
    let name = unique("moved_");
    older.run(
        "postgres",
        &format!("CREATE ROLE {name} LOGIN PASSWORD 'x'"),
    );
    let made = make(&newer, &dump(&older), Globals::Missing).unwrap();
    assert!(made.created.contains(&name));
    assert_eq!(role(&newer, &name), role(&older, &name));
}

#[test]
fn a_tablespace_without_its_folder_is_a_warning() {
    let postgres = Postgres::shared(Place::Container(17));
    let saved = String::from_utf8(dump(&postgres)).unwrap();
    let name = unique("ts_");
    let sql = format!(
        "CREATE TABLESPACE {name} OWNER {USER} LOCATION '/no/such/folder';\nALTER TABLESPACE {name} SET (random_page_cost=1);\nGRANT ALL ON TABLESPACE {name} TO PUBLIC;\n"
    );
    let saved = with(&saved, &sql);
    let made = make(&postgres, saved.as_bytes(), Globals::Missing).unwrap();
    assert!(
        made.warnings[0].contains(&name) && made.warnings[0].contains("/no/such/folder"),
        "{made:?}"
    );
}

#[test]
fn a_statement_that_fails_is_named_without_its_password() {
    let postgres = Postgres::shared(Place::Container(17));
    let saved = String::from_utf8(dump(&postgres)).unwrap();
    let (one, two) = (unique("one_"), unique("two_"));
    let sql = format!(
        "CREATE ROLE {one};\nALTER ROLE {one} WITH NOSUCHTHING PASSWORD 's3cret-hash';\nCREATE ROLE {two};\n"
    );
    let failure = make(&postgres, with(&saved, &sql).as_bytes(), Globals::Missing).unwrap_err();
    assert_eq!(failure.reason, "pg_globals");
    assert!(
        failure
            .message
            .contains(&format!("`alter role {one} with`")),
        "{}",
        failure.message
    );
    assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    assert_eq!(role(&postgres, &two), "f f -1", "the others are made");
}

#[test]
fn hostile_roles_are_refused_before_anything_is_executed() {
    let postgres = Postgres::shared(Place::Container(17));
    let saved = String::from_utf8(dump(&postgres)).unwrap();
    let first = unique("first_");
    for sql in [
        "DROP ROLE boss;",
        "DROP DATABASE postgres;",
        "CREATE TABLE t ();",
        "\\! id",
        "SELECT pg_reload_conf();",
        "ALTER SYSTEM SET fsync = off;",
        "GRANT ALL ON DATABASE postgres TO PUBLIC;",
        "REASSIGN OWNED BY boss TO mallory;",
    ] {
        let evil = with(&saved, &format!("CREATE ROLE {first};\n{sql}\n"));
        let failure = make(&postgres, evil.as_bytes(), Globals::Missing).unwrap_err();
        assert_eq!(failure.reason, "hostile_dump", "{sql}: {}", failure.message);
        assert_eq!(role(&postgres, &first), "");
    }
    let failure = make(
        &postgres,
        &saved.as_bytes()[..saved.len() / 2],
        Globals::Missing,
    )
    .unwrap_err();
    assert_eq!(failure.reason, "truncated_dump", "{}", failure.message);
}

fn with(dump: &str, sql: &str) -> String {
    let last = "--\n-- PostgreSQL database cluster dump complete";
    assert!(dump.contains(last));
    dump.replace(last, &format!("{sql}\n{last}"))
}
