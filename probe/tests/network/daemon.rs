//! A server started by a test, with files of its own.

use std::net::{TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;
use toolkit::command::{Command, Io, Running};
use toolkit::testing::until;

/// A server; killed, with all that it started, when it is dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    _running: Running,
}

impl Daemon {
    /// Starts `command`, and waits until it takes connections on `port`.
    pub(crate) fn start(command: &Command, port: u16) -> Self {
        Self::start_when(command, || TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// Starts `command`, and waits until it is `ready`.
    pub(crate) fn start_when(command: &Command, mut ready: impl FnMut() -> bool) -> Self {
        let mut running = command.start(Io::default()).unwrap();
        until(&format!("{command} is ready"), || {
            let ended = running.wait_within(Duration::ZERO).unwrap();
            assert!(!ended, "{command} has ended");
            ready()
        });
        Self { _running: running }
    }
}

/// A port that nobody listens on, neither with TCP nor with UDP.
pub(crate) fn free_port() -> u16 {
    loop {
        let tcp = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A program of this machine, in PATH or where Debian keeps servers.
pub(crate) fn program(name: &str) -> String {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/lib/postfix/sbin"];
    let mut files = folders.iter().map(|folder| format!("{folder}/{name}"));
    files
        .find(|file| Path::new(file).exists())
        .unwrap_or_else(|| panic!("`{name}` is not installed: scripts/dev/packages test"))
}
