//! The server's data as an RDB file over the wire, as a replica gets it.
//!
//! A replica says `SYNC`; the primary takes a snapshot now, and sends it either
//! as `$<length>` and that many bytes, or, when it does not know the length
//! before, as `$EOF:` and a mark of 40 characters that is repeated at the end
//! (`readSyncBulkPayload` in `replication.c`). While it prepares, it sends
//! empty lines.

use super::link::{self, Link};
use super::server::Server;
use super::wire::{self, Wire};
use crate::failure::Failure;
use crate::signals;
use anyhow::{Context, Result};
use redis::Value;
use std::io::{self, Read, Write};
use std::time::Duration;

/// The length of the mark that ends a dump of unknown length.
const MARK: usize = 40;
/// The length of the buffer: all the memory that a dump takes.
const BUFFER: usize = 64 * 1024;
/// The longest first line; an error may be wordy.
const LONGEST_LINE: usize = 4096;
/// How long the server may be silent. It sends a sign of life every second
/// while it prepares, and gives up on a silent replica after 60 s itself.
const PATIENCE: Duration = Duration::from_secs(90);

/// Writes a fresh snapshot of all the server's databases to `output`, and
/// returns its length in bytes. Its content is not looked at: that is what
/// [`super::rdb::inspect`] is for.
///
/// # Errors
/// What [`Link::open`] and [`Link::command`] return; `redis_sync_refused` when the
/// server hands out no dump; `redis_dump_truncated`, `redis_dump_empty`.
pub fn dump(server: &Server, output: &mut dyn Write) -> Result<u64> {
    let mut link = Link::open(server)?;
    announce(&mut link, &["REPLCONF", "capa", "eof"])?;
    // From Redis 7 on, the server then closes the connection after the dump
    // instead of keeping a replica's buffers. Older ones do not know it.
    announce(&mut link, &["REPLCONF", "rdb-only", "1"])?;
    let mut transfer = Transfer::start(server, link.into_wire())?;
    match transfer.announced()? {
        Form::Length(length) => transfer.copy(length, output),
        Form::Mark(mark) => transfer.copy_until(&mark, output),
    }
}

/// Says what this replica can do; a server that does not know the word goes on
/// without it, one that forbids it does not.
fn announce(link: &mut Link, words: &[&str]) -> Result<()> {
    match link.exchange(words)? {
        Value::ServerError(error) if error.code() != "ERR" => {
            let said = format!("{} {}", error.code(), error.details().unwrap_or_default());
            Err(refused(link.server(), &said).into())
        }
        _ => Ok(()),
    }
}

/// How the end of the dump is known.
#[derive(Debug, PartialEq, Eq)]
enum Form {
    Length(u64),
    Mark([u8; MARK]),
}

/// What the server sends after `SYNC`.
struct Transfer<'a> {
    server: &'a Server,
    wire: Wire,
    buffer: Box<[u8]>,
    /// The unread part of the buffer.
    start: usize,
    end: usize,
}

impl<'a> Transfer<'a> {
    fn start(server: &'a Server, mut wire: Wire) -> Result<Self> {
        let sent = wire
            .set_patience(PATIENCE)
            .and_then(|()| wire.write_all(b"*1\r\n$4\r\nSYNC\r\n"))
            .and_then(|()| wire.flush());
        sent.map_err(|error| wire::failed(server, &error))?;
        Ok(Self {
            server,
            wire,
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: 0,
        })
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Reads more behind what is unread; false at the end of what is sent.
    fn fill(&mut self) -> Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.wire.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if !is_end(&error) => return Err(wire::failed(self.server, &error)),
                Err(_) | Ok(0) => {
                    // A signal shuts the socket, which looks like an end.
                    signals::check()?;
                    return Ok(false);
                }
                Ok(read) => {
                    self.end += read;
                    return Ok(true);
                }
            }
        }
    }

    /// The first line that says something.
    fn announced(&mut self) -> Result<Form> {
        loop {
            let line = self.line()?;
            let line = line.trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(line).into_owned();
            if let Some(said) = text.strip_prefix('-') {
                return Err(refused(self.server, said).into());
            }
            return form(line).ok_or_else(|| refused(self.server, &text).into());
        }
    }

    fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            let unread = self.unread();
            if let Some(length) = unread.iter().position(|byte| *byte == b'\n') {
                let line = unread[..length].to_vec();
                self.start += length + 1;
                return Ok(line);
            }
            if unread.len() > LONGEST_LINE {
                return Err(refused(self.server, "it does not answer as Redis does").into());
            }
            if !self.fill()? {
                return Err(refused(self.server, "it closed the connection").into());
            }
        }
    }

    fn copy(mut self, length: u64, output: &mut dyn Write) -> Result<u64> {
        let mut left = length;
        while left > 0 {
            let unread = self.unread();
            let here = usize::try_from(left).map_or(unread.len(), |left| left.min(unread.len()));
            write(output, &unread[..here])?;
            self.start += here;
            left -= here as u64;
            if left > 0 && !self.fill()? {
                return Err(truncated(self.server, length - left).into());
            }
        }
        whole(self.server, length)
    }

    /// Copies up to the mark. A primary sends nothing after it until its replica
    /// has acknowledged the dump, so the mark ends what has arrived.
    fn copy_until(mut self, mark: &[u8; MARK], output: &mut dyn Write) -> Result<u64> {
        let mut copied = 0;
        loop {
            let unread = self.unread();
            let safe = unread.len().saturating_sub(MARK);
            write(output, &unread[..safe])?;
            let done = &unread[safe..] == mark;
            self.start += safe;
            copied += safe as u64;
            if done {
                return whole(self.server, copied);
            }
            if !self.fill()? {
                return Err(truncated(self.server, copied).into());
            }
        }
    }
}

/// `$<length>` or `$EOF:<mark>`.
fn form(line: &[u8]) -> Option<Form> {
    let announced = line.strip_prefix(b"$")?;
    if let Some(mark) = announced.strip_prefix(b"EOF:") {
        return Some(Form::Mark(mark.try_into().ok()?));
    }
    let digits = std::str::from_utf8(announced).ok()?;
    Some(Form::Length(digits.parse().ok()?))
}

fn write(output: &mut dyn Write, bytes: &[u8]) -> Result<()> {
    output.write_all(bytes).context("cannot write the dump")
}

/// Whether the server just went away: what is missing then says more.
fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset
    )
}

fn whole(server: &Server, length: u64) -> Result<u64> {
    if length == 0 {
        let message = format!("`{server}` sent an empty dump");
        return Err(Failure::new("redis_dump_empty", message).into());
    }
    Ok(length)
}

fn truncated(server: &Server, received: u64) -> Failure {
    Failure::new(
        "redis_dump_truncated",
        format!("`{server}` closed the connection after {received} bytes of its dump"),
    )
    .hint("see the server's log: its own snapshot failed, or it was stopped")
}

/// The failure that an answer other than a dump is.
fn refused(server: &Server, said: &str) -> Failure {
    let (code, details) = said.split_once(' ').unwrap_or((said, ""));
    let (reason, hint) = match (code, link::meaning(code, details)) {
        ("NOPERM", (reason, _)) => (
            reason,
            "allow the user to: `ACL SETUSER <user> +psync +sync +replconf`",
        ),
        ("NOMASTERLINK", _) => (
            "redis_replica_unsynced",
            "this replica has lost its primary: name the primary instead",
        ),
        (_, (reason @ ("redis_auth" | "redis_loading"), Some(hint))) => (reason, hint),
        _ => (
            "redis_sync_refused",
            "some managed servers hand out no dump: use the provider's own backups \
             for them; otherwise see the server's log",
        ),
    };
    Failure::new(
        reason,
        format!("`{server}` hands out no dump: {}", said.trim()),
    )
    .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// What [`dump`] makes of a server that answers `SYNC` by these pieces, one
    /// packet each, and closes the connection.
    fn dumped(pieces: &[&[u8]]) -> (Result<u64, Failure>, Vec<u8>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::tcp(listener.local_addr().unwrap());
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.to_vec()).collect();
        let serving = thread::spawn(move || {
            let (mut peer, _) = listener.accept().unwrap();
            peer.set_nodelay(true).unwrap();
            for answer in ["+OK\r\n", "-ERR Unrecognized REPLCONF option: rdb-only\r\n"] {
                let mut request = [0; 1024];
                assert!(peer.read(&mut request).unwrap() > 0);
                peer.write_all(answer.as_bytes()).unwrap();
            }
            let mut request = [0; 1024];
            let read = peer.read(&mut request).unwrap();
            assert_eq!(&request[..read], b"*1\r\n$4\r\nSYNC\r\n");
            for piece in pieces {
                // The client may have seen enough.
                let _ = peer.write_all(&piece);
            }
        });
        let mut output = Vec::new();
        let result = dump(&server, &mut output).map_err(|error| Failure::of(&error));
        serving.join().unwrap();
        (result, output)
    }

    const MARK: &[u8; 40] = b"0123456789abcdef0123456789abcdef01234567";

    fn reason(pieces: &[&[u8]]) -> &'static str {
        dumped(pieces).0.unwrap_err().reason
    }

    #[test]
    fn takes_both_forms_in_any_pieces() {
        let (length, bytes) = dumped(&[b"\n", b"\n$", b"5\r\nREDIS"]);
        assert_eq!((length.unwrap(), &bytes[..]), (5, &b"REDIS"[..]));

        let long = vec![b'x'; 3 * BUFFER + 17];
        let head = [b"\n$EOF:", &MARK[..], b"\r\n"].concat();
        let (length, bytes) = dumped(&[&head, &long, &MARK[..7], &MARK[7..]]);
        assert_eq!((length.unwrap(), bytes), (long.len() as u64, long.clone()));

        let all = [&head[..], b"REDIS", MARK].concat();
        let single: Vec<&[u8]> = all.chunks(1).collect();
        let (length, bytes) = dumped(&single);
        assert_eq!((length.unwrap(), &bytes[..]), (5, &b"REDIS"[..]));
    }

    #[test]
    fn a_part_is_never_a_dump() {
        let head = [b"$EOF:", &MARK[..], b"\r\n"].concat();
        assert_eq!(reason(&[b"$6\r\nREDIS"]), "redis_dump_truncated");
        assert_eq!(reason(&[&head, b"REDIS"]), "redis_dump_truncated");
        assert_eq!(
            reason(&[&head, b"REDIS", &MARK[..39]]),
            "redis_dump_truncated"
        );
        assert_eq!(
            reason(&[b"$18446744073709551615\r\nREDIS"]),
            "redis_dump_truncated"
        );
        assert_eq!(reason(&[b"$0\r\n"]), "redis_dump_empty");
        assert_eq!(reason(&[&head, MARK]), "redis_dump_empty");
    }

    #[test]
    fn says_why_there_is_none() {
        let failure =
            dumped(&[b"-NOPERM this user has no permissions to run the 'sync' command\r\n"]);
        let failure = failure.0.unwrap_err();
        assert_eq!(failure.reason, "redis_no_permission");
        assert!(failure.hint.unwrap().contains("+psync +sync +replconf"));

        let unknown = b"-ERR unknown command 'SYNC', with args beginning with: \r\n";
        assert_eq!(reason(&[unknown]), "redis_sync_refused");
        assert_eq!(
            reason(&[b"-NOMASTERLINK Can't SYNC while not connected with my master\r\n"]),
            "redis_replica_unsynced"
        );
        assert_eq!(reason(&[b"-LOADING Redis is loading\r\n"]), "redis_loading");
        for nonsense in [
            &b"\n\n"[..],
            b"$EOF:short\r\n",
            b"$-1\r\n",
            b"+FULLRESYNC\r\n",
            b"",
        ] {
            assert_eq!(reason(&[nonsense]), "redis_sync_refused", "{nonsense:?}");
        }
        let endless = vec![b'x'; LONGEST_LINE * 2];
        assert_eq!(reason(&[&endless]), "redis_sync_refused");
    }
}
