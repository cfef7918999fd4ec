//! A server started by a test, with files of its own.

use crate::command::{Command, Io, Running};
use crate::testing::until;
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

/// A server; killed, with all that it started, when it is dropped.
#[derive(Debug)]
pub struct Daemon {
    _running: Running,
}

impl Daemon {
    /// Starts `command`, and waits until it takes connections on `port`.
    pub fn start(command: &Command, port: u16) -> Self {
        Self::start_when(command, || TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// Starts `command`, and waits until it is `ready`.
    pub fn start_when(command: &Command, mut ready: impl FnMut() -> bool) -> Self {
        let io = Io {
            stdin: true,
            ..Io::default()
        };
        let mut running = command.start(io).expect("the server starts");
        until(&format!("{command} is ready"), || {
            let ended = running
                .wait_within(Duration::ZERO)
                .expect("it can be waited for");
            assert!(!ended, "{command} has ended");
            ready()
        });
        Self { _running: running }
    }
}

/// Runs `script` as root in `folder`, whoever runs the tests: with the programs of
/// this machine, in a container that can write nowhere else. What does not belong
/// to whoever runs the tests is in the folders `own` in it, each a tmpfs with its
/// options: nothing of root's is left behind. The last command of the script is
/// the server, after `exec`.
pub fn as_root(folder: &Path, own: &[&str], script: &str) -> Command {
    let folder = folder.display();
    let mut command = Command::new("docker")
        .args(["run", "--rm", "--interactive", "--network", "host"])
        .args(["--volume", "/usr:/usr:ro", "--volume", "/etc:/etc:ro"])
        .args(["--volume", &format!("{folder}:{folder}")])
        .args(["--workdir", &folder.to_string()]);
    for own in own {
        command = command.args(["--tmpfs", &format!("{folder}/{own}")]);
    }
    // It ends with its stdin, and so with this process.
    let script = format!("exec 3<&0; (cat <&3; kill 1) & {script}");
    command.args(["--entrypoint", "sh", "debian:trixie-slim", "-c", &script])
}
