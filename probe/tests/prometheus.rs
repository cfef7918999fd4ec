//! Prometheus as it is: a real server that scrapes itself, and ones that are
//! none.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test's helpers fail as tests do

mod look;

use look::{failed, look, passed, refused};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use toolkit::testing::{Place, free_port, until};

struct Server {
    _place: Place,
    process: Child,
    port: u16,
}

impl Server {
    /// One that scrapes itself, and the port `app`.
    fn start(app: u16) -> Self {
        let place = Place::new();
        let port = free_port();
        place.write(
            "prometheus.yml",
            format!(
                "global: {{ scrape_interval: 200ms, scrape_timeout: 200ms }}\n\
                 scrape_configs:\n\
                 - {{ job_name: itself, static_configs: [{{ targets: ['127.0.0.1:{port}'] }}] }}\n\
                 - {{ job_name: app, static_configs: [{{ targets: ['127.0.0.1:{app}'] }}] }}\n"
            ),
        );
        let process = place
            .tool("prometheus")
            .args(["--config.file", "prometheus.yml"])
            .args(["--storage.tsdb.path", "data"])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus is installed");
        let server = Self {
            _place: place,
            process,
            port,
        };
        until("prometheus has scraped both", || {
            let both = "query = 'count(up)'\nbelow = { fail = 1 }";
            server.check(both).reason.is_none()
        });
        server
    }

    fn check(&self, keys: &str) -> probe::Finding {
        look(
            "prometheus",
            &format!("url = 'http://127.0.0.1:{}/'\n{keys}", self.port),
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn what_is_down_is_named_until_it_is_up() {
    let app = free_port();
    let mut server = Server::start(app);
    let up = "query = 'up'\nbelow = { fail = 0 }";
    let found = server.check(up);
    let down = format!("`up{{instance=\"127.0.0.1:{app}\",job=\"app\"}}` is 0");
    assert_eq!(failed(&found), ("prometheus_below", down.as_str()));
    assert_eq!(found.expected, "more than 0");
    assert!(found.also.is_empty());
    answer(TcpListener::bind(("127.0.0.1", app)).unwrap(), "a 1\n", 1);
    until("it is up", || server.check(up).reason.is_none());
    let found = server.check(up);
    assert_eq!(passed(&found), "2 samples from 1 to 1");
    assert_eq!(found.expected, "`up`: more than 0");
    let found = server.check("query = 'sum(up) / count(up)'\nbelow = { warn = 0.9, fail = 0.5 }");
    assert_eq!(passed(&found), "the result is 1");
    server.process.kill().unwrap();
    server.process.wait().unwrap();
    assert_eq!(failed(&server.check(up)).0, "tcp_refused");
}

#[test]
fn queries_that_say_nothing_are_told() {
    let server = Server::start(free_port());
    let found = server.check("query = 'up{job=\"nobody\"}'\nbelow = { fail = 0 }");
    assert_eq!(failed(&found), ("prometheus_empty", "no sample"));
    passed(&server.check("query = 'up{job=\"nobody\"}'\nbelow = { fail = 0 }\nempty = 'ok'"));
    passed(&server.check("query = 'ALERTS{alertstate=\"firing\"}'\nempty = 'only'"));
    assert_eq!(
        failed(&server.check("query = 'up'\nempty = 'only'")).0,
        "prometheus_sample"
    );
    for (query, reason, what) in [
        ("up{", "prometheus_query", "the query fails: "),
        ("up[5m]", "prometheus_type", "the result is a matrix"),
        ("\"text\"", "prometheus_type", "the result is a string"),
        ("vector(0/0)", "prometheus_nan", "the result is NaN"),
        ("scalar(vector(7))", "prometheus_above", "the result is 7"),
    ] {
        let found = server.check(&format!("query = '{query}'\nabove = {{ fail = 5 }}"));
        let (found, observed) = failed(&found);
        assert_eq!(found, reason, "{observed}");
        assert!(observed.contains(what), "{observed}");
    }
    let elsewhere = format!(
        "url = 'http://127.0.0.1:{}/api/v1'\nquery = 'up'\nabove = {{ fail = 5 }}",
        server.port
    );
    let found = look("prometheus", &elsewhere);
    assert_eq!(failed(&found).0, "prometheus_answer");
    assert!(found.hint.unwrap().contains("without `/api/v1`"));
}

/// A server that answers with `body`, over and over where that is wanted.
fn says(body: &'static str, times: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    answer(listener, body, times);
    port
}

fn answer(listener: TcpListener, body: &'static str, times: usize) {
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4096];
            let read = stream.read(&mut request);
            let begun = read.and_then(|_| stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"));
            let mut write = |_| stream.write_all(body.as_bytes());
            let _ = begun.and_then(|()| (0..times).try_for_each(&mut write));
        }
    });
}

#[test]
fn servers_that_are_none_are_told_in_time() {
    for (body, times, reason) in [
        ("<html>", 1, "prometheus_answer"),
        ("{\"status\": \"success\", ", 1, "prometheus_answer"),
        ("[", 1 << 17, "prometheus_answer"),
        ("{\"data\": {}}", 1, "prometheus_answer"),
        ("                                ", usize::MAX, "too_long"),
    ] {
        let begun = Instant::now();
        let keys = format!(
            "url = 'http://127.0.0.1:{}'\nquery = 'up'\nabove = {{ fail = 1 }}",
            says(body, times)
        );
        let found = look("prometheus", &keys);
        assert_eq!(failed(&found).0, reason, "{body}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (keys, told) in [
        (
            "query = 'up'",
            "the check expects nothing; give it `above`, `below` or `empty = \"only\"`",
        ),
        (
            "query = 'up'\nempty = 'ok'",
            "the check expects nothing; give it `above`, `below` or `empty = \"only\"`",
        ),
        ("query = ' '\nabove = { fail = 1 }", "the `query` is empty"),
        (
            "query = 'up'\nempty = 'only'\nabove = { fail = 1 }",
            "`empty = \"only\"` wants no sample for `above` and `below` to judge",
        ),
        (
            "query = 'up'\nempty = 'never'",
            "`empty` in `[[check]]`: unknown variant `never`, expected one of `fail`, `ok`, `only`",
        ),
        (
            "query = 'up'\nabove = { fail = 1 }\nuser = 'a'",
            "`user` goes with a `password`",
        ),
    ] {
        assert_eq!(
            refused("prometheus", &format!("url = 'http://a'\n{keys}")),
            told
        );
    }
}
