//! What a user of `healthcheck`, and the programs that read it, see: records,
//! documents, files, exit statuses.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod documents;
mod exits;
mod files;
mod readers;
mod records;
mod rows;
mod waiting;

use rustix::net::{self, AddressFamily, SocketType};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use toolkit::testing::Place;

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");

/// A server that takes connections, until it is dropped.
struct Server {
    listener: TcpListener,
}

impl Server {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { listener }
    }

    fn address(&self) -> String {
        self.listener.local_addr().unwrap().to_string()
    }
}

/// An address that nobody listens on and nobody else is given: it is bound.
struct Nobody {
    socket: OwnedFd,
}

impl Nobody {
    fn new() -> Self {
        let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        net::bind(&socket, &any).unwrap();
        Self { socket }
    }

    fn address(&self) -> String {
        let address = net::getsockname(&self.socket).unwrap();
        SocketAddrV4::try_from(address).unwrap().to_string()
    }

    /// From now on somebody listens.
    fn listen(&self) {
        net::listen(&self.socket, 128).unwrap();
    }
}

/// A server that takes no further connection, and refuses none.
struct Full {
    listening: Nobody,
    _waiting: Vec<TcpStream>,
}

impl Full {
    fn new() -> Self {
        let listening = Nobody::new();
        net::listen(&listening.socket, 0).unwrap();
        let address: SocketAddr = listening.address().parse().unwrap();
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(500)).ok();
        let waiting = std::iter::from_fn(connect).collect();
        Self {
            listening,
            _waiting: waiting,
        }
    }

    fn address(&self) -> String {
        self.listening.address()
    }
}

/// A `[[check]]` of an address, with more lines of TOML.
fn check(name: &str, address: &str, more: &str) -> String {
    let name = toml_string(name);
    format!("[[check]]\nname = {name}\nkind = \"tcp\"\naddress = \"{address}\"\n{more}\n")
}

/// JSON's strings are TOML's.
fn toml_string(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// A folder whose `sextant.toml` has these checks of the project `shop`.
fn place(checks: &[String]) -> Place {
    let place = Place::new();
    configure(&place, checks);
    place
}

fn configure(place: &Place, checks: &[String]) {
    let head = "project = \"shop\"\nengine = \"none\"\n".to_owned();
    let alone = "[healthcheck]\ndiscover = false\n";
    place.write("sextant.toml", head + &checks.concat() + alone);
}

/// One check that passes, one that warns, one that fails, and one that this
/// keeps from running.
struct Four {
    place: Place,
    server: Server,
    nobody: Nobody,
}

impl Four {
    fn new() -> Self {
        let (server, nobody) = (Server::new(), Nobody::new());
        let place = place(&[
            check("web", &server.address(), ""),
            check(
                "slow: \"api\" | #1",
                &server.address(),
                "seconds = { warn = 0 }",
            ),
            check("db", &nobody.address(), ""),
            check("page's", &server.address(), "depends_on = [\"db\"]"),
        ]);
        Self {
            place,
            server,
            nobody,
        }
    }
}

fn healthcheck(place: &Place, args: &[&str]) -> Command {
    let mut command = place.tool(HEALTHCHECK);
    command.args(args);
    command
}

/// Runs to its end: the exit status and stdout.
fn said(place: &Place, args: &[&str]) -> (i32, String) {
    let output = healthcheck(place, args).output().unwrap();
    (output.status.code().unwrap(), text(&output.stdout))
}

/// Runs with `input` on stdin.
fn fed(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("tools write UTF-8")
}
