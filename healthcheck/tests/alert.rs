//! Who is told of an incident, seen from where they are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;
use toolkit::testing::{Place, Seen, until};

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A place with one check, of somebody on `port`, and this `[alert]`.
fn place(port: u16, alert: &str) -> Place {
    let place = Place::new();
    place.write(
        "sextant.toml",
        format!(
            "project = 'shop'\n[[check]]\nname = 'api'\nkind = 'tcp'\naddress = '127.0.0.1:{port}'\n[alert]\n{alert}\n[healthcheck]\ndiscover = false\n"
        ),
    );
    place
}

fn run(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(HEALTHCHECK).args(args))
}

/// A webhook: each request is told as its first line and its body, and
/// answered with `status`.
struct Hook {
    port: u16,
    requests: Receiver<(String, Value)>,
}

impl Hook {
    fn answering(status: &'static str) -> Self {
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

    fn next(&self) -> (String, Value) {
        let waiting = Duration::from_secs(60);
        self.requests
            .recv_timeout(waiting)
            .expect("somebody is told")
    }

    fn heard_nothing(&self) -> bool {
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

#[test]
fn a_webhook_is_told_once_and_then_that_it_is_over() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!("webhook = 'http://127.0.0.1:{}/secret-path'", hook.port),
    );
    let seen = run(&place, &[]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "checks_failed"),
        "{seen:?}"
    );
    let (first, body) = hook.next();
    assert_eq!(first, "POST /secret-path HTTP/1.1");
    assert_eq!(body["status"], "firing");
    assert_eq!(body["summary"], "FAIL shop: `api` fails");
    assert_eq!(
        body["failing"][0]["observed"],
        format!("nobody listens on 127.0.0.1:{port}")
    );
    assert_eq!(seen.data()["alert"]["incident"], body["incident"]);
    assert_eq!(seen.data()["alert"]["told"][0]["error"], Value::Null);

    assert_eq!(run(&place, &[]).code, Some(1));
    assert!(hook.heard_nothing());

    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let seen = run(&place, &[]).succeeded();
    let (_, over) = hook.next();
    assert_eq!(
        (&over["status"], &over["incident"]),
        (&json!("resolved"), &body["incident"])
    );
    assert_eq!(over["summary"], "OK shop: every check passes again");
    assert_eq!(seen.data()["alert"]["incident"], Value::Null);
    let _ = run(&place, &[]).succeeded();
    assert!(hook.heard_nothing());
}

#[test]
fn a_target_out_of_reach_is_a_warning_and_is_told_later() {
    let hook = free_port();
    let port = free_port();
    let place = place(port, &format!("webhook = 'http://127.0.0.1:{hook}/'"));
    let seen = run(&place, &[]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "checks_failed"),
        "{seen:?}"
    );
    assert!(
        seen.stderr.contains("`webhook` was not told: "),
        "{}",
        seen.stderr
    );
    // It is over before it could be told: then there is nothing to tell.
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert_eq!(run(&place, &[]).succeeded().last()["status"], "ok");
    drop(listener);

    let refusing = Hook::answering("503 Down");
    let toml = std::fs::read_to_string(place.folder().join("sextant.toml")).unwrap();
    place.write(
        "sextant.toml",
        toml.replace(&hook.to_string(), &refusing.port.to_string()),
    );
    let seen = run(&place, &[]);
    assert!(
        seen.stderr
            .contains("`webhook` was not told: it answered 503: no"),
        "{}",
        seen.stderr
    );
    for _ in 0..3 {
        refusing.next();
    }
    let hook = Hook::answering("204 None");
    place.write(
        "sextant.toml",
        toml.replace(&format!(":{}", free(&toml)), &format!(":{}", hook.port)),
    );
    let _ = run(&place, &[]);
    assert_eq!(hook.next().1["status"], "firing");
}

/// The port of the webhook in this configuration.
fn free(toml: &str) -> &str {
    let (_, after) = toml.split_once("webhook = 'http://127.0.0.1:").unwrap();
    after.split('/').next().unwrap()
}

#[test]
fn silence_and_no_alert_hush_and_the_result_stays() {
    let hook = Hook::answering("200 OK");
    let place = place(
        free_port(),
        &format!("slack = 'http://127.0.0.1:{}/'", hook.port),
    );
    let seen = run(&place, &["--silence", "2h", "new disk"]).succeeded();
    assert!(
        seen.last()["summary"]
            .as_str()
            .unwrap()
            .ends_with(": new disk"),
        "{seen:?}"
    );
    let seen = run(&place, &[]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    assert!(
        seen.data()["alert"]["hushed"]
            .as_str()
            .unwrap()
            .starts_with("silent until ")
    );
    assert!(hook.heard_nothing());
    let _ = run(&place, &["--silence", "0s", "done"]).succeeded();
    assert_eq!(run(&place, &["--no-alert"]).code, Some(1));
    assert!(hook.heard_nothing());
    assert_eq!(run(&place, &[]).code, Some(1));
    let (_, body) = hook.next();
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .starts_with("FAIL shop: `api` fails\n"),
        "{body}"
    );
}

#[test]
fn a_ping_is_told_of_every_run() {
    let hook = Hook::answering("200 OK");
    let port = free_port();
    let place = place(
        port,
        &format!("ping = 'http://127.0.0.1:{}/uuid'", hook.port),
    );
    assert_eq!(run(&place, &[]).code, Some(1));
    let (first, body) = hook.next();
    assert_eq!(first, "POST /uuid/fail HTTP/1.1");
    assert_eq!(
        body,
        format!("1 of 1 checks failed\napi: nobody listens on 127.0.0.1:{port}")
    );
    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run(&place, &[]).succeeded();
    assert_eq!(hook.next().0, "POST /uuid HTTP/1.1");
}

/// A real Alertmanager, killed when it is dropped.
struct Alertmanager(Child, u16);

impl Alertmanager {
    fn start(place: &Place) -> Self {
        place.write(
            "am.yml",
            "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n",
        );
        let port = free_port();
        let child = Command::new("prometheus-alertmanager")
            .current_dir(place.folder())
            .args([
                "--config.file=am.yml",
                "--storage.path=am",
                "--cluster.listen-address=",
            ])
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus-alertmanager is installed");
        let it = Self(child, port);
        until("Alertmanager is ready", || it.get("/-/ready").is_some());
        it
    }

    /// What it answers with status 200.
    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.1)).ok()?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: a\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }

    fn alerts(&self) -> Value {
        serde_json::from_str(&self.get("/api/v2/alerts").unwrap()).unwrap()
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_alert_is_seen_in_alertmanager_and_seen_resolved() {
    let aside = Place::new();
    let manager = Alertmanager::start(&aside);
    let port = free_port();
    let alert = format!(
        "alertmanager = 'http://127.0.0.1:{}'\nlabels = {{ team = 'ops' }}",
        manager.1
    );
    let place = place(port, &alert);
    let seen = run(&place, &[]);
    assert_eq!(
        seen.data()["alert"]["told"][0]["error"],
        Value::Null,
        "{seen:?}"
    );
    let alerts = manager.alerts();
    assert_eq!(alerts.as_array().unwrap().len(), 1, "{alerts}");
    let labels = &alerts[0]["labels"];
    assert_eq!(
        (&labels["alertname"], &labels["team"]),
        (&json!("HealthcheckFailed"), &json!("ops"))
    );
    assert_eq!(
        alerts[0]["annotations"]["summary"],
        "FAIL shop: `api` fails"
    );
    // Renewed by each run, it is still one.
    let ends = alerts[0]["endsAt"].clone();
    let _ = run(&place, &[]);
    let alerts = manager.alerts();
    assert_eq!(alerts.as_array().unwrap().len(), 1);
    assert_ne!(alerts[0]["endsAt"], ends);

    let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let _ = run(&place, &[]).succeeded();
    until("it is resolved", || manager.alerts() == json!([]));
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (alert, message) in [
        (
            "repeat = '1h'",
            "sextant.toml:6: nobody is told: give `alertmanager`, `webhook`, `slack`, `ping` or `mail`",
        ),
        (
            "webhok = 'http://a'",
            "sextant.toml:7: unknown key `webhok` in `[alert]`",
        ),
        (
            "ping = 'http://a'\nmaintenance = ['never']",
            "sextant.toml:8: `maintenance` in `[alert]`: `never` is no time of the week; write it like `Sun 02:00-04:00`, `first Sun 02:00-06:00` or `daily 23:30-00:30`",
        ),
    ] {
        let seen = run(&place(1, alert), &[]);
        assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:?}");
        assert!(seen.message().ends_with(message), "{}", seen.message());
    }
}

/// The keys that a section of the manual lists.
fn on_the_page(section: &str) -> Vec<String> {
    let page = include_str!("../../man/sextant.toml.5");
    let (_, below) = page.split_once(&format!("\n.SS \"{section}\"\n")).unwrap();
    let below = below.split("\n.S").next().unwrap();
    let lines: Vec<_> = below.lines().collect();
    let keys = lines.windows(2).filter(|pair| pair[0] == ".TP");
    let mut keys: Vec<_> = keys
        .map(|pair| format!("`{}`", pair[1].trim_start_matches(".B ")))
        .collect();
    keys.sort();
    keys
}

#[test]
fn every_key_is_on_the_page_and_in_the_code() {
    for (section, alert) in [
        ("[healthcheck]", "[healthcheck]\nzzzzzzzzzzzz = 1"),
        ("[alert]", "[alert]\nzzzzzzzzzzzz = 1"),
        ("[alert.mail]", "[alert.mail]\nzzzzzzzzzzzz = 1"),
    ] {
        let place = Place::new();
        place.write("sextant.toml", alert);
        let seen = run(&place, &[]);
        let known = seen.hint().strip_prefix("known here: ").unwrap();
        let mut known: Vec<_> = known.split(", ").map(str::to_owned).collect();
        known.sort();
        assert_eq!(on_the_page(section), known);
    }
}
