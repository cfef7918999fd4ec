//! Servers that mean harm, each until the test ends; their addresses.

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{Read, Result, Write, copy, sink};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
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

/// Poses as PostgreSQL that speaks no TLS: gives each of these answers to what it
/// is told, and then `beginning` and a gigabyte of `more`, again and again.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) answers: Vec<Vec<u8>>,
    pub(crate) beginning: Vec<u8>,
    pub(crate) more: Vec<u8>,
}

impl Postgres {
    /// Its address.
    pub(crate) fn start(self) -> String {
        server(move |stream| self.pose(stream))
    }

    /// The same at a socket with the number 5432 in a folder.
    pub(crate) fn start_in(self, folder: &Path) {
        let listener = UnixListener::bind(folder.join(".s.PGSQL.5432")).unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = self.clone();
                thread::spawn(move || server.pose(stream));
            }
        });
    }

    fn pose(&self, mut stream: impl Read + Write) -> Result<()> {
        const SSL_REQUEST: &[u8] = &[0, 0, 0, 8, 4, 210, 22, 47];
        let mut some = [0; 4096];
        let mut answers = self.answers.iter();
        loop {
            let read = stream.read(&mut some)?;
            if &some[..read] == SSL_REQUEST {
                stream.write_all(b"N")?;
            } else if let Some(answer) = answers.next() {
                stream.write_all(answer)?;
            } else {
                break;
            }
        }
        stream.write_all(&self.beginning)?;
        let block = self.more.repeat((1 << 16) / self.more.len());
        (0..1 << 14).try_for_each(|_| stream.write_all(&block))
    }
}

/// A message of PostgreSQL.
pub(crate) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind], &length.to_be_bytes()[..], body].concat()
}
