//! Servers that mean harm, each until the test ends; their addresses.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Result, Write, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// Does `act` with each connection, on a thread of its own.
fn server(act: impl Fn(TcpStream) -> Result<()> + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let act = Arc::new(act);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let act = Arc::clone(&act);
            thread::spawn(move || act(stream));
        }
    });
    address
}

/// Never answers.
pub(crate) fn silent() -> String {
    server(|mut stream| copy(&mut stream, &mut sink()).map(drop))
}

/// Sends a byte a second.
pub(crate) fn dripping(bytes: &'static [u8]) -> String {
    server(move |mut stream| {
        for byte in bytes.iter().cycle() {
            stream.write_all(&[*byte])?;
            thread::sleep(Duration::from_secs(1));
        }
        Ok(())
    })
}

/// Sends a beginning, and then a gigabyte.
pub(crate) fn flooding(beginning: &'static [u8]) -> String {
    server(move |mut stream| {
        stream.write_all(beginning)?;
        let block = vec![b'a'; 1 << 16];
        (0..1 << 14).try_for_each(|_| stream.write_all(&block))
    })
}

/// Answers any request, and whatever else begins, with these bytes.
pub(crate) fn saying(bytes: impl Into<Vec<u8>>) -> String {
    let bytes = bytes.into();
    server(move |mut stream| {
        let mut some = [0; 4096];
        let _ = stream.read(&mut some)?;
        stream.write_all(&bytes)
    })
}

/// Answers with a body, by HTTP.
pub(crate) fn answering(body: &[u8]) -> String {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    saying([head.as_bytes(), body].concat())
}

/// Answers with zeroes that are a thousandth as long as long as they travel.
pub(crate) fn bomb() -> String {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..256 {
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    saying([&head[..], &gzip.finish().unwrap()].concat())
}
