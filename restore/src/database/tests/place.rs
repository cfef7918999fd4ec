//! PostgreSQL servers for tests, gone when the last test that uses one ends.

use rustix::process::geteuid;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::chown;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tempfile::TempDir;
use toolkit::command::{Command, Io};
use toolkit::postgres::{Params, Server, Session, quote};
use ulid::Ulid;

pub(super) const USER: &str = "boss";
const PASSWORD: &str = "pa55-w0rd-of-boss";
/// Debian's, for the server on this host.
const PROGRAMS: &str = "/usr/lib/postgresql/15/bin";

/// Where a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// In a container, of this major version.
    Container(u32),
    /// On this host.
    Host,
}

/// A running server.
pub(super) struct Postgres {
    pub(super) server: Server,
    kind: Kind,
}

enum Kind {
    Container {
        id: String,
    },
    Host {
        folder: TempDir,
        uid: u32,
        port: String,
    },
}

static SHARED: Mutex<Option<HashMap<Place, Weak<Postgres>>>> = Mutex::new(None);

pub(super) fn unique(prefix: &str) -> String {
    format!("{prefix}{}", Ulid::generate().to_string().to_lowercase())
}

impl Postgres {
    /// A server that other tests may use too: databases and roles want names of
    /// their own.
    pub(super) fn shared(place: Place) -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shared.get_or_insert_default();
        if let Some(server) = known.get(&place).and_then(Weak::upgrade) {
            return server;
        }
        let server = Arc::new(Self::start(place));
        known.insert(place, Arc::downgrade(&server));
        server
    }

    /// A server of one test alone.
    pub(super) fn start(place: Place) -> Self {
        match place {
            Place::Container(major) => Self::container(major),
            Place::Host => Self::host(),
        }
    }

    fn container(major: u32) -> Self {
        let output = Command::new("docker")
            .args([
                "run",
                "--detach",
                "--rm",
                "--name",
                &unique("restore-test-"),
            ])
            .args(["--env", &format!("POSTGRES_USER={USER}")])
            .args(["--env", &format!("POSTGRES_PASSWORD={PASSWORD}")])
            .arg(format!("sextant-dev/postgres:{major}"))
            .args(["-c", "fsync=off", "-c", "max_prepared_transactions=2"])
            .args(["-c", "wal_level=logical"])
            .read()
            .expect("docker and its image `sextant-dev/postgres`");
        let id = String::from_utf8(output).unwrap().trim().to_owned();
        let server = Server::in_container(&id, USER, None);
        let kind = Kind::Container { id };
        let postgres = Self { server, kind };
        // The server that the image sets itself up with has no TCP port.
        while !postgres.exec(&["pg_isready", "--quiet", "--host=127.0.0.1"]) {
            let state = ["inspect", "--format", "{{.State.Running}}", postgres.id()];
            let runs = Command::new("docker").args(state).read();
            assert!(
                runs.is_ok_and(|state| state == b"true\n"),
                "the server did not start"
            );
        }
        postgres
    }

    fn host() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let uid = owner();
        chown(folder.path(), Some(uid), None).unwrap();
        let data = folder.path().join("data");
        let port = toolkit::testing::free_port().to_string();
        as_user(uid, "initdb")
            .args([
                "--username",
                USER,
                "--no-sync",
                "--auth=trust",
                "--encoding=UTF8",
            ])
            .args(["--locale=C.UTF-8", "--pgdata"])
            .arg(&data)
            .read()
            .expect("PostgreSQL 15 on this host");
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= \
             -c fsync=off -c max_prepared_transactions=2 -c wal_level=logical"
        );
        as_user(uid, "pg_ctl")
            .args([
                "start",
                "--wait",
                "--silent",
                "--options",
                &options,
                "--log",
            ])
            .arg(folder.path().join("log"))
            .arg("--pgdata")
            .arg(&data)
            .read()
            .unwrap();
        let server = Self::found(&port);
        let kind = Kind::Host { folder, uid, port };
        Self { server, kind }
    }

    /// A new database with a name of its own.
    pub(super) fn database(&self, options: &str) -> String {
        let name = unique("db_");
        self.run("postgres", &format!("CREATE DATABASE {name} {options}"));
        name
    }

    /// Runs SQL in `database`, statements of several lines and all.
    pub(super) fn run(&self, database: &str, sql: &str) {
        let mut running = self
            .server
            .program("psql", database)
            .args([
                "-X",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-o",
                "/dev/null",
                "-f",
                "-",
            ])
            .start(Io {
                stdin: true,
                ..Io::default()
            })
            .unwrap();
        let mut stdin = running.take_stdin().unwrap();
        std::io::Write::write_all(&mut stdin, sql.as_bytes()).unwrap();
        drop(stdin);
        let ended = running.wait().unwrap();
        assert!(ended.status.success(), "{:?}", ended.lines);
    }

    /// The answer to one question.
    pub(super) fn ask(&self, database: &str, sql: &str) -> String {
        let mut session = Session::open(&self.server, database).unwrap();
        session.value(sql).unwrap().unwrap_or_default()
    }

    /// What `pg_dump` writes, with arguments of its own.
    pub(super) fn dump(&self, database: &str, args: &[&str]) -> Vec<u8> {
        let dump = self.server.program("pg_dump", database);
        dump.args(args.iter().copied()).read().unwrap()
    }

    /// The names of databases that begin so.
    pub(super) fn databases(&self, prefix: &str) -> Vec<String> {
        let mut session = Session::open(&self.server, "postgres").unwrap();
        let sql = format!(
            "SELECT datname FROM pg_database WHERE starts_with(datname, {}) ORDER BY 1",
            quote::literal(prefix)
        );
        let rows = session.rows(&sql).unwrap();
        rows.into_iter().flatten().flatten().collect()
    }

    /// A folder for a tablespace; on the host alone.
    pub(super) fn space(&self) -> String {
        let Kind::Host { folder, uid, .. } = &self.kind else {
            panic!("the folder would be in the container")
        };
        let space = folder.path().join(unique("space_"));
        fs::create_dir(&space).unwrap();
        chown(&space, Some(*uid), None).unwrap();
        space.display().to_string()
    }

    /// What another process of this test program finds it by.
    pub(super) fn id(&self) -> &str {
        match &self.kind {
            Kind::Container { id } => id,
            Kind::Host { port, .. } => port,
        }
    }

    /// The server that another process of this test program has started.
    pub(super) fn found(id: &str) -> Server {
        if id.len() < 6 {
            let url = format!("host=127.0.0.1 port={id} user={USER} dbname=postgres");
            return Server::direct(Params::resolve(Some(&url), &|_| None).unwrap());
        }
        Server::in_container(id, USER, None)
    }

    /// Whether a command in its container ends with status 0.
    fn exec(&self, argv: &[&str]) -> bool {
        let command = Command::new("docker").args(["exec", self.id()]);
        let running = command.args(argv.iter().copied()).start(Io::default());
        running.unwrap().wait().unwrap().status.success()
    }
}

fn as_user(uid: u32, program: &str) -> Command {
    Command::new("setpriv")
        .args(becoming(uid))
        .arg(Path::new(PROGRAMS).join(program))
        .folder("/")
}

/// Who runs a server on this host: whoever runs the tests, but for root, as whom
/// PostgreSQL refuses to run.
fn owner() -> u32 {
    let this = geteuid();
    if !this.is_root() {
        return this.as_raw();
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let line = passwd.lines().find(|line| line.starts_with("postgres:"));
    let uid = line.and_then(|line| line.split(':').nth(2));
    uid.expect("a user `postgres`").parse().unwrap()
}

/// The options of `setpriv` that make a process one of the user `uid`.
fn becoming(uid: u32) -> Vec<String> {
    if geteuid().as_raw() == uid {
        return vec!["--".into()];
    }
    vec![
        format!("--reuid={uid}"),
        "--clear-groups".into(),
        "--".into(),
    ]
}

impl Drop for Postgres {
    // `toolkit` starts nothing any more once a test was interrupted.
    #[allow(clippy::disallowed_methods)]
    fn drop(&mut self) {
        let mut command = match &self.kind {
            Kind::Container { id } => {
                let mut command = std::process::Command::new("docker");
                command.args(["rm", "--force", "--volumes", id]);
                command
            }
            Kind::Host { folder, uid, .. } => {
                let mut command = std::process::Command::new("setpriv");
                command
                    .args(becoming(*uid))
                    .arg(Path::new(PROGRAMS).join("pg_ctl"))
                    .args(["stop", "--mode=immediate", "--pgdata"])
                    .arg(folder.path().join("data"))
                    .current_dir("/");
                command
            }
        };
        let _ = command.output();
    }
}
