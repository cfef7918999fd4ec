//! A connection whose every read and write ends by the deadline: a server that
//! sends a byte a second is no slower than one that sends nothing.

use super::{Address, connect};
use crate::{Deadline, aside};
use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// A connection in the clear with a deadline for all that is done with it.
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    deadline: Deadline,
}

/// To a host, or within this machine.
#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects, and says how long that took.
    ///
    /// # Errors
    /// Those of [`connect`].
    pub fn open(address: &Address, deadline: Deadline) -> Result<(Self, Duration)> {
        let (tcp, took) = connect(address, deadline)?;
        // Each message is written at once, and then an answer is awaited.
        tcp.set_nodelay(true)?;
        let socket = Socket::Tcp(tcp);
        Ok((Self { socket, deadline }, took))
    }

    /// Connects to a unix socket, and says how long that took.
    ///
    /// # Errors
    /// `socket_missing`, `socket_refused`, `socket_denied`, `timeout`.
    pub fn unix(path: &Path, deadline: Deadline) -> Result<(Self, Duration)> {
        let begun = Instant::now();
        let owned = path.to_owned();
        // That waits without a limit while nobody accepts.
        let connected = aside::ask(deadline, move || Ok(UnixStream::connect(owned)));
        let connected =
            connected.with_context(|| format!("nobody accepts on `{}`", path.display()))?;
        let socket = Socket::Unix(connected.map_err(|error| no_socket(path, &error))?);
        Ok((Self { socket, deadline }, begun.elapsed()))
    }

    /// The deadline.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Goes on until another deadline.
    pub(crate) fn until(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Whether nothing came that was not read, not even its end.
    pub(crate) fn is_quiet(&self) -> bool {
        let mut events = [match &self.socket {
            Socket::Tcp(tcp) => PollFd::new(tcp, PollFlags::IN),
            Socket::Unix(unix) => PollFd::new(unix, PollFlags::IN),
        }];
        matches!(poll(&mut events, Some(&Timespec::default())), Ok(0))
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.deadline.left().map(Some);
        left.map_err(|failure| io::Error::new(ErrorKind::TimedOut, failure))
    }
}

fn no_socket(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => Failure::new("socket_missing", format!("there is no `{path}`")),
        ErrorKind::ConnectionRefused => {
            Failure::new("socket_refused", format!("nobody listens on `{path}`"))
        }
        ErrorKind::PermissionDenied => Failure::new(
            "socket_denied",
            format!("`{path}` may not be used by this user"),
        )
        .hint("run this as the socket's user or group, or as root"),
        _ => Failure::new(
            "socket_refused",
            format!("cannot connect to `{path}`: {error}"),
        ),
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.left()?;
            let read = match &mut self.socket {
                Socket::Tcp(tcp) => {
                    tcp.set_read_timeout(left)?;
                    tcp.read(buffer)
                }
                Socket::Unix(unix) => {
                    unix.set_read_timeout(left)?;
                    unix.read(buffer)
                }
            };
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other.map_err(timed_out),
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.left()?;
        let written = match &mut self.socket {
            Socket::Tcp(tcp) => {
                tcp.set_write_timeout(left)?;
                tcp.write(bytes)
            }
            Socket::Unix(unix) => {
                unix.set_write_timeout(left)?;
                unix.write(bytes)
            }
        };
        written.map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A time limit of a socket is told as if it did not block.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock {
        return ErrorKind::TimedOut.into();
    }
    error
}
