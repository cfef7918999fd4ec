//! Real databases dumped from real servers.

#[path = "../../../toolkit/tests/postgres_live/container.rs"]
#[allow(dead_code)] // other tests use the rest of it
mod container;

use super::{Dumped, dump, list};
use crate::globals;
use anyhow::Result;
use container::{Container, DATABASE, PASSWORD, USER, until};
use std::io::{self, Read};
use std::process::ChildStdout;
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::postgres::{Server, Session, Setting, Snapshot, quote};

const WAIT: Duration = Duration::from_secs(5);

/// Every kind of relation that decides by itself whether it has rows in a dump.
const EVERYTHING: &str = r#"
CREATE TABLE "select" (id int, "a, b" text);
INSERT INTO "select" SELECT i, E'x\n\\.\n\ty' FROM generate_series(1, 3) AS i;
CREATE SCHEMA "My ""Schema";
CREATE TABLE "My ""Schema"."T.x" (a text);
INSERT INTO "My ""Schema"."T.x" VALUES (NULL), ('\.');
CREATE TABLE parted (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b') PARTITION BY RANGE (id);
CREATE TABLE parted_b1 PARTITION OF parted_b FOR VALUES FROM (0) TO (100);
INSERT INTO parted VALUES (1, 'a'), (2, 'b'), (3, 'b');
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE moods (m mood) PARTITION BY HASH (m);
CREATE TABLE moods_0 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE moods_1 PARTITION OF moods FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO moods VALUES ('low'), ('high'), ('high');
CREATE TABLE parent (id int);
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 2), (3, 3);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
INSERT INTO generated VALUES (1);
CREATE UNLOGGED TABLE unlogged (a int);
INSERT INTO unlogged VALUES (1);
CREATE TABLE no_rows (id serial);
CREATE SEQUENCE used;
SELECT nextval('used'), nextval('used');
CREATE MATERIALIZED VIEW filled AS SELECT * FROM parent;
CREATE MATERIALIZED VIEW bare AS SELECT * FROM parent WITH NO DATA;
CREATE VIEW seen AS SELECT * FROM parent;
SELECT lo_from_bytea(0, 'large');
SELECT lo_from_bytea(0, 'object');
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE elsewhere (line text) SERVER files OPTIONS (filename '/etc/hostname');
CREATE EXTENSION configured;
INSERT INTO kept VALUES (1, true), (2, false), (3, false);
INSERT INTO dropped VALUES (1);
"#;

/// Installs an extension `$1` that declares rows of one of its tables
/// configuration, under the condition `$2`.
const EXTENSION: &str = r#"cd /usr/share/postgresql/*/extension || exit 1
echo "default_version = '1'" > "$1.control"
cat > "$1--1.sql" <<END
CREATE TABLE kept (id int, standard boolean);
CREATE TABLE dropped (id int);
SELECT pg_catalog.pg_extension_config_dump('kept', 'WHERE $2');
END
"#;

/// What is told of each piece of a dump.
type Seen<'a> = &'a mut dyn FnMut(&[u8]);

/// Reads a dump to its end.
fn read(dump: &mut ChildStdout, seen: Seen<'_>) -> io::Result<u64> {
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match dump.read(&mut buffer)? {
            0 => return Ok(bytes),
            read => {
                seen(&buffer[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn dumped(server: &Server, database: &str) -> Result<Dumped> {
    dump(server, database, WAIT, read)
}

fn reason(error: &anyhow::Error) -> &'static str {
    Failure::of(error).reason
}

/// The counts are those of the dump, whatever a table is and wherever it is
/// dumped from; `pg_dump` of the host is version 15.
#[test]
fn counts_are_those_of_the_dump() {
    for (major, here) in [(17, false), (15, false), (15, true)] {
        let container = Container::shared(major);
        assert!(container.exec(&["sh", "-c", EXTENSION, "sh", "configured", "NOT standard"]));
        let database = container.database("");
        container.run(&database, EVERYTHING);
        let server = if here {
            container.direct()
        } else {
            container.server()
        };
        let dumped = dumped(&server, &database).unwrap();
        let rows: Vec<_> = dumped
            .counts
            .rows
            .iter()
            .map(|(name, rows)| (name.as_str(), *rows))
            .collect();
        assert_eq!(
            rows,
            [
                (r#""My ""Schema"."T.x""#, 2),
                ("public.child", 2),
                ("public.generated", 1),
                ("public.kept", 2),
                ("public.moods", 3),
                ("public.no_columns", 2),
                ("public.no_rows", 0),
                ("public.parent", 1),
                ("public.parted_a", 1),
                ("public.parted_b1", 2),
                ("public.select", 3),
                ("public.unlogged", 1),
            ]
        );
        assert_eq!(dumped.materialized_views["public.filled"], 3);
        assert_eq!(dumped.materialized_views.len(), 1);
        assert_eq!(dumped.large_objects, 2);
        assert_eq!(dumped.sequences["public.used"].as_deref(), Some("2"));
        assert_eq!(dumped.sequences["public.no_rows_id_seq"], None);
        assert_eq!(dumped.server.major, major);
    }
}

#[test]
fn properties_are_those_of_the_database() {
    let container = Container::shared(17);
    let name =
        container.database("TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' CONNECTION LIMIT 7");
    container.run(
        &name,
        &format!(
            "CREATE ROLE \"owner {name}\"; ALTER DATABASE {name} OWNER TO \"owner {name}\"; \
             COMMENT ON DATABASE {name} IS 'it''s'; \
             ALTER DATABASE {name} SET search_path TO app, \"My\"; \
             ALTER ROLE {USER} IN DATABASE {name} SET work_mem = '64MB'; \
             REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"
        ),
    );
    for server in [container.server(), container.direct()] {
        let snapshot = Snapshot::take(&server, &name, WAIT).unwrap();
        let properties = snapshot.properties();
        assert_eq!(properties.owner, format!("owner {name}"));
        assert_eq!(properties.encoding, "LATIN1");
        assert_eq!(properties.collate, "C");
        assert_eq!(properties.provider, "libc");
        assert_eq!(properties.locale, None);
        assert_eq!(properties.connection_limit, 7);
        assert_eq!(properties.comment.as_deref(), Some("it's"));
        let setting = |role: Option<&str>, name: &str, value: &str| Setting {
            role: role.map(str::to_owned),
            name: name.to_owned(),
            value: value.to_owned(),
        };
        assert_eq!(
            properties.settings,
            [
                setting(None, "search_path", "app, \"My\""),
                setting(Some(USER), "work_mem", "64MB"),
            ]
        );
        let grants = properties.grants.as_ref().unwrap();
        let everybody: Vec<_> = grants.iter().filter(|grant| grant.role.is_none()).collect();
        assert_eq!(everybody.len(), 1);
        assert_eq!(everybody[0].privilege, "TEMPORARY");
    }
    let list = list(&container.server(), DATABASE).unwrap();
    assert!(list.contains(&name) && list.iter().any(|name| name == "postgres"));
    assert!(!list.iter().any(|name| name.starts_with("template")));
}

/// Names in the database's own encoding are counted under exact keys.
#[test]
fn databases_in_other_encodings_are_dumped() {
    let container = Container::shared(17);
    for (encoding, name) in [("LATIN1", r"caf\xe9"), ("SQL_ASCII", "café")] {
        let options = format!("TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'");
        let database = container.database(&options);
        container.run(
            &database,
            "CREATE TABLE \"café\" (a text); INSERT INTO \"café\" VALUES ('é'); \
             CREATE TABLE bytes (a text)",
        );
        if encoding == "SQL_ASCII" {
            container.run(&database, r"INSERT INTO bytes VALUES (E'\xe9')");
        }
        let dumped = dumped(&container.server(), &database).unwrap();
        assert_eq!(
            dumped.counts.rows[&format!("public.\"{name}\"")],
            1,
            "{encoding}"
        );
    }
}

/// The one name that cannot be asked for is named.
#[test]
fn a_name_in_an_unknown_encoding_is_a_clear_failure() {
    let container = Container::shared(17);
    let database = container.database("TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'");
    let create = r"psql -U app -d $1 -c $(printf 'CREATE/**/TABLE/**/caf\351(a/**/int)')";
    assert!(container.exec(&["sh", "-c", create, "sh", &database]));
    let error = dumped(&container.server(), &database).unwrap_err();
    assert_eq!(reason(&error), "pg_name_encoding", "{error:#}");
    assert!(format!("{error:#}").contains(r#"`public."caf\xe9"`"#));
}

#[test]
fn an_older_pg_dump_is_refused_before_anything_is_written() {
    let container = Container::shared(17);
    let error = dump(
        &container.direct(),
        DATABASE,
        WAIT,
        |_: &mut ChildStdout, _: Seen<'_>| panic!("written"),
    );
    let failure = Failure::of(&error.unwrap_err());
    assert_eq!(failure.reason, "pg_dump_too_old");
    assert!(failure.hint.unwrap().contains("`postgresql-client-17`"));
}

#[test]
fn hidden_rows_are_a_failure() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        &format!(
            "CREATE TABLE mine (a int); ALTER TABLE mine ENABLE ROW LEVEL SECURITY; \
             CREATE ROLE \"reader {database}\" LOGIN; \
             GRANT SELECT ON mine TO \"reader {database}\""
        ),
    );
    assert!(dumped(&container.server(), &database).is_ok());
    let reader = Server::in_container(&container.id, format!("reader {database}"), None);
    let error = dumped(&reader, &database).unwrap_err();
    assert_eq!(reason(&error), "pg_rls", "{error:#}");
    assert!(format!("{error:#}").contains("`public.mine`"));
    container.run(
        &database,
        &format!("REVOKE SELECT ON mine FROM \"reader {database}\""),
    );
    let error = dumped(&reader, &database).unwrap_err();
    assert_eq!(reason(&error), "pg_permission", "{error:#}");
}

#[test]
fn a_locked_table_is_named_with_who_holds_it() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE a (a int); CREATE TABLE \"B\" (a int)",
    );
    for server in [container.server(), container.direct()] {
        let mut holder = Session::open(&server, &database).unwrap();
        holder
            .execute("SET application_name = 'migration'")
            .unwrap();
        holder.execute("BEGIN").unwrap();
        holder.execute("LOCK TABLE public.\"B\"").unwrap();
        let wait = Duration::from_millis(300);
        let error = dump(&container.server(), &database, wait, read).unwrap_err();
        let failure = Failure::of(&error);
        assert_eq!(failure.reason, "pg_lock_timeout");
        assert!(failure.message.contains("`public.\"B\"`"), "{failure}");
        assert!(failure.message.contains("`migration`"), "{failure}");
        assert!(failure.hint.unwrap().contains("pg_terminate_backend("));
    }
}

/// A name that libpq would read as a connection string stays a name.
#[test]
fn a_database_may_have_any_name() {
    let container = Container::shared(17);
    let name = format!("host=nowhere user={} 'é\"", container.database(""));
    let create = format!("CREATE DATABASE {}", quote::identifier(&name));
    container.run(DATABASE, &create);
    let dumped = dumped(&container.server(), &name).unwrap();
    assert_eq!(dumped.properties.name, name);
    assert!(dumped.counts.rows.is_empty());
}

/// Another count than the server's is a failure, however well the dump ends.
#[test]
fn rows_that_differ_are_named() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE a (a int); INSERT INTO a VALUES (1), (2)",
    );
    let loses_a_row = |dump: &mut ChildStdout, seen: Seen<'_>| {
        let mut text = String::new();
        dump.read_to_string(&mut text)?;
        seen(text.replace("\n1\n2\n", "\n2\n").as_bytes());
        Ok(text.len() as u64)
    };
    let error = dump(&container.server(), &database, WAIT, loses_a_row);
    let failure = Failure::of(&error.unwrap_err());
    assert_eq!(failure.reason, "dump_rows_differ");
    assert!(
        failure.message.contains("`public.a`: 2 expected, 1 found"),
        "{failure}"
    );
}

/// What is written after the snapshot was taken, here as `pg_dump` logs in, is
/// neither counted nor dumped.
#[test]
fn the_dump_is_of_one_moment() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE late (i int); \
         CREATE FUNCTION write() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF current_setting('application_name') = 'pg_dump' THEN \
             INSERT INTO public.late VALUES (1); \
           END IF; END $$; \
         CREATE EVENT TRIGGER write ON login EXECUTE FUNCTION write()",
    );
    let dumped = dumped(&container.server(), &database).unwrap();
    assert_eq!(dumped.counts.rows["public.late"], 0);
    let mut session = Session::open(&container.server(), &database).unwrap();
    assert_eq!(
        session.number("SELECT count(*) FROM public.late").unwrap(),
        1
    );
}

/// A dump that is given up leaves nothing running beside the server, and the
/// server does not take the stopped programs for crashed parts of itself.
#[test]
fn a_dump_that_is_given_up_leaves_nothing_behind() {
    let container = Container::start(17);
    // A dump that would take all day: it is in the first table when its reader
    // leaves, and in the second, which sleeps, soon after.
    let sleeps = "pg_catalog.pg_sleep(86400) IS NOT NULL";
    assert!(container.exec(&["sh", "-c", EXTENSION, "sh", "sleeps", sleeps]));
    container.run(
        DATABASE,
        "CREATE TABLE a AS SELECT i, repeat('x', 500) FROM generate_series(1, 10000) AS i; \
         CREATE EXTENSION sleeps; INSERT INTO kept VALUES (1)",
    );
    let server = container.server();
    let mut bystander = Session::open(&container.direct(), DATABASE).unwrap();
    let given_up = dump(
        &server,
        DATABASE,
        WAIT,
        |dump: &mut ChildStdout, _: Seen<'_>| {
            dump.read_exact(&mut vec![0; 100_000])?;
            Err(io::ErrorKind::StorageFull.into())
        },
    );
    let given_up = format!("{:#}", given_up.unwrap_err());
    assert!(given_up.starts_with("cannot save the dump: "), "{given_up}");
    let left = "SELECT count(*) FROM pg_catalog.pg_stat_activity \
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    until(|| bystander.number(left).unwrap() == 0);
}

/// A server that dies in mid-dump is no small successful file.
#[test]
fn a_server_that_dies_in_mid_dump_is_a_failure() {
    let container = Container::start(17);
    let rows = "CREATE TABLE a AS SELECT i, repeat('x', 500) FROM generate_series(1, 200000) AS i";
    container.run(DATABASE, rows);
    let killed = dump(
        &container.server(),
        DATABASE,
        WAIT,
        |dump: &mut ChildStdout, seen: Seen<'_>| {
            dump.read_exact(&mut vec![0; 100_000])?;
            container.exec(&["sh", "-c", "kill -QUIT 1"]);
            read(dump, seen)
        },
    );
    assert_eq!(reason(&killed.unwrap_err()), "dump_failed");
}

#[test]
fn globals_have_passwords_only_for_a_superuser() {
    let container = Container::start(17);
    let role = "CREATE ROLE shop LOGIN PASSWORD 'of-the-shop'; CREATE ROLE plain LOGIN";
    container.run(DATABASE, role);
    for (server, has_passwords) in [
        (container.server(), true),
        (Server::in_container(&container.id, "plain", None), false),
    ] {
        let mut text = String::new();
        let globals = globals::dump(
            &server,
            DATABASE,
            |dump: &mut ChildStdout, seen: Seen<'_>| {
                dump.read_to_string(&mut text)?;
                seen(text.as_bytes());
                Ok(text.len() as u64)
            },
        );
        let globals = globals.unwrap();
        assert_eq!(globals.has_passwords, has_passwords);
        assert_eq!(globals.roles, 3);
        assert_eq!(globals.tablespaces, 0);
        assert_eq!(text.contains("PASSWORD 'SCRAM-SHA-256$"), has_passwords);
        assert!(text.contains("CREATE ROLE shop;"));
        assert!(!text.contains(PASSWORD));
    }
}
