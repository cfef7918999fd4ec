//! A small application of one test's own: people log in, and keep items.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The session that a login is given.
pub(crate) const SESSION: &str = "sessionsecret0123456789abcdef";
/// The password that it takes.
pub(crate) const PASSWORD: &str = "features-pw-1";

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `GET /a?b`
    pub(crate) line: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    /// A header, by its name in lower case; empty where it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A server, listening until the test ends.
pub(crate) struct Site {
    port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    asked: Vec<Asked>,
    items: BTreeMap<usize, Value>,
    made: usize,
}

impl Site {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { port, state }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What was asked since this was last called.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.state.lock().unwrap().asked)
    }

    /// The lines of it.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let Some(asked) = read(&mut reader) else {
        return;
    };
    let answer = state.lock().unwrap().answer(&asked);
    let mut stream = stream;
    let _ = stream.write_all(answer.as_bytes());
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (line, version) = line.trim().rsplit_once(' ')?;
    assert_eq!(version, "HTTP/1.1");
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or("0", String::as_str);
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    Some(Asked {
        line: line.to_owned(),
        headers,
        body,
    })
}

impl State {
    fn answer(&mut self, asked: &Asked) -> String {
        self.asked.push(asked.clone());
        let (method, path) = asked.line.split_once(' ').unwrap();
        let is_known = asked
            .header("cookie")
            .contains(&format!("session={SESSION}"));
        match (method, path) {
            ("POST", "/login") if asked.json()["password"] == PASSWORD => {
                let cookie = format!("Set-Cookie: session={SESSION}; Path=/; HttpOnly\r\n");
                said(200, &cookie, &json!({"user": {"role": "ADMIN"}}))
            }
            ("POST", "/logout") => said(
                204,
                "Set-Cookie: session=; Max-Age=0; Path=/\r\n",
                &Value::Null,
            ),
            ("GET", "/me") if is_known => said(200, "", &json!({"login": "admin"})),
            ("GET", "/old") => said(200, "", &json!({})).replacen("1.1", "1.0", 1),
            ("GET", "/hop") => {
                let headers = "Location: /landed\r\nSet-Cookie: hop=taken\r\n";
                said(302, headers, &Value::Null)
            }
            ("POST", "/items") => {
                self.made += 1;
                let id = self.made;
                let item = json!({"id": id, "name": asked.json()["name"]});
                self.items.insert(id, item.clone());
                said(201, &format!("Location: /items/{id}\r\n"), &item)
            }
            ("GET", "/items") => said(200, "", &self.items.values().cloned().collect()),
            (_, path) if path.starts_with("/items/") => {
                let id = path["/items/".len()..].parse().unwrap_or(0);
                match (method, self.items.get(&id).cloned()) {
                    ("GET", Some(item)) => said(200, "", &item),
                    ("DELETE", Some(_)) => {
                        self.items.remove(&id);
                        said(204, "", &Value::Null)
                    }
                    _ => said(404, "", &json!({"detail": "no such item"})),
                }
            }
            (_, "/login" | "/me") => said(401, "", &json!({"detail": "who are you?"})),
            _ => said(200, "", &json!({"cookie": asked.header("cookie")})),
        }
    }
}

fn said(status: u16, headers: &str, body: &Value) -> String {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let length = match status {
        204 => String::new(),
        _ => format!("Content-Length: {}\r\n", body.len()),
    };
    format!("HTTP/1.1 {status} Said\r\nConnection: close\r\n{length}{headers}\r\n{body}")
}
