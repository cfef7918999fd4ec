//! Dumps from real servers, verified.

use super::servers::{
    Container, Local, REDIS_7, REDIS_8, ask, fill, fill_news_of_8, free_port, keyspace, tcp,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::fs;
use std::path::Path;
use toolkit::failure::Failure;
use toolkit::redis::rdb::{self, Checksum, Rdb};
use toolkit::redis::{self, Link, Server, Tls};

fn dump(server: &Server) -> Vec<u8> {
    let mut bytes = Vec::new();
    let length = redis::dump(server, &mut bytes).unwrap();
    assert_eq!(length, bytes.len() as u64);
    bytes
}

fn inspect(bytes: &[u8]) -> Rdb {
    rdb::inspect(bytes).unwrap()
}

fn failure(server: &Server) -> Failure {
    let error = redis::dump(server, &mut Vec::new()).unwrap_err();
    Failure::of(&error)
}

/// The dump holds what the server says it holds, and no flipped bit of it
/// passes.
fn dumps_everything(server: &Server, version: &str) {
    let bytes = dump(server);
    let rdb = inspect(&bytes);
    assert_eq!(rdb.databases, Some(keyspace(server)));
    assert_eq!(rdb.uncounted, None);
    assert_eq!(rdb.checksum, Checksum::Verified);
    assert_eq!(rdb.functions, 1);
    assert!(rdb.redis_version.unwrap().starts_with(version));
    assert_eq!(rdb.bytes, bytes.len() as u64);
    for place in (0..bytes.len()).step_by(13) {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        assert!(rdb::inspect(&flipped[..]).is_err(), "byte {place}");
    }
    for length in (0..bytes.len()).step_by(101) {
        assert!(rdb::inspect(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn redis_7_in_both_forms() {
    let container = Container::start(REDIS_7, &["--requirepass", "a seven-pass"]);
    let server = container.server();
    fill(&server);
    for diskless in ["yes", "no"] {
        ask(&server, &["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        ask(&server, &["CONFIG", "SET", "repl-diskless-sync", diskless]);
        dumps_everything(&server, "7.");
    }
}

#[test]
fn redis_8_with_fields_that_expire() {
    let options = [
        "--requirepass",
        "an eight-pass",
        "--repl-diskless-sync-delay",
        "0",
    ];
    let container = Container::start(REDIS_8, &options);
    let server = container.server();
    fill(&server);
    fill_news_of_8(&server);
    let subexpiry = keyspace(&server)[&0].subexpiry;
    assert_eq!(subexpiry, 2);
    dumps_everything(&server, "8.");
    let modules = inspect(&dump(&server)).modules;
    assert_eq!(modules.into_iter().collect::<Vec<_>>(), ["vectorset"]);
}

#[test]
fn every_single_bit_counts() {
    let local = Local::plain(&["--repl-diskless-sync-delay", "0"]);
    for line in ["SET a b", "RPUSH l 1 2 3", "SET e x EX 1000", "HSET h f v"] {
        let words: Vec<&str> = line.split(' ').collect();
        ask(&local.server(), &words);
    }
    let bytes = dump(&local.server());
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(rdb::inspect(&flipped[..]).is_err(), "bit {bit}");
    }
}

#[test]
fn an_empty_server_and_one_without_checksums() {
    let local = Local::plain(&["--repl-diskless-sync-delay", "0", "--rdbchecksum", "no"]);
    let rdb = inspect(&dump(&local.server()));
    assert_eq!(rdb.databases.unwrap().len(), 0);
    assert_eq!(rdb.checksum, Checksum::Disabled);
}

#[test]
fn old_encodings_of_large_values() {
    let small = [
        "--list-max-listpack-size",
        "1",
        "--hash-max-listpack-entries",
        "0",
    ];
    let local = Local::plain(&[&small[..], &["--zset-max-listpack-entries", "0"]].concat());
    fill(&local.server());
    ask(&local.server(), &["CONFIG", "SET", "rdbcompression", "no"]);
    dumps_everything(&local.server(), "7.");
}

#[test]
fn a_replica_gets_what_its_primary_has() {
    let primary = Local::plain(&["--repl-diskless-sync-delay", "0"]);
    fill(&primary.server());
    let port = primary.port.to_string();
    let replica = Local::plain(&["--repl-diskless-sync-delay", "0"]);
    ask(&replica.server(), &["REPLICAOF", "127.0.0.1", &port]);
    super::servers::eventually("the replica never follows", || {
        let info = Link::open(&replica.server())?.info("replication")?;
        anyhow::ensure!(info["master_link_status"] == "up");
        Ok(())
    });
    dumps_everything(&replica.server(), "7.");
    drop(primary);
    super::servers::eventually("the replica never notices", || {
        let info = Link::open(&replica.server())?.info("replication")?;
        anyhow::ensure!(info["master_link_status"] == "down");
        Ok(())
    });
    assert_eq!(failure(&replica.server()).reason, "redis_replica_unsynced");
}

#[test]
fn passwords_and_users() {
    let local = Local::start(
        &[
            "--requirepass",
            "correct horse",
            "--repl-diskless-sync-delay",
            "0",
        ],
        |_, port| tcp(port).password("correct horse"),
    );
    let admin = local.server().password("correct horse");
    let dumper = [
        "ACL",
        "SETUSER",
        "dumper",
        "on",
        ">p/a@s:s",
        "+psync",
        "+replconf",
    ];
    ask(&admin, &dumper);

    assert_eq!(failure(&local.server()).reason, "redis_auth");
    let wrong = failure(&local.server().password("battery staple"));
    assert_eq!(wrong.reason, "redis_auth");
    assert!(!wrong.message.contains("staple"), "{}", wrong.message);

    let url = format!("redis://dumper:p%2Fa%40s%3As@127.0.0.1:{}/5", local.port);
    let forbidden = failure(&Server::from_url(&url).unwrap());
    assert_eq!(forbidden.reason, "redis_no_permission");
    assert!(forbidden.hint.unwrap().contains("+psync +sync +replconf"));
    ask(&admin, &["ACL", "SETUSER", "dumper", "+sync"]);
    inspect(&dump(&Server::from_url(&url).unwrap()));

    ask(&admin, &["ACL", "SETUSER", "dumper", "-replconf"]);
    let forbidden = failure(&Server::from_url(&url).unwrap());
    assert_eq!(forbidden.reason, "redis_no_permission");
}

#[test]
fn a_password_that_the_server_does_not_want_is_no_obstacle() {
    let local = Local::plain(&["--repl-diskless-sync-delay", "0"]);
    inspect(&dump(&local.server().password("needless")));
}

#[test]
fn what_cannot_be_dumped_says_why() {
    let renamed = Local::plain(&["--rename-command", "SYNC", ""]);
    assert_eq!(failure(&renamed.server()).reason, "redis_sync_refused");
    assert_eq!(failure(&tcp(free_port())).reason, "redis_unreachable");
    let nowhere = Server::unix("/nowhere/redis.sock");
    assert_eq!(failure(&nowhere).reason, "redis_unreachable");
}

#[test]
fn a_snapshot_that_fails_is_no_dump() {
    let local = Local::plain(&["--repl-diskless-sync", "no"]);
    fill(&local.server());
    // The snapshot goes through a file in the server's folder, which is gone.
    fs::remove_dir_all(local.folder.path()).unwrap();
    let failure = failure(&local.server());
    let reasons = ["redis_sync_refused", "redis_dump_truncated"];
    assert!(reasons.contains(&failure.reason), "{failure:?}");
}

#[test]
fn over_a_unix_socket() {
    let options = [
        "--unixsocket",
        "redis.sock",
        "--repl-diskless-sync-delay",
        "0",
    ];
    let local = Local::plain(&options);
    let socket = local.folder.path().join("redis.sock");
    let url = format!("redis+unix://{}?db=3", socket.display());
    inspect(&dump(&Server::from_url(&url).unwrap()));
}

/// An authority, and a certificate of it for 127.0.0.1, as files.
pub(crate) fn certificates(folder: &Path) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    // OpenSSL takes a certificate whose issuer is called as itself for its own.
    authority
        .distinguished_name
        .push(DnType::CommonName, "test authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let leaf = CertificateParams::new(names).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    for (name, content) in [
        ("ca.pem", certificate.pem()),
        ("server.pem", leaf.pem()),
        ("server.key", key.serialize_pem()),
    ] {
        toolkit::durable::write(&folder.join(name), content.as_bytes()).unwrap();
    }
}

#[test]
fn over_tls() {
    let files = tempfile::TempDir::new().unwrap();
    certificates(files.path());
    let file = |name: &str| files.path().join(name).display().to_string();
    let trusting = Tls::default().authority(file("ca.pem"));
    let identified = trusting
        .clone()
        .identity(file("server.pem"), file("server.key"));
    let tls_port = free_port();
    let plain_port = free_port();
    let (port, plain) = (tls_port.to_string(), plain_port.to_string());
    let _local = Local::start(
        &[
            "--tls-port",
            &port,
            "--port",
            &plain,
            "--tls-ca-cert-file",
            &file("ca.pem"),
            "--tls-cert-file",
            &file("server.pem"),
            "--tls-key-file",
            &file("server.key"),
            "--requirepass",
            "over-tls-only",
            "--repl-diskless-sync-delay",
            "0",
        ],
        |_, _| tcp(plain_port).password("over-tls-only"),
    );
    let server = tcp(tls_port).password("over-tls-only");

    fill(&server.clone().tls(identified.clone()));
    dumps_everything(&server.clone().tls(identified.clone()), "7.");
    // `tls-auth-clients` is on by default.
    assert_eq!(failure(&server.clone().tls(trusting)).reason, "redis_tls");
    let distrusting = Tls::default().identity(file("server.pem"), file("server.key"));
    assert_eq!(
        failure(&server.clone().tls(distrusting.clone())).reason,
        "redis_tls"
    );
    inspect(&dump(&server.clone().tls(distrusting.insecure())));

    let elsewhere = Server::from_url(&format!("redis://localhost:{tls_port}")).unwrap();
    let wrong_name = failure(&elsewhere.tls(identified.clone()));
    assert_eq!(wrong_name.reason, "redis_tls");
    assert_eq!(failure(&server).reason, "redis_unreachable");
    let not_tls = failure(&tcp(plain_port).tls(identified));
    assert_eq!(not_tls.reason, "redis_tls");
    let missing = Tls::default().authority("/nowhere/ca.pem");
    assert_eq!(failure(&server.tls(missing)).reason, "redis_tls_config");
}
