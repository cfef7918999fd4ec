//! A PostgreSQL server on this host, of one test alone, gone when it ends.

use crate::certificates::Pair;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use toolkit::command::{Command, Io};
use toolkit::failure::Failure;
use toolkit::postgres::{Params, Server, Session};

pub(crate) const PASSWORD: &str = "host-pa55-w0rd";

pub(crate) struct Host {
    folder: TempDir,
    pub(crate) port: u16,
}

impl Host {
    /// A server for role `app` over its socket, by password over TCP, with TLS
    /// when it has a certificate.
    pub(crate) fn start(certificate: Option<&Pair>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("toolkit-test-")
            .tempdir()
            .unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let host = Self { folder, port };
        // The server refuses to run as root.
        if is_root() {
            let id = postgres_id();
            chown(host.folder.path(), Some(id), Some(id)).unwrap();
        }
        let data = host.data();
        let data = data.to_str().unwrap();
        let initdb = [
            "--auth=trust",
            "--no-sync",
            "--username=app",
            "--encoding=UTF8",
        ];
        host.program(
            "initdb",
            &["--pgdata", data, initdb[0], initdb[1], initdb[2], initdb[3]],
        );
        let socket = host.socket();
        let mut settings = format!(
            "port = {port}\nunix_socket_directories = '{}'\nlisten_addresses = '127.0.0.1'\nfsync = off\n",
            socket.display()
        );
        if let Some(pair) = certificate {
            host.write("server.crt", &pair.certificate);
            host.write("server.key", &pair.key);
            settings.push_str("ssl = on\n");
        }
        host.write("postgresql.auto.conf", &settings);
        host.write(
            "pg_hba.conf",
            "local all all trust\nhost all all all scram-sha-256\n",
        );
        host.program(
            "pg_ctl",
            &[
                "--pgdata",
                data,
                "--silent",
                "--wait",
                "--log",
                &host.path("log"),
                "start",
            ],
        );
        let mut session = Session::open(&host.over_socket("postgres"), "postgres").unwrap();
        session
            .execute(&format!("ALTER ROLE app PASSWORD '{PASSWORD}'"))
            .unwrap();
        host
    }

    /// The folder of its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    pub(crate) fn over_socket(&self, database: &str) -> Server {
        let socket = self.socket();
        let port = self.port;
        direct(
            &format!(
                "host={} port={port} user=app dbname={database}",
                socket.display()
            ),
            &[],
        )
    }

    /// Who holds the rules of access, and reloads them.
    pub(crate) fn set_rules(&self, rules: &str) {
        self.write("pg_hba.conf", rules);
        let mut session = Session::open(&self.over_socket("postgres"), "postgres").unwrap();
        session
            .execute("SELECT pg_catalog.pg_reload_conf()")
            .unwrap();
        let first = rules.lines().next().unwrap().split(' ').nth(1).unwrap();
        let loaded = format!(
            "SELECT count(*) FROM pg_catalog.pg_hba_file_rules WHERE database = '{{{first}}}'"
        );
        assert!(session.number(&loaded).unwrap() > 0);
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&self) {
        let data = self.data();
        self.program(
            "pg_ctl",
            &[
                "--pgdata",
                data.to_str().unwrap(),
                "--mode=immediate",
                "stop",
            ],
        );
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// A file of the server, in its data folder.
    fn write(&self, name: &str, text: &str) {
        let file = self.data().join(name);
        toolkit::durable::write(&file, text.as_bytes()).unwrap();
        if is_root() {
            let id = postgres_id();
            chown(&file, Some(id), Some(id)).unwrap();
        }
    }

    fn program(&self, name: &str, args: &[&str]) {
        let mut command = Command::new("setpriv");
        if is_root() {
            let id = postgres_id().to_string();
            command = command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
        }
        let folder = Path::new("/usr/lib/postgresql/15/bin");
        let command = command.arg(folder.join(name)).args(args.iter().copied());
        let ended = command
            .folder(self.folder.path())
            .start(Io::default())
            .unwrap()
            .wait()
            .unwrap();
        assert!(ended.status.success(), "{name}: {:?}", ended.lines);
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let running = self.data().join("postmaster.pid").exists();
        if running {
            self.kill();
        }
    }
}

/// A server by a connection string and these variables alone.
pub(crate) fn direct(text: &str, variables: &[(&str, &str)]) -> Server {
    Server::direct(params(Some(text), variables))
}

pub(crate) fn params(text: Option<&str>, variables: &[(&str, &str)]) -> Params {
    let variable = |name: &str| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Params::resolve(text, &variable).unwrap()
}

/// Why nobody is let in.
pub(crate) fn refused(server: &Server, database: &str) -> Failure {
    let failure = Failure::of(&Session::open(server, database).unwrap_err());
    assert!(failure.hint.is_some(), "{failure:?}");
    failure
}

/// Runs a program of the host as `server` has it run.
pub(crate) fn psql(server: &Server, database: &str) -> Vec<u8> {
    let query = [
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--command=SELECT 'in'",
    ];
    server.program("psql", database).args(query).read().unwrap()
}

fn is_root() -> bool {
    let mode = fs::metadata("/proc/self").map(|found| std::os::unix::fs::MetadataExt::uid(&found));
    mode.is_ok_and(|uid| uid == 0)
}

/// The user that Debian's packages make for the server.
fn postgres_id() -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    line.unwrap().split(':').nth(2).unwrap().parse().unwrap()
}

/// Makes a file that only its owner may read.
pub(crate) fn private_file(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    toolkit::durable::write(&file, text.as_bytes()).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file.to_str().unwrap().to_owned()
}
