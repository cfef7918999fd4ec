//! Kept connections that turn out to be closed, or are slow: each request has its
//! own time, and none is asked twice that was answered.

use crate::server::{request, server};
use probe::Deadline;
use probe::http::{Connections, Request, Response};
use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::testing::until;

const WELL: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A server that answers the first request of each connection, and keeps it.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
}

impl Server {
    /// `next` is what it does with the second request of a connection.
    fn start(next: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let (connections, requests) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let noted = (Arc::clone(&connections), Arc::clone(&requests));
        let port = server(move |mut stream| {
            noted.0.fetch_add(1, Ordering::SeqCst);
            if !request(&mut stream)?.is_empty() {
                noted.1.fetch_add(1, Ordering::SeqCst);
                stream.write_all(WELL)?;
            }
            if !request(&mut stream)?.is_empty() {
                noted.1.fetch_add(1, Ordering::SeqCst);
                next(&mut stream)?;
            }
            Ok(())
        });
        Self {
            port,
            connections,
            requests,
        }
    }

    fn ask(
        &self,
        connections: &mut Connections,
        method: &str,
        seconds: u64,
    ) -> anyhow::Result<Response> {
        let request = Request {
            method: method.into(),
            ..Request::get(&format!("http://127.0.0.1:{}/", self.port)).unwrap()
        };
        request.send_over(connections, Deadline::after(Duration::from_secs(seconds)))
    }

    /// Asks twice, until the second one went over the connection of the first,
    /// which is not kept for long; what came of it, and how many connections and
    /// requests that made.
    fn twice(&self, method: &str, seconds: u64) -> (anyhow::Result<Response>, usize, usize) {
        let mut found = None;
        until("a connection is used again", || {
            let before = (self.connections(), self.requests());
            let mut connections = Connections::kept();
            self.ask(&mut connections, "GET", 60).unwrap();
            let one = self.connections() == before.0 + 1;
            let answer = self.ask(&mut connections, method, seconds);
            let made = (self.connections() - before.0, self.requests() - before.1);
            let is_used = made.1 > made.0;
            found = Some((answer, made.0, made.1));
            one && is_used
        });
        found.unwrap()
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

#[test]
fn what_is_not_answered_there_is_asked_once_more() {
    let server = Server::start(|_| Ok(()));
    for method in ["GET", "OPTIONS", "DELETE"] {
        let (answer, connections, requests) = server.twice(method, 60);
        let answer = answer.unwrap();
        assert!(answer.is_again, "that is told");
        assert_eq!((answer.status, connections, requests), (200, 2, 3));
    }
}

/// Not one of them is asked twice, and none fails.
#[test]
fn a_server_that_closes_without_a_word_loses_nothing() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let port = server(move |mut stream| {
        if !request(&mut stream)?.is_empty() {
            counted.fetch_add(1, Ordering::SeqCst);
            stream.write_all(WELL)?;
        }
        Ok(())
    });
    let mut connections = Connections::kept();
    for method in ["GET", "POST"].into_iter().cycle().take(200) {
        let request = Request {
            method: method.into(),
            ..Request::get(&format!("http://127.0.0.1:{port}/")).unwrap()
        };
        let deadline = Deadline::after(Duration::from_secs(60));
        request.send_over(&mut connections, deadline).unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 200);
}

/// It may have been done already, all but the answer.
#[test]
fn what_was_answered_in_part_is_not_asked_again() {
    let server = Server::start(|stream| stream.write_all(b"HTTP/1.1 2"));
    let (answer, connections, requests) = server.twice("GET", 60);
    let failure = Failure::of(&answer.unwrap_err());
    assert_eq!(failure.reason, "http_broken_off");
    assert_eq!((connections, requests), (1, 2));
}

#[test]
fn what_is_late_is_not_asked_again() {
    let server = Server::start(|stream| request(stream).map(drop));
    let begun = Instant::now();
    let (answer, connections, requests) = server.twice("GET", 1);
    let failure = Failure::of(&answer.unwrap_err());
    assert_eq!(failure.reason, "timeout");
    assert!(failure.message.contains("not a byte came"), "{failure:?}");
    assert!(failure.message.contains("within 1s"), "{failure:?}");
    assert!(begun.elapsed() < Duration::from_secs(60), "its own limit");
    assert_eq!((connections, requests), (1, 2));
}

/// The first request's time is over when the second is answered.
#[test]
fn who_asked_before_had_a_limit_of_its_own() {
    let server = Server::start(|stream| {
        thread::sleep(Duration::from_secs(3));
        stream.write_all(WELL)
    });
    until("a connection is used again", || {
        let mut connections = Connections::kept();
        server.ask(&mut connections, "GET", 2).unwrap();
        let before = server.connections();
        let answer = server.ask(&mut connections, "GET", 60).unwrap();
        let is_used = server.connections() == before;
        assert!(!is_used || answer.first_byte >= Duration::from_secs(3));
        is_used
    });
}

#[test]
fn one_that_is_known_to_be_closed_is_not_used() {
    let (closed, is_closed) = channel();
    let port = server(move |mut stream| {
        request(&mut stream)?;
        stream.write_all(WELL)?;
        stream.shutdown(Shutdown::Both)?;
        let _ = closed.send(());
        Ok(())
    });
    until("nothing is asked twice", || {
        let mut connections = Connections::kept();
        let mut ask = || {
            let get = Request::get(&format!("http://127.0.0.1:{port}/")).unwrap();
            let deadline = Deadline::after(Duration::from_secs(60));
            get.send_over(&mut connections, deadline).unwrap()
        };
        ask();
        is_closed.recv().unwrap();
        let answer = ask();
        is_closed.recv().unwrap();
        !answer.is_again
    });
}

/// It is no answer to what was not asked yet.
#[test]
fn what_comes_unasked_is_left_with_its_connection() {
    let unasked = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
    let port = server(move |mut stream| {
        request(&mut stream)?;
        stream.write_all(&[WELL, unasked].concat())?;
        request(&mut stream).map(drop)
    });
    let mut connections = Connections::kept();
    for _ in 0..20 {
        let get = Request::get(&format!("http://127.0.0.1:{port}/")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(60));
        let answer = get.send_over(&mut connections, deadline).unwrap();
        assert_eq!(answer.body, b"ok");
    }
}
