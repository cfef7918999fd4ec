//! A connection, in the clear or encrypted.

use super::Stream;
use super::tls::Session;
use crate::Deadline;
use std::io::{self, Read, Write};

/// What a protocol is spoken over.
#[derive(Debug)]
pub enum Connection {
    /// In the clear.
    Clear(Stream),
    /// TLS.
    Tls(Box<Session>),
}

impl Connection {
    /// Goes on until another deadline.
    pub(crate) fn until(&mut self, deadline: Deadline) {
        match self {
            Self::Clear(stream) => stream.until(deadline),
            Self::Tls(session) => session.until(deadline),
        }
    }

    /// Whether nothing came that was not read, not even its end.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match self {
            Self::Clear(stream) => stream.is_quiet(),
            Self::Tls(session) => session.is_quiet(),
        }
    }
}

impl From<Stream> for Connection {
    fn from(stream: Stream) -> Self {
        Self::Clear(stream)
    }
}

impl From<Session> for Connection {
    fn from(session: Session) -> Self {
        Self::Tls(Box::new(session))
    }
}

impl Read for Connection {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(session) => session.read(buffer),
        }
    }
}

impl Write for Connection {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(bytes),
            Self::Tls(session) => session.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(session) => session.flush(),
        }
    }
}
