//! A server that is told of alerts.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

/// A webhook: each request is told as its first line and its body, and
/// answered with `status`.
pub(crate) struct Hook {
    pub(crate) port: u16,
    requests: Receiver<(String, Value)>,
}

impl Hook {
    pub(crate) fn answering(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (told, requests) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let request = request(&mut stream.unwrap(), status);
                if told.send(request).is_err() {
                    return;
                }
            }
        });
        Self { port, requests }
    }

    pub(crate) fn next(&self) -> (String, Value) {
        let waiting = Duration::from_secs(60);
        self.requests
            .recv_timeout(waiting)
            .expect("somebody is told")
    }

    pub(crate) fn heard_nothing(&self) -> bool {
        self.requests.try_recv().is_err()
    }
}

fn request(stream: &mut TcpStream, status: &str) -> (String, Value) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        if first.is_empty() {
            line.clone_into(&mut first);
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"
    )
    .unwrap();
    let text = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (first, body)
}
