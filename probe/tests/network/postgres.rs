//! PostgreSQL that speaks TLS, or does not.

use crate::authority::{Authority, Pair, write};
use crate::daemon::Daemon;
use crate::hostile;
use crate::look::{Told, look};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use toolkit::command::{Command, Io};
use toolkit::testing::free_port;

struct Postgres {
    port: u16,
    _daemon: Daemon,
    _folder: TempDir,
}

impl Postgres {
    fn start(pair: Option<&Pair>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        own(folder.path());
        let data = folder.path().join("data");
        let data = data.to_str().unwrap();
        let init = program("initdb").args(["--auth=trust", "--no-sync", "--pgdata", data]);
        let ended = init.start(Io::default()).unwrap().wait().unwrap();
        assert!(ended.status.success(), "{:?}", ended.lines);
        let port = free_port();
        let mut command = program("postgres").args(["-D", data, "-p", &port.to_string()]);
        command = command.args(["-c", "unix_socket_directories="]);
        if let Some(pair) = pair {
            let files = [("server.crt", &pair.certificate), ("server.key", &pair.key)];
            for (name, text) in files {
                own(&write(Path::new(data), name, text));
            }
            command = command.args(["-c", "ssl=on"]);
        }
        Self {
            port,
            _daemon: Daemon::start(&command, port),
            _folder: folder,
        }
    }

    fn lines(&self, ca: &Path) -> String {
        format!(
            "address = '127.0.0.1:{}'\nhost = 'db.example'\nstarttls = 'postgres'\nca = '{}'",
            self.port,
            ca.display()
        )
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Debian's user of that name.
fn postgres_id() -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:"));
    user.unwrap().split(':').nth(2).unwrap().parse().unwrap()
}

fn own(path: &Path) {
    if is_root() {
        chown(path, Some(postgres_id()), Some(postgres_id())).unwrap();
    }
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A program of the server, which refuses to run as root.
fn program(name: &str) -> Command {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .unwrap()
        .map(|entry| entry.unwrap().path().join("bin").join(name))
        .filter(|file| file.exists())
        .collect();
    let file = versions.pop().unwrap();
    if !is_root() {
        return Command::new(file).folder("/");
    }
    let id = postgres_id().to_string();
    let user = ["--reuid", &id, "--regid", &id, "--clear-groups"];
    Command::new("setpriv").args(user).arg(file).folder("/")
}

#[test]
fn tls_is_asked_for_first() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Root");
    let ca = write(folder.path(), "ca.pem", &authority.pem());

    let server = Postgres::start(None);
    let found = look("tls", &server.lines(&ca));
    assert_eq!(found.told(), ["fail starttls_missing"], "{found:#?}");
    drop(server);

    let server = Postgres::start(Some(&authority.server("db.example", 3)));
    let found = look("tls", &server.lines(&ca));
    assert_eq!(found.told(), ["fail tls_expires"], "{found:#?}");
    drop(server);

    let server = Postgres::start(Some(&authority.server("db.example", 90)));
    look("tls", &server.lines(&ca)).is_well();
}

#[test]
fn another_protocol_is_told() {
    let address = hostile::saying(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let lines = format!("address = '{address}'\nstarttls = 'postgres'");
    assert_eq!(look("tls", &lines).told(), ["fail pg_not_spoken"]);
    let lines = format!(
        "address = '{}'\nstarttls = 'postgres'",
        hostile::serve(drop)
    );
    assert_eq!(look("tls", &lines).told(), ["fail closed_early"]);
}
