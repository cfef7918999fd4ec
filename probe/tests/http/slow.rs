//! Servers that are slow on purpose: the time limit holds.

use crate::look::{failed, look};
use crate::server::{at, request, server, told};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Writes a byte now and then, for as long as somebody reads.
fn drip(stream: &mut TcpStream, bytes: impl IntoIterator<Item = u8>) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[byte])?;
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

#[test]
fn one_that_never_answers() {
    let port = server(|mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).map(drop)
    });
    told(
        port,
        "timeout",
        "connected, but not a byte came: no answer within 700ms",
    );
    let found = at("https", port, "");
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "timeout");
    assert!(
        observed.contains("no TLS handshake with localhost:"),
        "{observed}"
    );
}

#[test]
fn one_that_accepts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // Connections that nobody accepts, until one more has to wait: each on a
    // thread of its own, as the last one never returns.
    let (filled, fills) = std::sync::mpsc::channel();
    let to = path.clone();
    thread::spawn(move || {
        let mut held = Vec::new();
        while let Ok(stream) = std::os::unix::net::UnixStream::connect(&to) {
            held.push(stream);
            let _ = filled.send(());
        }
    });
    while fills.recv_timeout(Duration::from_millis(500)).is_ok() {}
    let keys = format!(
        "url = 'http://a/'\ntimeout = '700ms'\nsocket = '{}'",
        path.display()
    );
    let begun = Instant::now();
    let found = look("http", &keys);
    assert!(begun.elapsed() < Duration::from_secs(10));
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "timeout");
    assert!(observed.contains("nobody accepts on"), "{observed}");
}

#[test]
fn one_that_sends_a_byte_now_and_then() {
    let headers = server(|mut stream| {
        request(&mut stream)?;
        drip(
            &mut stream,
            b"HTTP/1.1 200 OK\r\nA: "
                .iter()
                .copied()
                .chain(std::iter::repeat(b'a')),
        )
    });
    told(
        headers,
        "timeout",
        "connected, but the headers have no end; ",
    );
    let body = server(|mut stream| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        drip(&mut stream, std::iter::repeat(b'a'))
    });
    told(
        body,
        "timeout",
        "status 200 came, but the body has no end; ",
    );
    let handshake = server(|mut stream| {
        // The head of a TLS record that is as long as one can be.
        drip(
            &mut stream,
            [22, 3, 3, 64, 0].into_iter().chain(std::iter::repeat(2)),
        )
    });
    let found = at("https", handshake, "");
    assert_eq!(failed(&found).0, "timeout");
}
