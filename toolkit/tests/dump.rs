//! Dumps by the real `pg_dump`, counted and filtered, of a private server.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use toolkit::command::{Command, Io};
use toolkit::sql::filter::Filter;
use toolkit::sql::tally::{Counter, Tally};

const NASTY: &str = include_str!("nasty.sql");

/// A server in a folder of its own, reached by a socket in it.
struct Server {
    programs: PathBuf,
    folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Self {
            programs: newest_programs(),
            folder,
        };
        if rustix::process::geteuid().is_root() {
            // PostgreSQL refuses to run as root.
            run(&Command::new("chown").arg("postgres").arg(server.socket()));
        }
        let data = server.data();
        run(&server.owned("initdb").args([
            "-A",
            "trust",
            "-U",
            "app",
            "-E",
            "UTF8",
            "--no-sync",
            "-D",
            &data,
        ]));
        let options = format!("-c listen_addresses= -c fsync=off -k {}", server.socket());
        let log = format!("{}/log", server.socket());
        run(&server
            .owned("pg_ctl")
            .args(["start", "-w", "-D", &data, "-l", &log, "-o", &options]));
        server
    }

    fn socket(&self) -> String {
        self.folder.path().to_str().unwrap().to_owned()
    }

    fn data(&self) -> String {
        format!("{}/data", self.socket())
    }

    /// A server program, run as its own user.
    fn owned(&self, program: &str) -> Command {
        let path = self.programs.join(program);
        if rustix::process::geteuid().is_root() {
            let user = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
            return Command::new("setpriv").args(user).arg(path).folder("/");
        }
        Command::new(path)
    }

    fn client(&self, program: &str, database: &str) -> Command {
        Command::new(self.programs.join(program)).args([
            "-h",
            &self.socket(),
            "-U",
            "app",
            "-d",
            database,
        ])
    }

    /// Runs `sql` and returns the rows.
    fn sql(&self, database: &str, sql: &str) -> String {
        let psql =
            self.client("psql", database)
                .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        String::from_utf8(psql.read().unwrap()).unwrap()
    }

    fn dump(&self, database: &str, options: &[&str]) -> Vec<u8> {
        self.client("pg_dump", database)
            .args(options.iter().copied())
            .read()
            .unwrap()
    }

    /// Restores `dump` through the filter into a new database.
    fn restore(&self, database: &str, dump: &[u8]) {
        self.sql("postgres", &format!("CREATE DATABASE {database}"));
        let psql = self
            .client("psql", database)
            .args(["-Xq", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        let mut running = psql
            .start(Io {
                stdin: true,
                ..Io::default()
            })
            .unwrap();
        let mut stdin = running.take_stdin().unwrap();
        let mut filter = Filter::new();
        for piece in dump.chunks(4093) {
            filter.pass(piece, &mut stdin).unwrap();
        }
        filter.finish().unwrap();
        stdin.flush().unwrap();
        drop(stdin);
        running.wait().unwrap().success(&psql).unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = self
            .owned("pg_ctl")
            .args(["stop", "-m", "immediate", "-D", &self.data()]);
        let _ = stop.read();
    }
}

fn run(command: &Command) {
    command.read().unwrap();
}

fn newest_programs() -> PathBuf {
    let versions =
        fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL's server is not installed");
    let versions = versions.map(|entry| entry.unwrap().path().join("bin"));
    let newest = versions
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| version(bin));
    newest.expect("PostgreSQL's server is not installed")
}

fn version(bin: &Path) -> u32 {
    let folder = bin
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str());
    folder.and_then(|name| name.parse().ok()).unwrap_or(0)
}

fn tally(dump: &[u8]) -> Tally {
    let mut counter = Counter::new();
    dump.chunks(4099).for_each(|piece| counter.feed(piece));
    counter.finish()
}

/// Without the key that each dump draws anew.
fn comparable(dump: &[u8]) -> String {
    let text = String::from_utf8_lossy(dump);
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_real_dump_is_counted_and_restored_to_the_same() {
    let server = Server::start();
    server.sql("postgres", "CREATE DATABASE nasty");
    server.sql("nasty", NASTY);
    let rows: BTreeMap<_, _> = [
        (r#""select"."from (stdin""#, 5000),
        ("public.empty", 0),
        ("public.log", 0),
        ("public.nothing", 1),
        ("public.parts_1", 100),
        ("public.parts_2", 100),
    ]
    .map(|(table, rows)| (table.to_owned(), rows))
    .into();

    for (number, options) in [&[][..], &["--encoding=LATIN1"], &["--rows-per-insert=50"]]
        .into_iter()
        .enumerate()
    {
        let dump = server.dump("nasty", options);
        let tally = tally(&dump);
        assert!(tally.complete, "{options:?}");
        if number < 2 {
            assert_eq!(tally.rows, rows, "{options:?}");
        } else {
            assert_eq!(tally.rows, BTreeMap::new());
        }
        let copy = format!("copy_{number}");
        server.restore(&copy, &dump);
        let again = server.dump(&copy, options);
        assert_eq!(comparable(&again), comparable(&dump), "{options:?}");
    }

    let cut = server.dump("nasty", &[]);
    assert!(!self::tally(&cut[..cut.len() / 2]).complete);

    // What psql itself does with a dump that the filter would refuse.
    let psql = server
        .client("psql", "nasty")
        .args(["-Xq", "-c", r"\restrict key", "-f", "-"]);
    let mut running = psql
        .start(Io {
            stdin: true,
            ..Io::default()
        })
        .unwrap();
    running
        .take_stdin()
        .unwrap()
        .write_all(b"\\! touch /nowhere/x\n")
        .unwrap();
    let ended = running.wait().unwrap();
    assert!(
        ended
            .lines
            .iter()
            .any(|line| line.contains("commands are restricted")),
        "{ended:?}"
    );
}
