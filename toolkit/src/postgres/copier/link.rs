//! The server's messages, and the bytes of a row's message as they come.

use super::super::error::Refusal;
use super::socket::Socket;
use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::{COPY_DATA_TAG, ErrorResponseBody, Message};
use std::io::{self, Read, Write};

/// How much is read at once, in bytes.
const BUFFER: usize = 256 << 10;
/// No message but a row's is longer.
const LONGEST: usize = 64 << 10;
/// A tag and a length.
const HEADER: usize = 5;

pub(super) struct Link {
    socket: Socket,
    buffer: Box<[u8]>,
    begin: usize,
    end: usize,
    /// What is still to come of a row's message.
    left: usize,
}

/// What comes next.
pub(super) enum Next {
    /// Bytes of a row, to be taken by [`Link::take`].
    Row,
    /// Another message.
    Other(Box<Message>),
}

impl Link {
    pub(super) fn new(socket: Socket) -> Self {
        Self {
            socket,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            begin: 0,
            end: 0,
            left: 0,
        }
    }

    pub(super) fn socket(&self) -> &Socket {
        &self.socket
    }

    pub(super) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.socket.write_all(message)?;
        self.socket.flush()
    }

    /// Waits for what comes next; news that nobody asked for is left out.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        loop {
            if self.left > 0 {
                return Ok(Next::Row);
            }
            self.want(HEADER)?;
            let header = &self.buffer[self.begin..self.begin + HEADER];
            let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
            if length < HEADER - 1 {
                return Err(odd("a message of no length"));
            }
            if header[0] == COPY_DATA_TAG {
                self.begin += HEADER;
                self.left = length + 1 - HEADER;
                continue;
            }
            if length >= LONGEST {
                return Err(odd("a message that is too long"));
            }
            self.want(length + 1)?;
            let mut bytes = BytesMut::from(&self.buffer[self.begin..=self.begin + length]);
            self.begin += length + 1;
            match Message::parse(&mut bytes)? {
                None => return Err(odd("half a message")),
                Some(
                    Message::NoticeResponse(_)
                    | Message::ParameterStatus(_)
                    | Message::NotificationResponse(_),
                ) => {}
                Some(message) => return Ok(Next::Other(Box::new(message))),
            }
        }
    }

    /// Fills `room` with bytes of rows, as far as they have already come.
    pub(super) fn take(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < room.len() {
            if self.left == 0 && !self.enter_row()? {
                break;
            }
            if self.begin == self.end {
                if taken > 0 {
                    break;
                }
                self.fill()?;
            }
            let bytes = self.left.min(self.end - self.begin).min(room.len() - taken);
            room[taken..taken + bytes]
                .copy_from_slice(&self.buffer[self.begin..self.begin + bytes]);
            self.begin += bytes;
            self.left -= bytes;
            taken += bytes;
        }
        Ok(taken)
    }

    /// Whether the next message is a row's, and has already begun to come.
    fn enter_row(&mut self) -> io::Result<bool> {
        let [COPY_DATA_TAG, a, b, c, d, ..] = self.buffer[self.begin..self.end] else {
            return Ok(false);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        self.left = (length + 1)
            .checked_sub(HEADER)
            .ok_or_else(|| odd("a message of no length"))?;
        self.begin += HEADER;
        // An empty one holds nothing to be taken.
        Ok(self.left > 0 || self.enter_row()?)
    }

    /// Waits for so many bytes.
    fn want(&mut self, bytes: usize) -> io::Result<()> {
        while self.end - self.begin < bytes {
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<()> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        loop {
            match self.socket.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.end += read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// What the server refused.
pub(super) fn refusal(body: &ErrorResponseBody) -> io::Result<Refusal> {
    let mut refusal = Refusal {
        sqlstate: String::new(),
        message: String::new(),
        hint: None,
    };
    let mut fields = body.fields();
    while let Some(field) = fields.next()? {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => refusal.sqlstate = text,
            b'M' => refusal.message = text,
            b'H' => refusal.hint = Some(text),
            _ => {}
        }
    }
    Ok(refusal)
}

pub(super) fn odd(what: &str) -> io::Error {
    let message = format!("the server sent what was not asked for: {what}");
    io::Error::new(io::ErrorKind::InvalidData, message)
}
