//! Encryption, with the meaning that libpq gives to `sslmode`; `psql`, which
//! is libpq, is asked to agree.

use crate::certificates::{Authority, Pair, self_signed};
use crate::host::{Host, PASSWORD, direct, private_file, psql, refused};
use toolkit::command::Command;
use toolkit::postgres::{Server, Session};

/// A server with this certificate, and ways to it by `localhost`.
struct Encrypted {
    host: Host,
    folder: tempfile::TempDir,
}

impl Encrypted {
    fn start(pair: &Pair) -> Self {
        Self {
            host: Host::start(Some(pair)),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn server(&self, name: &str, mode: &str, roots: Option<&str>) -> Server {
        let port = self.host.port.to_string();
        let mut variables = vec![("PGPORT", port.as_str()), ("PGSSLMODE", mode)];
        let file = roots.map(|roots| private_file(self.folder.path(), "roots.pem", roots));
        variables.extend(file.as_deref().map(|file| ("PGSSLROOTCERT", file)));
        let text = format!("host={name} hostaddr=127.0.0.1 user=app password={PASSWORD}");
        direct(&text, &variables)
    }
}

/// Whether the connection that is let in is encrypted.
fn lets_in(server: &Server) -> bool {
    let mut session = Session::open(server, "postgres").unwrap();
    let ssl = "SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(psql(server, "postgres"), b"in\n");
    session.value(ssl).unwrap().as_deref() == Some("t")
}

/// Why it is not, which `psql` refuses too.
fn refuses(server: &Server) -> String {
    let command: Command = server.program("psql", "postgres").arg("--command=SELECT 1");
    assert!(command.read().is_err(), "psql is let in");
    let failure = refused(server, "postgres");
    assert_eq!(failure.reason, "pg_tls", "{failure}");
    failure.message
}

#[test]
fn a_server_of_a_known_authority() {
    let authority = Authority::new("authority");
    let other = Authority::new("other");
    let server = Encrypted::start(&authority.server(&["db.example"], 2100));
    let roots = Some(authority.pem());
    let roots = roots.as_deref();
    for (name, mode, roots) in [
        ("db.example", "verify-full", roots),
        ("elsewhere.example", "verify-ca", roots),
        ("elsewhere.example", "require", roots),
        ("elsewhere.example", "require", None),
        ("elsewhere.example", "prefer", None),
    ] {
        let asked = server.server(name, mode, roots);
        assert!(lets_in(&asked), "{mode} as {name}");
    }
    for mode in ["disable", "allow"] {
        assert!(!lets_in(&server.server("db.example", mode, None)), "{mode}");
    }
    let wrong = refuses(&server.server("elsewhere.example", "verify-full", roots));
    assert!(
        wrong.contains("its certificate was issued for another host"),
        "{wrong}"
    );
    let stranger = Some(other.pem());
    for mode in ["require", "verify-ca", "verify-full"] {
        let asked = server.server("db.example", mode, stranger.as_deref());
        let message = refuses(&asked);
        assert!(
            message.contains("signed by nobody in `sslrootcert`"),
            "{mode}: {message}"
        );
    }
    // Nobody is named to be trusted.
    let message = refuses(&direct(
        &format!(
            "host=127.0.0.1 port={} user=app sslmode=verify-ca",
            server.host.port
        ),
        &[],
    ));
    assert!(message.contains("no `sslrootcert`"), "{message}");
}

#[test]
fn an_expired_certificate() {
    let authority = Authority::new("authority");
    let server = Encrypted::start(&authority.server(&["db.example"], 2021));
    let roots = authority.pem();
    for mode in ["verify-ca", "verify-full"] {
        let message = refuses(&server.server("db.example", mode, Some(&roots)));
        assert!(
            message.contains("its certificate has expired"),
            "{mode}: {message}"
        );
    }
    assert!(lets_in(&server.server("db.example", "require", None)));
}

#[test]
fn a_common_name_stands_for_missing_names() {
    let authority = Authority::new("authority");
    let server = Encrypted::start(&authority.common_name("db.example"));
    let roots = authority.pem();
    assert!(lets_in(&server.server(
        "db.example",
        "verify-full",
        Some(&roots)
    )));
    refuses(&server.server("elsewhere.example", "verify-full", Some(&roots)));
}

#[test]
fn a_server_that_signed_itself() {
    let pair = self_signed("db.example", 2100);
    let server = Encrypted::start(&pair);
    let roots = Some(pair.certificate.as_str());
    assert!(lets_in(&server.server("db.example", "verify-full", roots)));
    refuses(&server.server("elsewhere.example", "verify-full", roots));
    let late = self_signed("db.example", 2021);
    let server = Encrypted::start(&late);
    let asked = server.server("db.example", "verify-ca", Some(&late.certificate));
    let message = refuses(&asked);
    assert!(message.contains("its certificate has expired"), "{message}");
}

/// `allow` and `prefer` try the other way when the server refuses theirs.
#[test]
fn the_weak_modes_take_what_the_server_insists_on() {
    let authority = Authority::new("authority");
    let server = Encrypted::start(&authority.server(&["db.example"], 2100));
    let rule = |kind: &str| format!("local all all trust\n{kind} all all all scram-sha-256\n");
    server.host.set_rules(&rule("hostssl"));
    assert!(lets_in(&server.server("db.example", "allow", None)));
    let plain = refused(&server.server("db.example", "disable", None), "postgres");
    assert_eq!(plain.reason, "pg_auth");
    server.host.set_rules(&rule("hostnossl"));
    assert!(!lets_in(&server.server("db.example", "prefer", None)));
}
