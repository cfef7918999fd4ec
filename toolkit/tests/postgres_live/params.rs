//! Ways to a server on this host, as libpq knows them.

use crate::host::{Host, PASSWORD, direct, params, private_file, psql, refused};
use std::os::unix::fs::PermissionsExt;
use toolkit::postgres::{Server, Session};

fn number(server: &Server) -> u64 {
    let mut session = Session::open(server, "postgres").unwrap();
    session.number("SELECT 42").unwrap()
}

#[test]
fn sockets_services_and_password_files_lead_to_the_server() {
    let host = Host::start(None);
    let port = host.port.to_string();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| private_file(folder.path(), name, text);
    let pass = file("pass", &format!("*:{port}:*:app:{PASSWORD}\n"));
    let services = file(
        "services",
        &format!("[shop]\nhost=127.0.0.1\nport={port}\nuser=app\npassword={PASSWORD}\n"),
    );
    let socket = host.socket();
    let socket = socket.to_str().unwrap();
    let encoded = socket.replace('/', "%2F");
    for (text, variables) in [
        (
            None,
            vec![("PGHOST", socket), ("PGPORT", &port), ("PGUSER", "app")],
        ),
        (
            None,
            vec![("PGSERVICE", "shop"), ("PGSERVICEFILE", &services)],
        ),
        (
            Some(format!("postgres://app@localhost:{port}/postgres")),
            vec![("PGPASSFILE", pass.as_str())],
        ),
        (
            Some(format!("postgres://app@{encoded}:{port}/postgres")),
            vec![],
        ),
        (
            Some(format!(
                "postgres://app:{PASSWORD}@localhost:{port}/postgres?schema=public"
            )),
            vec![],
        ),
        (
            // Nobody listens on the first; the abstract name is nobody's.
            Some(format!(
                "postgres://app:{PASSWORD}@localhost:1,127.0.0.1:{port}/postgres"
            )),
            vec![],
        ),
    ] {
        let params = params(text.as_deref(), &variables).reached().unwrap();
        assert_eq!(params.hosts.len(), 1);
        let server = Server::direct(params);
        assert_eq!(number(&server), 42);
        assert_eq!(psql(&server, "postgres"), b"in\n", "{text:?} {variables:?}");
    }
}

#[test]
fn each_way_of_not_getting_in_has_its_reason() {
    let host = Host::start(None);
    let port = host.port;
    let url = |user: &str, rest: &str| format!("postgres://{user}@127.0.0.1:{port}/{rest}");
    let folder = tempfile::tempdir().unwrap();
    let pass = private_file(folder.path(), "pass", &format!("*:*:*:*:{PASSWORD}\n"));
    let all = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&pass, all).unwrap();
    let right = format!("app:{PASSWORD}");
    for (text, variables, reason, words) in [
        (
            url("app:wrong-one", ""),
            vec![],
            "pg_auth",
            "password authentication failed",
        ),
        (url("app", ""), vec![], "pg_auth", "password"),
        (
            url("app", ""),
            vec![("PGPASSFILE", pass.as_str())],
            "pg_auth",
            "password",
        ),
        (url(&right, "?sslmode=require"), vec![], "pg_tls", "TLS"),
        (
            "postgres://app@127.0.0.1:1/".to_owned(),
            vec![],
            "pg_unreachable",
            "refused",
        ),
        (
            "postgres://app@no-such-host.invalid/".to_owned(),
            vec![],
            "pg_unreachable",
            "no-such-host",
        ),
        (
            "host=/nowhere user=app".to_owned(),
            vec![],
            "pg_unreachable",
            "/nowhere",
        ),
    ] {
        let failure = refused(&direct(&text, &variables), "postgres");
        assert_eq!(failure.reason, reason, "{text}: {failure}");
        assert!(failure.message.contains(words), "{text}: {failure}");
        assert!(!format!("{failure:?}").contains(PASSWORD));
        if !variables.is_empty() {
            assert!(failure.hint.unwrap().contains("chmod 0600"));
        }
    }
    let failure = refused(&direct(&url(&right, ""), &[]), "nowhere");
    assert_eq!(failure.reason, "pg_no_database");
    let mut session = Session::open(&host.over_socket("postgres"), "postgres").unwrap();
    session
        .execute("ALTER DATABASE postgres CONNECTION LIMIT 0")
        .unwrap();
    session.execute("CREATE ROLE other LOGIN").unwrap();
    let socket = host.socket();
    let other = format!("host={} port={port} user=other", socket.display());
    let failure = refused(&direct(&other, &[]), "postgres");
    assert_eq!(failure.reason, "pg_too_many_connections");
}

#[test]
fn unreachable_hosts_are_all_named() {
    let error = params(Some("postgres://u@127.0.0.1:1,127.0.0.1:2/d"), &[]).reached();
    let message = format!("{:#}", error.unwrap_err());
    for place in ["127.0.0.1:1", "127.0.0.1:2"] {
        assert!(message.contains(place), "{message}");
    }
}

/// A server that accepts and never answers does not hold the tool for ever.
#[test]
fn a_silent_server_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let text = format!("postgres://u@127.0.0.1:{port}/d?connect_timeout=1");
    let failure = refused(&direct(&text, &[]), "d");
    assert_eq!(failure.reason, "pg_unreachable");
    assert!(failure.message.contains("within 1 s"), "{failure}");
}
