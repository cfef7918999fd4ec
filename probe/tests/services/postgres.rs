//! PostgreSQL in its container and over the wire.

use crate::looked::{Looked, docker, is, measure};
use std::fs;
use std::net::TcpListener;
use std::thread;
use toolkit::record::Status;
use toolkit::testing::{Recipe, Stack};

const PLAIN: &str = "kind = 'postgres'";

/// A copy of the stack's `postgres`, made by `pg_basebackup`.
const REPLICA: &str = "
services:
  replica:
    image: sextant-dev/postgres:17
    user: postgres
    environment:
      PGPASSWORD: ${DB_PASSWORD}
    entrypoint:
      - sh
      - -c
      - |
        # The primary reads its new rule when it comes to it.
        test -s \"$$PGDATA/PG_VERSION\" || until pg_basebackup -h postgres -U app -R -c fast -D \"$$PGDATA\"; do sleep 0.2; done
        chmod 0700 \"$$PGDATA\"
        exec postgres -c fsync=off -c wal_retrieve_retry_interval=200ms
    volumes: ['copy:/var/lib/postgresql/data']
volumes:
  copy:
";

fn url(host: &str, password: &str) -> String {
    format!("{PLAIN}\nurl = \"host={host} user=app dbname=shop password={password}\"")
}

fn schema(stack: &Stack) {
    stack.sql(
        "shop",
        "CREATE TABLE users (id int PRIMARY KEY, email text); \
         CREATE SCHEMA audit; CREATE TABLE audit.log (id int); \
         INSERT INTO users SELECT n, 'u' || n FROM generate_series(1, 250) AS n",
    );
}

#[test]
fn content_is_compared_with_what_was_expected() {
    for postgres in ["17", "15"] {
        let stack = Stack::of(Recipe {
            postgres,
            ..Recipe::default()
        });
        schema(&stack);
        let looked = Looked::project(stack.project());
        let direct = url(&stack.address("postgres"), stack.database_password());
        for at in [PLAIN, &direct] {
            let found = looked.at(at);
            is(&found, Status::Ok, "");
            assert!(
                found
                    .observed
                    .starts_with(&format!("PostgreSQL {postgres}."))
            );
            assert!(measure(&found, "connections_used") > 0.0);
            assert!(measure(&found, "size") > 1e6);
            for (good, bad, reason) in [
                (
                    "tables = ['users', 'audit.log']",
                    "tables = ['users', 'user']",
                    "pg_no_table",
                ),
                (
                    "count = { users = { min = 1 }, 'audit.log' = 0 }",
                    "count = { users = { min = 1 }, 'audit.log' = { min = 1 } }",
                    "pg_count",
                ),
                (
                    "extensions = ['plpgsql']",
                    "extensions = ['postgis']",
                    "pg_no_extension",
                ),
                (
                    "settings = { fsync = 'off', max_connections = 100, statement_timeout = 0 }",
                    "settings = { fsync = 'on' }",
                    "pg_setting",
                ),
                (
                    "query = 'SELECT id FROM users;'\nrows = 250",
                    "query = 'SELECT id FROM users'\nrows = { max = 120 }",
                    "pg_rows",
                ),
                (
                    "query = 'SELECT id FROM users'\nrows = { min = 101 }",
                    "query = 'TABLE audit.log'\nrows = { min = 1 }",
                    "pg_rows",
                ),
                (
                    "query = \"SELECT email FROM users WHERE id = 7\"\nvalue = 'u7'",
                    "query = \"SELECT email FROM users WHERE id = 7\"\nvalue = 'u8'",
                    "pg_value",
                ),
                (
                    "query = 'SELECT count(*) FROM users'\nnumber = { max = 250 }",
                    "query = 'SELECT count(*) FROM users'\nnumber = { max = 249 }",
                    "pg_value",
                ),
                (
                    "query = \"SELECT repeat('x', 9000 * (n % 5)) FROM generate_series(1, 150) n\"\nrows = 150",
                    "query = \"SELECT repeat('x', 200000)\"\nrows = 1",
                    "pg_too_long",
                ),
                (
                    "version = { min = 15 }",
                    "version = { min = 99 }",
                    "pg_version",
                ),
                ("role = 'primary'", "role = 'replica'", "pg_role"),
                ("size = { fail = 1e12 }", "size = { fail = 1 }", "pg_size"),
                (
                    "connections = { fail = 99 }",
                    "connections = { fail = 0.1 }",
                    "pg_connections",
                ),
            ] {
                is(&looked.at(&format!("{at}\n{good}")), Status::Ok, "");
                is(&looked.at(&format!("{at}\n{bad}")), Status::Fail, reason);
            }
            for query in [
                "DELETE FROM users RETURNING 1",
                "SELECT nothing",
                "SELECT 1; SELECT 2",
            ] {
                let found = looked.at(&format!("{at}\nquery = '{query}'\nrows = 1"));
                assert_eq!(found.status, Status::Fail, "{query}: {found:?}");
            }
            let change = "COMMIT; DELETE FROM users; BEGIN; DECLARE answer CURSOR FOR SELECT 1";
            let change = format!("{at}\nquery = 'SELECT 1; {change}'\nvalue = '1'");
            assert_eq!(looked.at(&change).status, Status::Fail);
            assert_eq!(stack.sql("shop", "SELECT count(*) FROM users"), "250");
        }
        // A table is dropped, and made again.
        let users = format!("{PLAIN}\ncount = {{ users = {{ min = 1 }} }}");
        stack.sql("shop", "ALTER TABLE users RENAME TO gone");
        is(&looked.at(&users), Status::Fail, "pg_no_table");
        stack.sql("shop", "ALTER TABLE gone RENAME TO users");
        is(&looked.at(&users), Status::Ok, "");
    }
}

#[test]
fn who_does_not_answer_is_told_apart() {
    let stack = Stack::start();
    let looked = Looked::project(stack.project());
    let address = stack.address("postgres");
    let wrong = looked.at(&url(&address, "not-the-password"));
    is(&wrong, Status::Fail, "pg_auth");
    let whole = format!("{wrong:?}");
    assert!(!whole.contains("not-the-password"), "{whole}");
    let absent = looked.at(&format!("{PLAIN}\ndatabase = 'absent'"));
    is(&absent, Status::Fail, "pg_no_database");

    let asleep = "query = 'SELECT pg_sleep(60)'\nrows = 1\ntimeout = '2s'";
    for at in [PLAIN, &url(&address, stack.database_password())] {
        let late = looked.at(&format!("{at}\n{asleep}"));
        is(&late, Status::Fail, "timeout");
        assert!(late.ms < 20_000, "it ends near its limit: {late:?}");
    }
    // What is late is ended by the server.
    looked.until_ok(&format!(
        "{PLAIN}\nquery = \"SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active' AND pid <> pg_backend_pid()\"\nnumber = 0"
    ));

    // A transaction that somebody has forgotten.
    let oldest = format!("{PLAIN}\noldest_transaction = {{ warn = 0.2 }}");
    looked.until_ok(&oldest);
    let held = stack.hold("shop", "SELECT 1");
    let forgotten = looked.until(&oldest, Status::Warn, Some("pg_old_transaction"));
    assert!(forgotten.observed.contains("`app psql`"), "{forgotten:?}");
    drop(held);
    looked.until_ok(&oldest);

    stack.compose(&["stop", "postgres"]);
    let found = looked.at(&format!("{PLAIN}\ntimeout = '5s'"));
    is(&found, Status::Fail, "service_not_running");
    let found = looked.at(&format!("{}\ntimeout = '5s'", url(&address, "x")));
    assert!(
        ["pg_unreachable", "timeout"].contains(&found.reason.unwrap()),
        "{found:?}"
    );
    stack.compose(&["start", "postgres"]);
    looked.until_ok(PLAIN);
    is(&Looked::alone().at(PLAIN), Status::Fail, "no_postgres");
}

#[test]
fn a_replica_that_falls_behind_and_breaks() {
    let stack = Stack::start();
    fs::write(stack.folder().join("compose.override.yaml"), REPLICA).unwrap();
    let rule = "echo 'host replication all all scram-sha-256' >> \"$PGDATA/pg_hba.conf\"";
    docker(&["exec", stack.container("postgres"), "sh", "-c", rule]);
    stack.sql("shop", "SELECT pg_reload_conf()");
    let looked = Looked::project(stack.project()).with("[database]\nservice = 'postgres'");
    let primary = format!("{PLAIN}\nreplication_lag = {{ warn = 0.5, fail = 600 }}");
    is(&looked.at(&primary), Status::Fail, "pg_no_replica");

    stack.compose(&["up", "-d", "replica"]);
    let container = stack.compose(&["ps", "--all", "-q", "replica"]);
    looked.until_ok(&primary);
    let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    let address = docker(&["inspect", "--format", format, &container]);
    let replica = url(&address, stack.database_password());
    let replica =
        format!("{replica}\nrole = 'replica'\nreplication_lag = {{ warn = 0.5, fail = 600 }}");
    looked.until_ok(&replica);

    let on_replica = |sql: &str| {
        let psql = ["psql", "-U", "app", "-d", "shop", "-qAtc", sql];
        docker(&[&["exec", &container][..], &psql].concat());
    };
    on_replica("SELECT pg_wal_replay_pause()");
    stack.sql("shop", "CREATE TABLE late (id int)");
    looked.until(&replica, Status::Warn, Some("pg_lag"));
    on_replica("SELECT pg_wal_replay_resume()");
    looked.until_ok(&replica);
    looked.until_ok(&primary);

    stack.compose(&["stop", "--timeout", "0", "postgres"]);
    looked.until_failed(&replica, "pg_replication_broken");
    stack.compose(&["start", "postgres"]);
    looked.until_ok(&replica);
    docker(&["stop", "--time", "0", &container]);
    looked.until_failed(&primary, "pg_no_replica");
}

#[test]
fn a_server_that_never_answers_and_one_that_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let at = format!("{PLAIN}\ntimeout = '300ms'\nurl = 'postgres://app@127.0.0.1:{port}/shop'");
    let looked = Looked::alone();
    let found = looked.at(&at);
    is(&found, Status::Fail, "timeout");
    assert!(found.ms < 20_000, "{found:?}");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let garbage = vec![b'x'; 1 << 20];
            let _ = std::io::Write::write_all(&mut stream.unwrap(), &garbage);
        }
    });
    let found = looked.at(&at);
    assert_eq!(found.status, Status::Fail, "{found:?}");
}

#[test]
fn what_says_nothing_is_refused() {
    let looked = Looked::alone();
    for (check, said) in [
        ("query = 'SELECT 1'", "nothing is expected"),
        ("query = ' '\nrows = 1", "empty"),
        ("value = '1'", "`value` is of the answer"),
        ("query = 'SELECT 1'\nrows = {}", "`min`, `max`"),
        ("count = { users = { mim = 1 } }", "unknown"),
        ("connections = { warn = 'x' }", "must be a number"),
    ] {
        let refused = looked.refused(&format!("{PLAIN}\n{check}"));
        assert!(refused.contains(said), "{check}: {refused}");
    }
}
