//! A restore that fails leaves the live database as it was, and nothing else.

use super::place::{Place, Postgres, unique};
use super::saved::{Saved, wanted};
use crate::database::{Wanted, in_place, stage};
use std::io::{self, Cursor, Read};
use toolkit::failure::Failure;
use toolkit::postgres::{Params, Server};

const TABLES: &str = "\
CREATE TABLE users (id int PRIMARY KEY, name text);
INSERT INTO users SELECT i, 'user ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE orders (id int PRIMARY KEY, at int REFERENCES users);
INSERT INTO orders SELECT i, i FROM generate_series(1, 100) AS i;
SELECT lo_from_bytea(815, 'object');";

const COUNT: &str = "SELECT (SELECT count(*) FROM public.users) || ' ' || \
    (SELECT count(*) FROM public.orders) || ' ' || (SELECT count(*) FROM pg_largeobject_metadata)";

struct Live<'a> {
    postgres: &'a Postgres,
    name: String,
    saved: Saved,
}

impl<'a> Live<'a> {
    /// Saved, and changed since then.
    fn on(postgres: &'a Postgres) -> Self {
        let name = postgres.database("");
        postgres.run(&name, TABLES);
        let saved = Saved::of(postgres, &name);
        postgres.run(&name, "DELETE FROM orders WHERE id > 42");
        Self {
            postgres,
            name,
            saved,
        }
    }

    fn dump(&self) -> String {
        String::from_utf8(self.saved.dump.clone()).unwrap()
    }

    fn wanted(&self, dump: &str, proven: bool) -> Wanted<'_> {
        let mut wanted = wanted(&self.postgres.server, &self.name, dump.as_bytes());
        wanted.proof = proven.then(|| self.saved.proof.clone());
        wanted
    }

    fn is_unharmed(&self) {
        assert_eq!(self.postgres.ask(&self.name, COUNT), "1000 42 1");
        assert_eq!(self.postgres.databases(&self.name), [self.name.as_str()]);
    }
}

/// The dump with `sql` before the last comment.
fn with(dump: &str, sql: &str) -> String {
    dump.replace(
        "--\n-- PostgreSQL database dump complete",
        &format!("{sql}\n\n--\n-- PostgreSQL database dump complete"),
    )
}

fn broken(place: Place) {
    let postgres = Postgres::shared(place);
    let live = Live::on(&postgres);
    let dump = live.dump();
    let number = |dump: &str, text: &str| 1 + dump.lines().position(|line| line == text).unwrap();

    let twice = with(&dump, "CREATE TABLE public.users (\n    id integer\n);");
    let failure = refuses(&live, &twice);
    assert_eq!(failure.reason, "pg_load");
    let at = number(&twice, "    id integer") + 1;
    assert_eq!(
        failure.message,
        format!(
            "the dump stopped in line {at}, in `CREATE TABLE public.users ( id integer );`: relation \"users\" already exists"
        )
    );

    let bad_row = dump.replace("\n7\tuser 7\n", "\nseven\tuser 7\n");
    let failure = refuses(&live, &bad_row);
    assert_eq!(failure.reason, "pg_load");
    assert!(
        failure.message.contains("in `COPY public.users (id, name) FROM stdin;`: invalid input syntax for type integer: \"seven\""),
        "{}",
        failure.message
    );

    let no_role = with(&dump, "ALTER TABLE public.users OWNER TO nobody_here;");
    let failure = refuses(&live, &no_role);
    assert!(failure.hint.unwrap().contains("restore SET globals"));

    for cut in [
        dump.len() / 4,
        dump.len() / 2,
        dump.find("complete").unwrap(),
    ] {
        let failure = refuses(&live, &dump[..cut]);
        assert_eq!(failure.reason, "truncated_dump", "{}", failure.message);
    }
    assert_eq!(refuses(&live, "").reason, "truncated_dump");
}

/// Fails alike with a proof and without.
fn refuses(live: &Live<'_>, dump: &str) -> Failure {
    let failure = live_refuses(live, dump, true);
    let unproven = live_refuses(live, dump, false);
    assert_eq!(unproven.reason, failure.reason, "{}", unproven.message);
    failure
}

/// Fails alike aside and in place, and the live database is as it was.
fn live_refuses(live: &Live<'_>, dump: &str, proven: bool) -> Failure {
    let failure = Failure::of(&stage(live.wanted(dump, proven)).unwrap_err());
    live.is_unharmed();
    let again = Failure::of(&in_place(live.wanted(dump, proven)).unwrap_err());
    live.is_unharmed();
    assert_eq!(again.reason, failure.reason, "{}", again.message);
    failure
}

#[test]
fn a_broken_dump_harms_nothing_in_a_container() {
    broken(Place::Container(17));
}

#[test]
fn a_broken_dump_harms_nothing_on_the_host() {
    broken(Place::Host);
}

#[test]
fn a_hostile_dump_is_refused() {
    let postgres = Postgres::shared(Place::Container(17));
    let live = Live::on(&postgres);
    let dump = live.dump();
    for sql in [
        "\\! touch /tmp/hostile".to_owned(),
        format!("DROP DATABASE {};", live.name),
    ] {
        let failure = live_refuses(&live, &with(&dump, &sql), true);
        assert_eq!(failure.reason, "hostile_dump", "{sql}: {}", failure.message);
    }
    // What is of the database itself is none of it.
    let fine = with(
        &dump,
        "CREATE FOREIGN DATA WRAPPER f; CREATE SERVER s FOREIGN DATA WRAPPER f; CREATE USER MAPPING FOR boss SERVER s;",
    );
    stage(live.wanted(&fine, true)).unwrap().discard().unwrap();
    live.is_unharmed();
}

#[test]
fn rows_that_differ_are_named() {
    let postgres = Postgres::shared(Place::Container(17));
    let live = Live::on(&postgres);
    let less = live.dump().replace("\n7\tuser 7\n", "\n");
    let failure = Failure::of(&stage(live.wanted(&less, true)).unwrap_err());
    assert_eq!(failure.reason, "pg_load", "an order without its user");
    let less = live.dump().replace("\n107\tuser 107\n", "\n");
    let failure = live_refuses(&live, &less, true);
    assert_eq!(failure.reason, "rows_differ");
    assert_eq!(
        failure.message,
        "the rows are not those that were saved: `public.users`: 1000 expected, 999 found"
    );
    // The dump's own rows, when something in it does away with them.
    let emptied = with(&live.dump(), "DELETE FROM public.orders WHERE id < 3;");
    let failure = live_refuses(&live, &emptied, false);
    assert_eq!(failure.reason, "rows_differ");
    let message = failure.message;
    assert!(
        message.ends_with("`public.orders`: 100 expected, 98 found"),
        "{message}"
    );
    let emptied = with(&live.dump(), "SELECT lo_unlink(815);");
    let failure = live_refuses(&live, &emptied, true);
    assert_eq!(failure.reason, "rows_differ", "{}", failure.message);
}

/// A stream that breaks.
struct Broken(Cursor<Vec<u8>>);

impl Read for Broken {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("corrupt gzip stream")),
            read => Ok(read),
        }
    }
}

#[test]
fn a_stream_that_breaks_harms_nothing() {
    let postgres = Postgres::shared(Place::Container(17));
    let live = Live::on(&postgres);
    let half = live.saved.dump[..live.saved.dump.len() / 2].to_vec();
    let make = || Wanted {
        dump: Box::new(Broken(Cursor::new(half.clone()))),
        ..live.wanted("", true)
    };
    for error in [
        stage(make()).map(drop).unwrap_err(),
        in_place(make()).map(drop).unwrap_err(),
    ] {
        assert_eq!(
            format!("{error:#}"),
            "cannot read the dump: corrupt gzip stream"
        );
        live.is_unharmed();
    }
}

#[test]
fn a_missing_owner_is_named_before_anything_is_made() {
    let postgres = Postgres::shared(Place::Container(17));
    let live = Live::on(&postgres);
    let mut wanted = live.wanted("not read at all", true);
    wanted.proof.as_mut().unwrap().properties.owner = "nobody_here".into();
    let failure = Failure::of(&stage(wanted).unwrap_err());
    assert_eq!(failure.reason, "pg_no_role");
    assert!(failure.hint.unwrap().contains("restore SET globals"));
    live.is_unharmed();
}

#[test]
fn missing_roles_and_tablespaces_are_warned_of() {
    let postgres = Postgres::shared(Place::Container(17));
    let live = Live::on(&postgres);
    let mut wanted = live.wanted(&live.dump(), true);
    let properties = &mut wanted.proof.as_mut().unwrap().properties;
    properties.tablespace = "fast_disks".into();
    let grant = |role: Option<&str>| toolkit::postgres::Grant {
        role: role.map(str::to_owned),
        privilege: "CONNECT".into(),
        grantable: false,
    };
    properties.grants = Some(vec![grant(Some("nobody_here")), grant(Some("boss"))]);
    properties.settings = vec![toolkit::postgres::Setting {
        role: None,
        name: "no_such_setting".into(),
        value: "x".into(),
    }];
    let warnings = stage(wanted).unwrap().discard().unwrap().warnings;
    assert_eq!(warnings.len(), 3, "{warnings:#?}");
    assert!(warnings[0].contains("`fast_disks`"));
    assert!(warnings[1].contains("`no_such_setting`"));
    assert!(warnings[2].contains("`nobody_here`"));
    live.is_unharmed();
}

/// As a role that may create no databases, such as in a hosted project.
#[test]
fn a_role_that_may_create_nothing_is_told_of_in_place() {
    let postgres = Postgres::shared(Place::Host);
    let role = unique("tenant_");
    postgres.run("postgres", &format!("CREATE ROLE {role} LOGIN"));
    let name = postgres.database(&format!("OWNER {role}"));
    let url = format!("host=127.0.0.1 port={} user={role}", postgres.id());
    let server = Server::direct(Params::resolve(Some(&url), &|_| None).unwrap());
    let tables = TABLES.replace(
        "CREATE TABLE users",
        &format!("SET ROLE {role}; CREATE SCHEMA app; CREATE TABLE users"),
    );
    postgres.run(&name, &tables);
    let saved = Saved::of(&postgres, &name);
    postgres.run(&name, "DROP TABLE orders");
    let wanted = || saved.wanted(&server, &name);
    let failure = Failure::of(&stage(wanted()).unwrap_err());
    assert_eq!(failure.reason, "pg_cannot_create");
    assert!(failure.hint.unwrap().contains("--in-place"));
    let restored = in_place(wanted()).unwrap();
    assert_eq!(
        (restored.verified.rows, restored.verified.tables),
        (1100, 2)
    );
    assert_eq!(postgres.ask(&name, COUNT), "1000 100 1");
    assert_eq!(Saved::of(&postgres, &name).proof, saved.proof);
}
