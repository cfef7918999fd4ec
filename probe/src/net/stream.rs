//! A connection whose every read and write ends by the deadline: a server that
//! sends a byte a second is no slower than one that sends nothing.

use super::{Address, connect};
use crate::Deadline;
use anyhow::Result;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A TCP connection with a deadline for all that is done with it.
#[derive(Debug)]
pub struct Stream {
    tcp: TcpStream,
    deadline: Deadline,
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
        Ok((Self { tcp, deadline }, took))
    }

    /// The deadline.
    pub fn deadline(&self) -> Deadline {
        self.deadline
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.left();
        left.map_err(|failure| io::Error::new(ErrorKind::TimedOut, failure))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.tcp.set_read_timeout(Some(self.left()?))?;
            match self.tcp.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(Some(self.left()?))?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tcp.flush()
    }
}
