//! A server of one test's own: it notes what it is asked, and answers as the
//! test says.

#![allow(dead_code)] // Each of the tests uses a part of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `GET /api/users`.
    pub(crate) what: String,
    /// Its headers, a line each.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// Listens until the test ends.
pub(crate) struct Server {
    address: SocketAddr,
    noted: Arc<Noted>,
}

#[derive(Default)]
struct Noted {
    connections: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
    asked: Mutex<Vec<Asked>>,
}

impl Server {
    /// Answers each request with the bytes that `answer` makes of it.
    pub(crate) fn start(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::noting(move |mut stream, asked, noted| {
            let now = noted.now.fetch_add(1, Ordering::SeqCst) + 1;
            noted.most.fetch_max(now, Ordering::SeqCst);
            let bytes = answer(asked);
            // Over before any of the answer can be seen.
            noted.now.fetch_sub(1, Ordering::SeqCst);
            stream.write_all(&bytes)
        })
    }

    /// Answers each request as `answer` does with its connection.
    pub(crate) fn raw(
        answer: impl Fn(TcpStream, &Asked) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::noting(move |stream, asked, _| answer(stream, asked))
    }

    fn noting(
        answer: impl Fn(TcpStream, &Asked, &Noted) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (answer, noted) = (Arc::new(answer), Arc::new(Noted::default()));
        let server = Self {
            address,
            noted: Arc::clone(&noted),
        };
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                noted.connections.fetch_add(1, Ordering::SeqCst);
                let (answer, noted) = (Arc::clone(&answer), Arc::clone(&noted));
                thread::spawn(move || serve(stream, &noted, &*answer));
            }
        });
        server
    }

    /// `host:port`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// What was asked, in the order in which it came.
    pub(crate) fn requests(&self) -> Vec<Asked> {
        self.noted.asked.lock().unwrap().clone()
    }

    /// The same, as `GET /a`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|asked| asked.what)
            .collect()
    }

    /// How often it was connected to.
    pub(crate) fn connections(&self) -> usize {
        self.noted.connections.load(Ordering::SeqCst)
    }

    /// How many requests that [`Server::start`] answers waited at the same time,
    /// at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.noted.most.load(Ordering::SeqCst)
    }
}

fn serve(
    stream: TcpStream,
    noted: &Noted,
    answer: &dyn Fn(TcpStream, &Asked, &Noted) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let asked = read(&stream)?;
    if asked.what.is_empty() {
        return Ok(());
    }
    noted.asked.lock().unwrap().push(asked.clone());
    answer(stream, &asked, noted)
}

fn read(stream: &TcpStream) -> std::io::Result<Asked> {
    let mut stream = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let from = head.len();
        if stream.read_line(&mut head)? == 0 || head[from..].trim().is_empty() {
            break;
        }
        let line = head[from..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let (first, head) = head.split_once("\r\n").unwrap_or_default();
    Ok(Asked {
        what: first.trim_end_matches(" HTTP/1.1").to_owned(),
        head: head.to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// A response with these header lines.
pub(crate) fn response(status: u16, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} It\r\nContent-Length: {}\r\n", body.len());
    for header in headers {
        head.extend([*header, "\r\n"]);
    }
    [head.as_bytes(), b"Connection: close\r\n\r\n", body].concat()
}

/// JSON.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    response(status, &["Content-Type: application/json"], body)
}

/// A server that answers any request with `200` and `{"ok": true}`.
pub(crate) fn well() -> Server {
    Server::start(|_| json(200, r#"{"ok": true}"#))
}
