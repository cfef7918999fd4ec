//! Servers that are slow on purpose, or gone: the time limit holds.

use crate::Hostile;
use crate::server::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// A call that is given four seconds.
const LATE: &str = "call = 'GET / 200'\ntimeout = '4s'";

/// Writes a byte a second, for as long as somebody reads.
fn drip(stream: &mut TcpStream) -> std::io::Result<()> {
    loop {
        stream.write_all(b"a")?;
        thread::sleep(Duration::from_secs(1));
    }
}

/// Writes `first`, and the rest a byte a second.
fn dripping(first: &'static str) -> Hostile {
    Hostile::start(move |mut stream, _| {
        stream.write_all(first.as_bytes())?;
        drip(&mut stream)
    })
}

#[test]
fn a_byte_a_second() {
    let head = dripping("HTTP/1.1 200 OK\r\nA: ");
    head.told(LATE, "timeout", "connected, but the headers have no end");
    let body = dripping("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    body.told(LATE, "timeout", "status 200 came, but the body has no end");
    let chunk = dripping("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n");
    chunk.told(LATE, "timeout", "status 200 came, but the body has no end");
}

/// The limit is that of each try, and `retry` says how long there is another.
#[test]
fn no_answer_at_all() {
    let silent = || {
        Hostile::start(|mut stream, _| {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).map(drop)
        })
    };
    let why = "connected, but not a byte came: no answer within 4s";
    silent().told(LATE, "timeout", why);
    let tries = silent();
    tries.told(
        "call = 'GET / 200'\ntimeout = '300ms'\nretry = '5s'",
        "timeout",
        "no answer within 300ms",
    );
    assert!(tries.server.connections() > 2, "it tries again");
    let many = silent();
    many.told(
        "call = 'GET / 200'\ntimeout = '300ms'\nrepeat = 20",
        "timeout",
        "",
    );
    assert_eq!(
        many.server.asked(),
        ["GET /", "GET /peak"],
        "one that fails ends it"
    );
}

#[test]
fn closed_early() {
    for (sent, what) in [
        (
            "",
            "the connection was closed: connected, but not a byte came",
        ),
        (
            "HTTP/1.1 200 OK\r\nA: ",
            "the connection was closed: connected, but the headers have no end",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
            "status 200 came, but the body has no end",
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort",
            "status 200 came, but the body has no end",
        ),
    ] {
        Hostile::says(sent).told("call = 'GET / 200'", "http_broken_off", what);
    }
}

/// What one step waited for in vain takes no time from the others.
#[test]
fn one_that_hangs_leaves_the_rest_its_time() {
    let server = Hostile::start(|mut stream, asked| {
        if asked.what == "GET /well" {
            return stream.write_all(&json(200, "{}"));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nA: ")?;
        drip(&mut stream)
    });
    let ran = server.run(
        "[[step]]\ncalls = 'GET /hangs 200'\ntimeout = '4s'\n[[step]]\ncall = 'GET /well 200'",
        &[],
    );
    assert_eq!(ran.seen.code, Some(1));
    assert_eq!(ran.step("GET /hangs")["reason"], "timeout");
    assert_eq!(ran.step("GET /well")["status"], "ok");
}
