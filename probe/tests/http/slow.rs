//! Servers that are slow on purpose: the time limit holds.

use crate::look::{failed, look};
use crate::server::{is, late, request, server};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
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
    is(
        &late("http", port),
        "timeout",
        "connected, but not a byte came: no answer within 1s",
    );
    let found = late("https", port);
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
    // Connections that nobody accepts, until one more would have to wait.
    let full = SocketAddrUnix::new(&path).unwrap();
    let mut held = Vec::new();
    loop {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
        let socket = socket.unwrap();
        match net::connect(&socket, &full) {
            Ok(()) => held.push(socket),
            Err(error) => break assert_eq!(error, Errno::AGAIN),
        }
    }
    let keys = format!(
        "url = 'http://a/'\ntimeout = '1s'\nsocket = '{}'",
        path.display()
    );
    let begun = Instant::now();
    let found = look("http", &keys);
    assert!(begun.elapsed() < Duration::from_secs(20));
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
    is(
        &late("http", headers),
        "timeout",
        "connected, but the headers have no end; ",
    );
    let body = server(|mut stream| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")?;
        drip(&mut stream, std::iter::repeat(b'a'))
    });
    is(
        &late("http", body),
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
    let found = late("https", handshake);
    assert_eq!(failed(&found).0, "timeout");
}
