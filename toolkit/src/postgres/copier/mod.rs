//! Rows copied out of a server as they come, in pieces of the reader's choice.
//!
//! The `postgres` crate hands over a row at a time, however long, and keeps to
//! itself how many rows the server says it sent. This speaks as much of the
//! protocol as `COPY … TO STDOUT` takes, and holds 256 KiB of it
//! (<https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY>).

mod link;
mod login;
mod socket;

use super::error::{LOST_HINT, Refusal, UNREACHABLE_HINT};
use super::params::Params;
use super::place::Server;
use super::session::SETTINGS;
use super::snapshot::Mark;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use bytes::{BufMut, BytesMut};
use fallible_iterator::FallibleIterator;
use link::{Link, Next, odd, refusal};
use postgres_protocol::message::backend::Message;
use socket::{Plug, Socket};
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

/// What makes the rows the same that `pg_dump` writes: its settings are a
/// session's, but for two that it leaves to the role.
const AS_DUMPED: &str = "\
RESET bytea_output; \
SELECT pg_catalog.set_config('client_encoding', pg_catalog.getdatabaseencoding(), false); \
SET enable_tidscan = on; SET enable_indexscan = off; SET enable_indexonlyscan = off; \
SET enable_bitmapscan = off; SET max_parallel_workers_per_gather = 0";

/// One connection to one database, for `COPY … TO STDOUT`. It is of no more
/// use after an error, and ends when dropped or when a signal comes.
pub struct Copier {
    link: Link,
    server: Server,
    plug: Arc<Plug>,
    _guard: signals::Guard,
}

/// Ends what a [`Copier`] waits for, from another thread.
#[derive(Debug, Clone)]
pub struct Stopper(Arc<Plug>);

impl Stopper {
    /// Ends the connection.
    pub fn stop(&self) {
        self.0.pull();
    }
}

/// Why there is no answer.
#[derive(Debug)]
enum Broken {
    Refused(Refusal),
    Lost(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl Copier {
    /// Connects to `database` of a server that is reached from here, with the
    /// settings of `pg_dump`.
    ///
    /// # Errors
    /// `pg_unreachable` when `server` is inside a container, or does not answer;
    /// what it refuses; `interrupted`.
    pub fn open(server: &Server, database: &str) -> Result<Self> {
        signals::check()?;
        let Some(params) = server.params() else {
            let message = format!("{server} is not reached from here");
            return Err(Failure::new("pg_unreachable", message).into());
        };
        let mut copier =
            Self::connect(server, params, database).map_err(|broken| explain(server, broken))?;
        copier.execute(SETTINGS.as_bytes())?;
        copier.execute(AS_DUMPED.as_bytes())?;
        Ok(copier)
    }

    fn connect(server: &Server, params: &Params, database: &str) -> Result<Self, Broken> {
        let socket = Socket::connect(params)?;
        let plug = Arc::new(socket.plug()?);
        let on_signal = Arc::clone(&plug);
        let guard = signals::on_interrupt(move |_| on_signal.pull());
        let mut link = Link::new(socket);
        login::login(&mut link, params, database)?;
        link.socket().wait()?;
        Ok(Self {
            link,
            server: server.clone(),
            plug,
            _guard: guard,
        })
    }

    /// Sees from here on what the snapshot with this mark sees.
    ///
    /// # Errors
    /// `pg_other_server` when it is not the server that holds the snapshot.
    pub fn join(&mut self, mark: &Mark) -> Result<()> {
        self.execute(b"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
        self.execute(mark.import().as_bytes())?;
        if self.value(mark.question().as_bytes())? == Some(b"t".to_vec()) {
            return Ok(());
        }
        let message = format!("{} is not the server that is dumped", self.server);
        Err(Failure::new("pg_other_server", message).into())
    }

    /// Runs statements whose rows are of no interest, in the database's own
    /// encoding.
    ///
    /// # Errors
    /// What the server refuses; `pg_unreachable`, `interrupted`.
    pub fn execute(&mut self, sql: &[u8]) -> Result<()> {
        self.value(sql).map(drop)
    }

    /// The first column of the last row.
    fn value(&mut self, sql: &[u8]) -> Result<Option<Vec<u8>>> {
        let asked = self.ask(sql);
        asked.map_err(|broken| explain(&self.server, broken))
    }

    fn ask(&mut self, sql: &[u8]) -> Result<Option<Vec<u8>>, Broken> {
        self.send(sql)?;
        let mut value = None;
        loop {
            match self.message()? {
                Message::ReadyForQuery(_) => return Ok(value),
                Message::DataRow(row) => {
                    let first = row.ranges().next()?.flatten();
                    value = first.map(|range| row.buffer()[range].to_vec());
                }
                _ => {}
            }
        }
    }

    /// Runs `COPY … TO STDOUT` and hands its rows to `take`, which reads them to
    /// their end. Returns what that returns, and how many rows the server says
    /// it sent.
    ///
    /// # Errors
    /// What the server refuses; `pg_unreachable`, `interrupted`; what `take`
    /// returns.
    pub fn copy_out<T>(
        &mut self,
        sql: &[u8],
        take: impl FnOnce(&mut Rows<'_>) -> io::Result<T>,
    ) -> Result<(T, u64)> {
        let begun = self.begin(sql);
        begun.map_err(|broken| explain(&self.server, broken))?;
        let mut rows = Rows {
            copier: self,
            sent: None,
            broken: None,
        };
        let taken = take(&mut rows);
        let Rows { sent, broken, .. } = rows;
        if let Some(broken) = broken {
            return Err(explain(&self.server, broken));
        }
        let taken =
            taken.map_err(|error| anyhow::Error::from(error).context("cannot save rows"))?;
        match sent {
            Some(rows) => Ok((taken, rows)),
            None => Err(explain(
                &self.server,
                odd("more rows than were read").into(),
            )),
        }
    }

    fn begin(&mut self, sql: &[u8]) -> Result<(), Broken> {
        self.send(sql)?;
        match self.message()? {
            Message::CopyOutResponse(_) => Ok(()),
            _ => Err(odd("no rows").into()),
        }
    }

    /// A query that the server reads in its client encoding, which need not be
    /// UTF-8.
    fn send(&mut self, sql: &[u8]) -> Result<(), Broken> {
        let length = u32::try_from(sql.len() + 5).map_err(io::Error::other)?;
        let mut message = BytesMut::with_capacity(sql.len() + 6);
        message.put_u8(b'Q');
        message.put_u32(length);
        message.put_slice(sql);
        message.put_u8(0);
        Ok(self.link.send(&message)?)
    }

    fn message(&mut self) -> Result<Message, Broken> {
        match self.link.next()? {
            Next::Row => Err(odd("a row").into()),
            Next::Other(message) => match *message {
                Message::ErrorResponse(body) => Err(Broken::Refused(refusal(&body)?)),
                message => Ok(message),
            },
        }
    }

    /// What ends this connection from another thread.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.plug))
    }
}

impl fmt::Debug for Copier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Copier")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// The rows of one `COPY`, in its text format.
pub struct Rows<'a> {
    copier: &'a mut Copier,
    sent: Option<u64>,
    broken: Option<Broken>,
}

impl Read for Rows<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.next(room) {
            Ok(read) => Ok(read),
            Err(broken) => {
                self.broken = Some(broken);
                Err(io::ErrorKind::ConnectionAborted.into())
            }
        }
    }
}

impl Rows<'_> {
    fn next(&mut self, room: &mut [u8]) -> Result<usize, Broken> {
        if self.sent.is_some() || room.is_empty() {
            return Ok(0);
        }
        let mut rows = None;
        loop {
            match self.copier.link.next()? {
                Next::Row => return Ok(self.copier.link.take(room)?),
                Next::Other(message) => match *message {
                    Message::CopyDone => {}
                    Message::CommandComplete(body) => rows = number(body.tag()?),
                    Message::ReadyForQuery(_) => {
                        self.sent = Some(rows.ok_or_else(|| odd("no number of rows"))?);
                        return Ok(0);
                    }
                    Message::ErrorResponse(body) => {
                        return Err(Broken::Refused(refusal(&body)?));
                    }
                    _ => return Err(odd("no rows").into()),
                },
            }
        }
    }
}

/// The number in `COPY 17`.
fn number(tag: &str) -> Option<u64> {
    tag.strip_prefix("COPY ")?.parse().ok()
}

fn explain(server: &Server, broken: Broken) -> anyhow::Error {
    // Whatever broke after a signal broke because of it.
    if let Err(interrupted) = signals::check() {
        return interrupted.into();
    }
    match broken {
        Broken::Refused(refusal) => refusal.failure(server).into(),
        Broken::Lost(error) => {
            let (words, hint) = match error.kind() {
                io::ErrorKind::UnexpectedEof => ("the connection ended".to_owned(), LOST_HINT),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                    ("it does not answer".to_owned(), UNREACHABLE_HINT)
                }
                _ => (error.to_string(), UNREACHABLE_HINT),
            };
            let failure = Failure::new("pg_unreachable", format!("{server}: {words}"));
            failure.hint(hint).into()
        }
    }
}
