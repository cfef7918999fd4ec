//! Commands to a Redis server and their answers.

use super::keys::{Keys, Keyspace};
use super::server::Server;
use super::wire::{self, OnSignal, Wire};
use crate::failure::Failure;
use anyhow::Result;
use redis::{Parser, ServerError, Value};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::time::Duration;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for a server that has just been told to take in another's data:
/// it answers nobody while it frees its old ones.
const LONG_PATIENCE: Duration = Duration::from_secs(120);

/// No answer to a command is longer; what never ends is not read for ever.
const LONGEST: usize = 32 << 20;
/// The same of one that many are asked for at once: `INFO` has some kilobytes.
const BRIEF: usize = 256 << 10;

/// The fields of `INFO`.
pub type Info = BTreeMap<String, String>;

/// An authenticated connection. It is of no more use after an error other
/// than an answer of the server.
pub struct Link {
    wire: Wire,
    parser: Parser,
    server: Server,
    longest: usize,
}

impl Link {
    /// Connects and authenticates. A signal ends whatever is waited for.
    ///
    /// # Errors
    /// `redis_unreachable`, `redis_tls`, `redis_auth`, `interrupted`.
    pub fn open(server: &Server) -> Result<Self> {
        Self::connect(server, PATIENCE, OnSignal::Shut, LONGEST)
    }

    /// The same for who asks many servers at once, whatever they are: an answer
    /// of more than 256 KiB is none of Redis.
    ///
    /// # Errors
    /// Those of [`Link::open`].
    pub fn brief(server: &Server) -> Result<Self> {
        Self::connect(server, PATIENCE, OnSignal::Shut, BRIEF)
    }

    /// As [`Link::open`], but it outlives a signal, so that a change can be undone.
    pub(super) fn steadfast(server: &Server) -> Result<Self> {
        Self::connect(server, LONG_PATIENCE, OnSignal::Stay, LONGEST)
    }

    fn connect(
        server: &Server,
        patience: Duration,
        on_signal: OnSignal,
        longest: usize,
    ) -> Result<Self> {
        let wire = Wire::connect(server, patience, on_signal)?;
        let mut link = Self {
            wire,
            parser: Parser::new(),
            server: server.clone(),
            longest,
        };
        link.authenticate()?;
        Ok(link)
    }

    fn authenticate(&mut self) -> Result<()> {
        let server = self.server.clone();
        let Some(words) = server.auth() else {
            return Ok(());
        };
        match self.exchange(&words)? {
            Value::ServerError(error) if needs_no_password(&error) => Ok(()),
            Value::ServerError(error) => Err(self.refused("AUTH", &error).into()),
            _ => Ok(()),
        }
    }

    /// Sends a command and returns the answer.
    ///
    /// # Errors
    /// What the server refuses: `redis_auth`, `redis_no_permission`,
    /// `redis_loading`, `redis_readonly`, `redis_protected`,
    /// `redis_save`, `redis_unsupported`, or `redis_error` for the rest; and
    /// `redis_unreachable`, `redis_protocol`, `interrupted`.
    pub fn command(&mut self, words: &[&str]) -> Result<Value> {
        match self.exchange(words)? {
            Value::ServerError(error) => {
                let name = words.first().copied().unwrap_or_default();
                Err(self.refused(name, &error).into())
            }
            answer => Ok(answer),
        }
    }

    /// The fields of one section of `INFO`, such as `replication`; of the
    /// usual ones with `default`.
    pub fn info(&mut self, section: &str) -> Result<Info> {
        let answer = self.command(&["INFO", section])?;
        Ok(parse_info(&self.text(answer)?))
    }

    /// The keys of each database that holds any.
    pub fn keyspace(&mut self) -> Result<Keyspace> {
        Ok(keyspace(&self.info("keyspace")?))
    }

    /// The setting's value; nothing when this server does not know it.
    pub fn setting(&mut self, name: &str) -> Result<Option<String>> {
        let answer = self.command(&["CONFIG", "GET", name])?;
        let pair: Vec<String> = redis::from_redis_value(answer).map_err(|_| self.confused())?;
        Ok(pair.into_iter().nth(1))
    }

    fn text(&self, answer: Value) -> Result<String> {
        redis::from_redis_value(answer).map_err(|_| self.confused().into())
    }

    /// Sends a command and returns whatever is answered.
    pub(super) fn exchange(&mut self, words: &[&str]) -> Result<Value> {
        let mut command = redis::Cmd::new();
        for word in words {
            command.arg(word);
        }
        let sent = self.wire.write_all(&command.get_packed_command());
        sent.and_then(|()| self.wire.flush())
            .map_err(|error| wire::failed(&self.server, &error))?;
        let mut watched = Watched {
            wire: &mut self.wire,
            left: self.longest,
            error: None,
        };
        let answer = self.parser.parse_value(&mut watched);
        match (answer, watched.error) {
            (Ok(answer), _) => Ok(answer),
            (Err(_), Some(error)) => Err(wire::failed(&self.server, &error)),
            (Err(_), None) => Err(self.confused().into()),
        }
    }

    /// Whether the server is on this machine, as far as addresses tell.
    pub(super) fn is_local(&self) -> bool {
        self.wire.is_local()
    }

    /// The bare socket, for what is no answer.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    fn confused(&self) -> Failure {
        Failure::new(
            "redis_protocol",
            format!("`{}` does not answer as Redis does", self.server),
        )
        .hint("check that the port is that of a Redis server")
    }

    /// The failure that a server's error is.
    fn refused(&self, command: &str, error: &ServerError) -> Failure {
        let details = error.details().unwrap_or_default();
        let said = format!("{} {details}", error.code());
        let (reason, hint) = meaning(error.code(), details);
        let server = &self.server;
        let failure = Failure::new(
            reason,
            format!("`{server}` refused `{command}`: {}", said.trim()),
        );
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// Keeps what the parser would only tell in words.
struct Watched<'a> {
    wire: &'a mut Wire,
    /// How much more is read.
    left: usize,
    error: Option<io::Error>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let longest = buffer.len().min(self.left);
        let error = match self.wire.read(&mut buffer[..longest]) {
            Ok(0) if longest > 0 => io::ErrorKind::UnexpectedEof.into(),
            Ok(read) => {
                self.left -= read;
                return Ok(read);
            }
            Err(error) => error,
        };
        let kind = error.kind();
        if kind != io::ErrorKind::Interrupted {
            self.error = Some(error);
        }
        Err(kind.into())
    }
}

/// An application with a password for a server that has none works, and so
/// does this.
fn needs_no_password(error: &ServerError) -> bool {
    let details = error.details().unwrap_or_default();
    error.code() == "ERR"
        && (details.contains("without any password configured")
            || details.contains("no password is set"))
}

/// The reason and the remedy for an error code
/// (<https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>).
pub(super) fn meaning(code: &str, details: &str) -> (&'static str, Option<&'static str>) {
    match code {
        "NOAUTH" => (
            "redis_auth",
            Some("give the password, for instance in `REDIS_URL`"),
        ),
        "WRONGPASS" => (
            "redis_auth",
            Some("compare user and password with the server's"),
        ),
        "ERR" if details.starts_with("invalid password") => {
            ("redis_auth", Some("compare the password with the server's"))
        }
        "NOPERM" => (
            "redis_no_permission",
            Some("give the user what is missing by `ACL SETUSER`, or name another user"),
        ),
        "LOADING" => (
            "redis_loading",
            Some("wait until the server has read its data"),
        ),
        "READONLY" => (
            "redis_readonly",
            Some("name the primary instead of its replica"),
        ),
        // Even PING is refused to those whose writes would be.
        "MISCONF" => (
            "redis_save",
            Some("it takes no writes until it can save: look into its log, and at its disk"),
        ),
        "DENIED" => (
            "redis_protected",
            Some("set a password in the server, or connect from its own host"),
        ),
        "ERR" if details.starts_with("unknown command") => ("redis_unsupported", None),
        _ => ("redis_error", None),
    }
}

/// `name:value` lines; headings and empty lines left out.
pub(super) fn parse_info(text: &str) -> Info {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let fields = lines.filter_map(|line| line.split_once(':'));
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The `db0:keys=…` lines of `INFO keyspace`.
pub(super) fn keyspace(info: &Info) -> Keyspace {
    let databases = info.iter().filter_map(|(name, value)| {
        let number = name.strip_prefix("db")?.parse().ok()?;
        Some((number, Keys::parse(value)))
    });
    databases.collect()
}
