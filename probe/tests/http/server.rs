//! Servers that mean harm, each of a few lines, and what is told of them.

use crate::look::{failed, look};
use probe::Finding;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How much longer than it should a busy machine may take.
const SLACK: Duration = Duration::from_secs(20);

/// A server that does `act` with each connection, until the test ends.
pub(crate) fn server(
    act: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let act = Arc::new(act);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let act = Arc::clone(&act);
            thread::spawn(move || act(stream));
        }
    });
    port
}

/// A server that answers each request with these bytes, then closes.
pub(crate) fn says(bytes: impl Into<Vec<u8>>) -> u16 {
    let bytes = bytes.into();
    server(move |mut stream| {
        request(&mut stream)?;
        stream.write_all(&bytes)
    })
}

/// Reads a request's headers.
pub(crate) fn request(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
        bytes.push(byte[0]);
    }
    Ok(bytes)
}

/// Looks at a port where all is said at once: no limit ends that.
pub(crate) fn at(scheme: &str, port: u16, keys: &str) -> Finding {
    within(
        Duration::ZERO,
        scheme,
        port,
        &format!("timeout = '1m'\n{keys}"),
    )
}

/// Looks for a second at a port where nothing comes to its end.
pub(crate) fn late(scheme: &str, port: u16) -> Finding {
    within(Duration::from_secs(1), scheme, port, "timeout = '1s'")
}

fn within(limit: Duration, scheme: &str, port: u16, keys: &str) -> Finding {
    let begun = Instant::now();
    let keys = format!("url = '{scheme}://localhost:{port}/'\n{keys}");
    let found = look("http", &keys);
    let took = begun.elapsed();
    assert!(took < limit + SLACK, "it took {took:?}");
    found
}

/// Holds what is told of a port to what happened there.
pub(crate) fn told(port: u16, reason: &str, what: &str) {
    is(&at("http", port, ""), reason, what);
}

/// Fails unless this is what was told.
pub(crate) fn is(found: &Finding, reason: &str, what: &str) {
    let (found, observed) = failed(found);
    assert_eq!(found, reason, "{observed}");
    assert!(observed.contains(what), "{observed}");
}
