//! A dialog in lines, as mail servers speak.

use super::{Connection, Stream, tls};
use crate::Deadline;
use anyhow::{Context, Result};
use std::io::{ErrorKind, Read, Write};
use toolkit::failure::Failure;

/// The longest line that is read: IMAP's are the longest, and the standard
/// speaks of 8000 bytes (RFC 7162, section 4).
const LONGEST: usize = 8192;
/// The most that is read of a whole dialog.
const MOST: usize = 256 * 1024;

/// Lines to and from a server.
#[derive(Debug)]
pub(crate) struct Dialog<S> {
    stream: S,
    unread: Vec<u8>,
    read: usize,
    deadline: Deadline,
}

impl<S: Read + Write> Dialog<S> {
    /// A dialog that has ended by `deadline`.
    pub(crate) fn new(stream: S, deadline: Deadline) -> Self {
        Self {
            stream,
            unread: Vec::new(),
            read: 0,
            deadline,
        }
    }

    /// The next line, without its end; what is not UTF-8 in it is replaced.
    ///
    /// # Errors
    /// `closed_early`, `too_much` when it is too long, `timeout`.
    pub(crate) fn line(&mut self) -> Result<String> {
        let mut seen = 0;
        loop {
            if let Some(end) = self.unread[seen..].iter().position(|byte| *byte == b'\n') {
                let rest = self.unread.split_off(seen + end + 1);
                let line = std::mem::replace(&mut self.unread, rest);
                let line = String::from_utf8_lossy(&line);
                return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
            }
            seen = self.unread.len();
            if seen > LONGEST || self.read > MOST {
                return Err(Failure::new(
                    "too_much",
                    format!(
                        "the server sends without end; {} bytes were read",
                        self.read
                    ),
                )
                .into());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> Result<()> {
        let mut buffer = [0; 2048];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(closed().into()),
            Ok(count) => {
                self.read += count;
                self.unread.extend_from_slice(&buffer[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(self.explain(error)),
        }
    }

    /// Sends a line.
    ///
    /// # Errors
    /// `closed_early`, `timeout`.
    pub(crate) fn send(&mut self, line: &str) -> Result<()> {
        let sent = self.stream.write_all(format!("{line}\r\n").as_bytes());
        let sent = sent.and_then(|()| self.stream.flush());
        sent.map_err(|error| self.explain(error))
    }

    /// The connection, for another protocol. What the server has sent ahead of
    /// it is not taken for a part of that: somebody between may have put it
    /// there (RFC 3207, section 6).
    ///
    /// # Errors
    /// `starttls_injected`.
    pub(crate) fn into_stream(self) -> Result<S> {
        if self.unread.is_empty() {
            return Ok(self.stream);
        }
        Err(Failure::new(
            "starttls_injected",
            "the server sent more in the clear after it had agreed to TLS",
        )
        .into())
    }

    /// What it is spoken over.
    pub(crate) fn stream(&self) -> &S {
        &self.stream
    }

    fn explain(&self, error: std::io::Error) -> anyhow::Error {
        match error.kind() {
            ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe => closed().into(),
            ErrorKind::TimedOut | ErrorKind::WouldBlock if self.read == 0 => {
                let missed = self.deadline.missed();
                let hint =
                    "nothing came at all: is it the right port, and does it speak TLS at once?";
                missed.hint(hint).into()
            }
            _ => tls::broken(error, self.deadline),
        }
    }
}

impl From<Dialog<Stream>> for Dialog<Connection> {
    fn from(dialog: Dialog<Stream>) -> Self {
        Self {
            stream: dialog.stream.into(),
            unread: dialog.unread,
            read: dialog.read,
            deadline: dialog.deadline,
        }
    }
}

fn closed() -> Failure {
    Failure::new("closed_early", "the server closed the connection").hint("look at its log")
}

/// Names what was being said when it failed.
pub(crate) fn at<T>(result: Result<T>, step: &str) -> Result<T> {
    result.with_context(|| step.to_owned())
}
