//! Real databases, dumped by several connections and by `pg_dump` alone.

use super::{Limits, Target, dump, plan};
use crate::compress::Codec;
use crate::database::tests::container::{Container, PASSWORD, USER, until};
use crate::database::tests::{EVERYTHING, EXTENSION, WAIT};
use crate::database::{Dumped, Moment};
use crate::program;
use crate::progress::Progress;
use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::process::ChildStdout;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use toolkit::command::{Command, Io};
use toolkit::failure::Failure;
use toolkit::part::Packed;
use toolkit::postgres::{Server, Session};
use toolkit::set::{Copied, Copying};

/// Every table that takes a page, a few pages at a time.
const ALL: Limits = Limits {
    table: 1,
    all: 1,
    range: 40_000,
};

/// What a copy of rows is known to break on, beside [`EVERYTHING`].
const AWKWARD: &str = r#"
CREATE TABLE long (id int PRIMARY KEY, stored text, bytes bytea, list text[]);
ALTER TABLE long ALTER stored SET STORAGE EXTERNAL;
INSERT INTO long SELECT i, repeat(chr(65 + i % 26), i * 90), decode(repeat(md5(i::text), i % 50), 'hex'),
  ARRAY['a,b', NULL, '', E'\t', '"', '\'] FROM generate_series(1, 400) AS i;
CREATE TABLE many (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, gone int, "Mixed Case" text NOT NULL,
  twice bigint GENERATED ALWAYS AS (length("Mixed Case") * 2) STORED, "null" text, at timestamptz, part float8);
INSERT INTO many (gone, "Mixed Case", "null", at, part)
  SELECT i, E'back\\slash\ttab\nline\r\x01' || i, CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE '\N' END,
    timestamptz '2026-11-20' + i * interval '1.000001 s', 1 / (i + 0.1)
  FROM generate_series(1, 20000) AS i;
ALTER TABLE many DROP COLUMN gone;
DELETE FROM many WHERE id BETWEEN 3000 AND 9000;
CREATE SCHEMA other;
CREATE TABLE other.many (id int REFERENCES long);
INSERT INTO other.many SELECT 1 + i % 400 FROM generate_series(1, 5000) AS i;
CREATE TABLE other."a.b*?|($)\" (x text);
INSERT INTO other."a.b*?|($)\" VALUES ('x');
CREATE TABLE other."a.b" (x text);
INSERT INTO other."a.b" VALUES ('y');
CREATE TABLE other."été" (é text);
INSERT INTO other."été" VALUES ('é');
CREATE TABLE ruled (owner text, x int);
INSERT INTO ruled SELECT 'nobody', i FROM generate_series(1, 3000) AS i;
ALTER TABLE ruled ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ruled USING (owner = current_user);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE typed OF pair;
INSERT INTO typed SELECT i, 'b' FROM generate_series(1, 2000) AS i;
CREATE INDEX ON many (at);
CREATE TABLE written (i int, pad text);
INSERT INTO written SELECT i, repeat('x', 100) FROM generate_series(1, 5000) AS i;
"#;

/// A dump by several connections, and what came of it.
struct Saved {
    text: Vec<u8>,
    dumped: Dumped,
    packed: Packed,
    tables: Vec<Copied>,
    file: Vec<u8>,
}

fn save(mut moment: Moment, limits: Limits, jobs: usize) -> Saved {
    let plan = plan(&mut moment, limits, jobs).unwrap().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let progress = Progress::begin("database", None);
    let target = Target {
        file: file.reopen().unwrap(),
        codec: Codec::Gzip(1),
        jobs,
        progress: &progress,
    };
    let (dumped, packed, tables) = dump(moment, plan, target, limits).unwrap();
    let file = std::fs::read(file.path()).unwrap();
    let mut text = Vec::new();
    MultiGzDecoder::new(&*file).read_to_end(&mut text).unwrap();
    Saved {
        text,
        dumped,
        packed,
        tables,
        file,
    }
}

/// What `pg_dump` writes in this moment.
fn alone(moment: &Moment) -> Vec<u8> {
    let mut text = Vec::new();
    let read = |dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])| {
        dump.read_to_end(&mut text)?;
        seen(&text);
        Ok(text.len() as u64)
    };
    program::run(&moment.command(), read).unwrap();
    text
}

/// The server, with the password that it asks for past `docker exec`.
fn inside(container: &Container) -> Server {
    Server::in_container(&container.id, USER, Some(PASSWORD.to_owned()))
}

fn hold(server: &Server, database: &str) -> Moment {
    Moment::hold(server, database, WAIT).unwrap()
}

/// Stops the writer when the dump has ended, however it did.
struct Stopped<'a>(&'a AtomicBool);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The data of each `COPY`, by its statement.
fn blocks(dump: &[u8]) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut blocks = BTreeMap::new();
    let mut copy: Option<(Vec<u8>, Vec<u8>)> = None;
    for line in dump.split_inclusive(|byte| *byte == b'\n') {
        match copy.take() {
            None if line.starts_with(b"COPY ") => copy = Some((line.to_vec(), Vec::new())),
            None => {}
            // The partitions of some roots are written as the root's rows.
            Some((statement, data)) if line == b"\\.\n" => {
                blocks
                    .entry(statement)
                    .or_insert_with(Vec::new)
                    .extend(data);
            }
            Some((statement, mut data)) => {
                data.extend(line);
                copy = Some((statement, data));
            }
        }
    }
    blocks
}

/// A new database that a dump is loaded into, as anybody would.
fn restored(container: &Container, options: &str, dump: &[u8]) -> String {
    let name = container.database(options);
    let io = Io {
        stdin: true,
        ..Io::default()
    };
    let command = Command::new("docker").args(["exec", "-i", &container.id, "psql", "-X", "-q"]);
    let command = command.args(["-v", "ON_ERROR_STOP=1", "-U", USER, "-d", &name]);
    let mut psql = command.start(io).unwrap();
    let mut stdin = psql.take_stdin().unwrap();
    let written = stdin.write_all(dump);
    drop(stdin);
    let ended = psql.wait().unwrap();
    assert!(ended.status.success(), "{:?}", ended.lines);
    written.unwrap();
    name
}

/// The lines that `pg_dump` of the container writes of a database, sorted: what
/// is hashed by an enum, whose numbers are new, has no order.
fn contents(container: &Container, database: &str) -> Vec<String> {
    let command = Command::new("docker").args(["exec", &container.id, "pg_dump", "-U", USER]);
    let text = command.args(["-d", database]).read().unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().filter(|line| !line.contains("restrict "));
    let mut lines: Vec<_> = lines.map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Whatever is in it, and while somebody writes, the text is that of `pg_dump`
/// in the same moment, and a database made from it the same.
#[test]
fn a_dump_by_many_is_the_dump_of_one() {
    for (major, here, jobs) in [(17, false, 3), (15, false, 1), (15, true, 2)] {
        let container = Container::shared(major);
        assert!(container.exec(&["sh", "-c", EXTENSION, "sh", "configured", "NOT standard"]));
        let database = container.database("");
        container.run(&database, EVERYTHING);
        container.run(&database, AWKWARD);
        let server = if here {
            container.direct()
        } else {
            inside(&container)
        };
        let stop = AtomicBool::new(false);
        let (serial, saved) = thread::scope(|scope| {
            let _stopped = Stopped(&stop);
            scope.spawn(|| {
                let mut session = Session::open(&container.direct(), &database).unwrap();
                let write = "INSERT INTO public.written SELECT 0, 'late'; \
                    UPDATE public.many SET part = -1 WHERE id % 7 = 1; \
                    DELETE FROM public.written WHERE ctid IN \
                      (SELECT ctid FROM public.written LIMIT 3)";
                while !stop.load(Ordering::Relaxed) {
                    session.execute(write).unwrap();
                }
            });
            let moment = hold(&server, &database);
            let serial = alone(&moment);
            (serial, save(moment, ALL, jobs))
        });

        let (one, many) = (blocks(&serial), blocks(&saved.text));
        for (statement, data) in &one {
            let name = String::from_utf8_lossy(statement);
            assert!(many.get(statement) == Some(data), "{major}: {name}");
        }
        assert_eq!(one.len(), many.len());
        let both = [&serial, &saved.text].map(|text| restored(&container, "", text));
        let [one, many] = both.map(|name| contents(&container, &name));
        let mut lines = one.iter().zip(&many);
        let differ = lines.find(|(one, many)| one != many);
        assert_eq!(differ, None, "{major}: the restored databases differ");
        assert_eq!(one.len(), many.len());

        let copying = &saved.dumped.copying;
        assert_eq!(copying.connections, jobs as u64);
        assert!(copying.tables > 15, "{copying:?}");
        assert_eq!(copying.serial, None);
        for (table, why) in [
            ("public.kept", "extension"),
            ("public.moods_0", "partition"),
            ("public.moods_1", "partition"),
        ] {
            // One that is empty takes no page.
            let other = copying.others.get(table);
            assert!(other.is_none_or(|other| other.contains(why)), "{copying:?}");
        }
        assert!(copying.others.contains_key("public.kept"), "{copying:?}");
        the_index_leads_to_the_rows(&saved);
        the_text_is_one_dump(&saved.text);
    }
}

/// The members that the index names hold the rows of each table, and nothing
/// else.
fn the_index_leads_to_the_rows(saved: &Saved) {
    let blocks = blocks(&saved.text);
    assert_eq!(saved.tables.len() as u64, saved.dumped.copying.tables);
    for table in &saved.tables {
        let mut rows = Vec::new();
        let mut at = usize::try_from(table.member).unwrap();
        let mut pages = Vec::new();
        for range in &table.ranges {
            let begun = rows.len();
            for _ in 0..range.members {
                let member = &saved.packed.members[at];
                let offset = usize::try_from(member.offset).unwrap();
                let end = offset + member.bytes as usize;
                let mut gzip = MultiGzDecoder::new(&saved.file[offset..end]);
                gzip.read_to_end(&mut rows).unwrap();
                at += 1;
            }
            let lines = memchr::memchr_iter(b'\n', &rows[begun..]).count();
            assert_eq!(lines as u64, range.rows, "{}", table.table);
            pages.push(range.page);
        }
        assert!(pages.is_sorted() && pages[0] == 0, "{pages:?}");
        let statement = format!("{}\n", table.copy).into_bytes();
        assert!(blocks[&statement] == rows, "{}", table.table);
        let total: u64 = table.ranges.iter().map(|range| range.rows).sum();
        assert_eq!(total, saved.dumped.counts.rows[&table.table]);
    }
    let many = saved.tables.iter().find(|t| t.table == "public.many");
    assert!(many.unwrap().ranges.len() > 5, "{many:?}");
}

/// Old programs know neither two beginnings nor two ends.
fn the_text_is_one_dump(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let count = |line: &str| text.lines().filter(|l| l.starts_with(line)).count();
    assert_eq!(count("\\restrict "), 1);
    assert_eq!(count("\\unrestrict "), 1);
    assert_eq!(count("-- PostgreSQL database dump complete"), 1);
    let key = |word: &str| text.lines().find_map(|line| line.strip_prefix(word));
    assert_eq!(key("\\restrict "), key("\\unrestrict "));
    let first = text.lines().find(|line| line.starts_with('\\')).unwrap();
    assert!(first.starts_with("\\restrict "));
    assert!(
        text.trim_end()
            .lines()
            .last()
            .unwrap()
            .starts_with("\\unrestrict ")
    );
}

/// Bytes that are no UTF-8, in names and in rows.
#[test]
fn other_encodings_are_copied_as_they_are() {
    let container = Container::shared(17);
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let options = format!("TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'");
        let database = container.database(&options);
        container.run(
            &database,
            "CREATE TABLE plain (\"café\" text); \
             INSERT INTO plain SELECT 'é' || i FROM generate_series(1, 3000) AS i; \
             CREATE TABLE \"café\" (a text); INSERT INTO \"café\" VALUES ('é')",
        );
        if encoding == "SQL_ASCII" {
            container.run(&database, r"INSERT INTO plain VALUES (E'\xe9')");
        }
        let moment = hold(&inside(&container), &database);
        let serial = alone(&moment);
        let saved = save(moment, ALL, 2);
        assert!(blocks(&serial) == blocks(&saved.text), "{encoding}");
        assert_eq!(saved.tables.len(), 1);
        let others: Vec<_> = saved.dumped.copying.others.values().collect();
        assert_eq!(
            others,
            ["its name cannot be given to pg_dump as an argument"]
        );
        restored(&container, &options, &saved.text);
    }
}

/// Who would change a table waits until the dump has ended, and the dump does
/// not wait for him.
#[test]
fn changes_wait_for_the_dump_and_it_does_not_wait_for_them() {
    let container = Container::shared(17);
    // `pg_dump` stands still in the middle of its rows.
    let waits = "CASE pg_catalog.current_setting(''application_name'') WHEN ''pg_dump'' \
        THEN (SELECT pg_catalog.pg_advisory_xact_lock_shared(42)) IS NOT NULL ELSE true END";
    assert!(container.exec(&["sh", "-c", EXTENSION, "sh", "waits", waits]));
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE logins (i int); \
         CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
           IF current_setting('application_name') = 'pg_dump' THEN \
             INSERT INTO public.logins VALUES (1); \
           END IF; END $$; \
         CREATE EVENT TRIGGER note ON login EXECUTE FUNCTION note(); \
         CREATE EXTENSION waits; INSERT INTO kept VALUES (1); \
         CREATE TABLE large AS SELECT i, repeat('x', 500) AS pad FROM generate_series(1, 40000) AS i",
    );
    let open = || Session::open(&container.direct(), &database).unwrap();
    let (mut gate, mut eyes, mut hasty) = (open(), open(), open());
    gate.execute("SELECT pg_advisory_lock(42)").unwrap();
    hasty.execute("SET lock_timeout = '100ms'").unwrap();
    let saved = thread::scope(|scope| {
        let saving = scope.spawn(|| save(hold(&inside(&container), &database), ALL, 2));
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
        until(|| eyes.number(waiting).unwrap() == 1);
        // The other run has its locks too, unless it has already ended.
        let programs = "SELECT count(*) FROM pg_stat_activity \
            WHERE datname = current_database() AND application_name = 'pg_dump'";
        let locked = "SELECT count(*) FROM pg_locks AS l \
            JOIN pg_stat_activity AS a ON a.pid = l.pid \
            WHERE l.relation = 'public.large'::regclass AND a.application_name = 'pg_dump'";
        until(|| {
            eyes.number("SELECT count(*) FROM public.logins").unwrap() == 2
                && eyes.number(programs).unwrap() == eyes.number(locked).unwrap()
        });
        for change in [
            "TRUNCATE public.large",
            "DROP TABLE public.large",
            "ALTER TABLE public.large ALTER i TYPE bigint",
        ] {
            let error = hasty.execute(change).unwrap_err();
            assert_eq!(Failure::of(&error).reason, "pg_lock_timeout", "{change}");
        }
        let patient = scope.spawn(|| open().execute("TRUNCATE public.large"));
        let queued = "SELECT count(*) FROM pg_locks WHERE NOT granted \
            AND relation = 'public.large'::regclass";
        until(|| eyes.number(queued).unwrap() == 1);
        gate.execute("SELECT pg_advisory_unlock(42)").unwrap();
        let saved = saving.join().unwrap();
        patient.join().unwrap().unwrap();
        saved
    });
    assert_eq!(saved.dumped.counts.rows["public.large"], 40_000);
    assert_eq!(eyes.number("SELECT count(*) FROM public.large").unwrap(), 0);
}

/// Who cannot be reached past `docker exec` is dumped by `pg_dump` alone, and
/// that is said.
#[test]
fn a_server_out_of_reach_is_dumped_by_pg_dump_alone() {
    let container = Container::start_with(17, &["--network", "none"]);
    let server = inside(&container);
    let mut session = Session::open(&server, "shop").unwrap();
    session
        .execute("CREATE TABLE public.t AS SELECT generate_series(1, 1000)")
        .unwrap();
    let mut moment = hold(&server, "shop");
    let copying = plan(&mut moment, ALL, 2).unwrap().unwrap_err();
    assert_eq!((copying.connections, copying.tables), (0, 0));
    assert_eq!(
        copying.serial.as_deref(),
        Some(
            "the server cannot be reached past `docker exec`: \
             its container has no address and publishes no port"
        )
    );
}

#[test]
fn small_databases_are_left_to_pg_dump() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE t AS SELECT generate_series(1, 1000)",
    );
    let mut moment = hold(&inside(&container), &database);
    let copying = plan(&mut moment, Limits::default(), 2)
        .unwrap()
        .unwrap_err();
    assert_eq!(copying, Copying::default());
}

/// A server that dies is a failure, whoever notices first, and all end.
#[test]
fn a_server_that_dies_is_a_failure() {
    let container = Container::start(17);
    container.run(
        "shop",
        "CREATE TABLE a AS SELECT i, repeat('x', 500) FROM generate_series(1, 400000) AS i",
    );
    let mut moment = hold(&inside(&container), "shop");
    let plan = plan(&mut moment, ALL, 2).unwrap().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let progress = Progress::begin("database", None);
    let target = Target {
        file: file.reopen().unwrap(),
        codec: Codec::Gzip(6),
        jobs: 2,
        progress: &progress,
    };
    let failed = thread::scope(|scope| {
        let dumping = scope.spawn(|| dump(moment, plan, target, ALL).map(|_| ()));
        until(|| file.as_file().metadata().unwrap().len() > 10_000);
        container.exec(&["sh", "-c", "kill -QUIT 1"]);
        dumping.join().unwrap()
    });
    let failure = Failure::of(&failed.unwrap_err());
    assert!(
        ["pg_unreachable", "dump_failed", "pg_starting"].contains(&failure.reason),
        "{failure:?}"
    );
}

/// A disk that is full ends all, and is the reason that is given.
#[test]
fn a_full_disk_is_a_failure() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(
        &database,
        "CREATE TABLE a AS SELECT i, repeat(md5(i::text), 15) FROM generate_series(1, 100000) AS i",
    );
    let mut moment = Moment::hold(&inside(&container), &database, Duration::from_secs(5)).unwrap();
    let plan = plan(&mut moment, ALL, 2).unwrap().unwrap();
    let progress = Progress::begin("database", None);
    let target = Target {
        file: std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap(),
        codec: Codec::Gzip(1),
        jobs: 2,
        progress: &progress,
    };
    let error = dump(moment, plan, target, ALL).unwrap_err();
    let full = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    let kinds: Vec<_> = full.map(std::io::Error::kind).collect();
    assert!(
        kinds.contains(&std::io::ErrorKind::StorageFull),
        "{error:#}"
    );
    let mut session = Session::open(&container.direct(), &database).unwrap();
    let left = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' \
         AND pid <> pg_backend_pid()"
    );
    until(|| session.number(&left).unwrap() == 0);
}
