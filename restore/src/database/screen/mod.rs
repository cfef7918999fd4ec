//! What of a dump's statements psql is given, and where each stands.

mod own;

use own::Own;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::Range;
use toolkit::failure::Failure;
use toolkit::postgres::Version;
use toolkit::sql::{Event, Scanner};

/// Settings that newer `pg_dump`s begin with, the server that introduced each,
/// and the value under which an older server does the same without it; any
/// number where there is none (`_doSetFixedOutputState` and
/// `_selectTableAccessMethod` in `pg_backup_archiver.c`).
const SINCE: &[(&str, u32, Option<&str>)] = &[
    ("default_table_access_method", 12, Some("heap")),
    ("transaction_timeout", 17, None),
];

/// What belongs to the whole server, and no dump of one database touches.
const CLUSTER: &[&str] = &["database", "group", "role", "system", "tablespace", "user"];

/// Statements that may turn out to be left out are no longer than this.
const HELD: usize = 4096;
/// How many statements psql may be behind.
const REMEMBERED: usize = 16_384;
/// How much of a statement is shown, in bytes.
const SHOWN: usize = 80;
/// How many words decide about a statement.
const WORDS: usize = 4;

/// Whom the dump is for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// The server's version.
    pub(super) server: Version,
    /// Everything happens in one transaction, which is not the dump's to end.
    pub(super) one_transaction: bool,
}

/// Passes a dump on, without what the server cannot or must not execute. Lines
/// keep their numbers.
#[derive(Debug)]
pub(super) struct Screen<W> {
    to: W,
    scanner: Scanner,
    seen: Seen,
    /// Read, but not passed on: a statement that may be left out.
    held: Vec<u8>,
    /// Where in the dump `held` begins, else the next piece.
    offset: u64,
}

/// What is known of the statements so far.
#[derive(Debug)]
struct Seen {
    rules: Rules,
    own: Own,
    current: Option<Current>,
    blanks: Vec<Range<u64>>,
    places: Places,
    refused: Option<Failure>,
    warnings: Vec<String>,
    versions: Versions,
}

/// What the dump says about its origin, by major versions.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Versions {
    pub(super) server: Option<u32>,
    pub(super) pg_dump: Option<u32>,
}

#[derive(Debug)]
struct Current {
    at: u64,
    line: u64,
    words: Vec<String>,
    /// No further words decide about it.
    decided: bool,
    last: String,
}

/// Where the last statements stand.
#[derive(Debug, Default)]
pub(super) struct Places(VecDeque<Place>);

#[derive(Debug)]
struct Place {
    line: u64,
    at: u64,
    end: Option<u64>,
    text: Vec<u8>,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(to: W, rules: Rules) -> Self {
        Self {
            to,
            scanner: Scanner::new(),
            seen: Seen {
                rules,
                own: Own::default(),
                current: None,
                blanks: Vec::new(),
                places: Places::default(),
                refused: None,
                warnings: Vec::new(),
                versions: Versions::default(),
            },
            held: Vec::new(),
            offset: 0,
        }
    }

    /// Why the last write failed, when it was not psql's end.
    pub(super) fn refused(&mut self) -> Option<Failure> {
        self.seen.refused.take()
    }

    /// What was left out, for people.
    pub(super) fn warnings(&mut self) -> Vec<String> {
        let mut warnings = std::mem::take(&mut self.seen.warnings);
        warnings.extend(self.seen.own.warning());
        warnings
    }

    /// What the dump says about its origin.
    pub(super) fn versions(&self) -> Versions {
        self.seen.versions
    }

    /// Passes on what was held back, at the end of the dump.
    pub(super) fn release(&mut self) -> io::Result<()> {
        if let Err(failure) = self.seen.own.end() {
            self.seen.refused = Some(failure);
            return Err(io::Error::other("refused"));
        }
        self.to.write_all(&std::mem::take(&mut self.held))
    }

    /// Where the dump went, and where its statements stand.
    pub(super) fn split(self) -> (W, Places) {
        (self.to, self.seen.places)
    }

    /// The piece with what is left out blanked, as far as it can be passed on.
    fn piece(&mut self, bytes: &[u8]) -> Result<Vec<u8>, Failure> {
        let seen = &mut self.seen;
        self.scanner.feed(bytes, |event| seen.event(event))?;
        let mut piece = std::mem::take(&mut self.held);
        piece.extend_from_slice(bytes);
        let (offset, len) = (self.offset, piece.len());
        let within = |at: u64| {
            usize::try_from(at.saturating_sub(offset))
                .unwrap_or(len)
                .min(len)
        };
        for place in seen.places.0.iter_mut().rev() {
            // One that began in the piece before is shown as far as it was there.
            if place.at < offset {
                break;
            }
            let range = within(place.at)..within(place.end.unwrap_or(u64::MAX));
            let shown = range.len().min(SHOWN);
            place.text = piece[range.start..range.start + shown].to_vec();
        }
        for range in seen.blanks.drain(..) {
            let range = within(range.start)..within(range.end);
            for byte in piece[range].iter_mut().filter(|byte| **byte != b'\n') {
                *byte = b' ';
            }
        }
        let open = seen
            .current
            .as_ref()
            .filter(|current| current.may_be_blanked());
        if let Some(start) = open.map(|current| within(current.at)) {
            if len - start < HELD {
                self.held = piece.split_off(start);
            } else if let Some(current) = &seen.current
                && current.may_be_left_out()
            {
                return Err(refused(
                    current.line,
                    "is about a database, and too long to be left out",
                ));
            } else if let Some(current) = &seen.current
                && current.words() == ["commit"]
                && seen.rules.one_transaction
            {
                // psql executes what it has when its input ends.
                return Err(refused(
                    current.line,
                    "would end the transaction it is restored in",
                ));
            }
        }
        self.offset += piece.len() as u64;
        Ok(piece)
    }
}

impl<W: Write> Write for Screen<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.piece(bytes) {
            Ok(piece) => self.to.write_all(&piece).map(|()| bytes.len()),
            Err(failure) => {
                self.seen.refused = Some(failure);
                Err(io::Error::other("refused"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl Places {
    /// The beginning of the statement that psql names by a line: the one at
    /// whose end, or in whose data, it was.
    pub(super) fn statement(&self, line: u64) -> Option<String> {
        let place = self.0.iter().rev().find(|place| place.line <= line)?;
        let text = String::from_utf8_lossy(&place.text);
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl Current {
    /// Whether the whole statement must be seen before it is passed on.
    fn may_be_blanked(&self) -> bool {
        let first = self.words.first().map(String::as_str);
        matches!(first, None | Some("set" | "begin" | "commit")) || self.may_be_left_out()
    }

    /// Whether it may be about the dump's own database.
    fn may_be_left_out(&self) -> bool {
        !self.words.is_empty() && own::may_be(&self.words())
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }
}

impl Seen {
    fn event(&mut self, event: Event<'_>) -> Result<(), Failure> {
        match event {
            Event::Statement { at, line } => {
                if self.places.0.len() == REMEMBERED {
                    self.places.0.pop_front();
                }
                self.places.0.push_back(Place {
                    line,
                    at,
                    end: None,
                    text: Vec::new(),
                });
                self.current = Some(Current {
                    at,
                    line,
                    words: Vec::new(),
                    decided: false,
                    last: String::new(),
                });
            }
            Event::Word(text) => self.token(&String::from_utf8_lossy(text).to_lowercase())?,
            Event::Quoted(text) => self.token(&format!("'{}", String::from_utf8_lossy(text)))?,
            Event::End { at } => self.end(at)?,
            Event::Comment(text) if self.current.is_none() => self.comment(text),
            _ => {}
        }
        Ok(())
    }

    /// A word in lower case, or what was quoted after a `'`.
    fn token(&mut self, text: &str) -> Result<(), Failure> {
        let one_transaction = self.rules.one_transaction;
        let Some(current) = &mut self.current else {
            return Ok(());
        };
        text.clone_into(&mut current.last);
        if current.decided {
            return Ok(());
        }
        current.words.push(text.to_owned());
        let line = current.line;
        let words = current.words();
        let may_be_left_out = own::may_be(&words);
        let enough = if may_be_left_out { own::WORDS } else { WORDS };
        let decided = words.len() >= enough;
        let judged = match words.as_slice() {
            // It needs a word more: `CREATE USER MAPPING` is of the database.
            [_, "user"] | [_, "user", "mapping", ..] => Ok(()),
            // It is judged when it has ended.
            _ if may_be_left_out => Ok(()),
            ["create" | "alter" | "drop", what, ..] if CLUSTER.contains(what) => {
                Err(of_the_server(line, what))
            }
            ["load" | "reassign", ..] => Err(refused(line, &format!("has a `{text}` statement"))),
            ["abort" | "end" | "rollback" | "start"] | ["prepare", "transaction"]
                if one_transaction =>
            {
                Err(refused(line, "would end the transaction it is restored in"))
            }
            _ => Ok(()),
        };
        current.decided = decided;
        judged
    }

    fn end(&mut self, at: u64) -> Result<(), Failure> {
        let Some(current) = self.current.take() else {
            return Ok(());
        };
        if let Some(place) = self.places.0.back_mut() {
            place.end = Some(at);
        }
        let range = current.at..at;
        let words = current.words();
        if self.own.leaves_out(&words, current.line)? {
            self.blanks.push(range);
            return Ok(());
        }
        match words.as_slice() {
            // Too short to be judged before.
            ["create" | "alter" | "drop", what, ..]
                if CLUSTER.contains(what) && own::may_be(&words) =>
            {
                return Err(of_the_server(current.line, what));
            }
            ["set", name, rest @ ..] => {
                let since = SINCE.iter().find(|(known, ..)| known == name);
                if let Some((name, since, same)) = since
                    && self.rules.server.major < *since
                    && same.is_none_or(|same| rest == [same])
                {
                    self.blanks.push(range);
                    let warning =
                        format!("`{name}`, which PostgreSQL {since} introduced, is left out");
                    if !self.warnings.contains(&warning) {
                        self.warnings.push(warning);
                    }
                }
            }
            // Around large objects, `pg_dump` writes a transaction of its own.
            ["begin" | "commit"] | ["begin" | "commit", "transaction" | "work"]
                if self.rules.one_transaction =>
            {
                self.blanks.push(range);
            }
            ["begin" | "commit", ..] if self.rules.one_transaction => {
                return Err(refused(
                    current.line,
                    "would end the transaction it is restored in",
                ));
            }
            ["copy", ..] if current.last != "stdin" && current.last != "stdout" => {
                return Err(refused(
                    current.line,
                    "has a `COPY` that reads or writes something else than the dump",
                ));
            }
            _ => {}
        }
        Ok(())
    }

    fn comment(&mut self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let major = |rest: &str| {
            let digits = rest.chars().take_while(char::is_ascii_digit);
            digits.collect::<String>().parse().ok()
        };
        // The first word counts: the rest of the dump may say anything.
        if let Some(rest) = text.strip_prefix(" Dumped from database version ") {
            self.versions.server = self.versions.server.or(major(rest));
        } else if let Some(rest) = text.strip_prefix(" Dumped by pg_dump version ") {
            self.versions.pg_dump = self.versions.pg_dump.or(major(rest));
        }
    }
}

fn of_the_server(line: u64, what: &str) -> Failure {
    refused(line, &format!("would change a {what} of the server"))
}

fn refused(line: u64, what: &str) -> Failure {
    Failure::new(
        "hostile_dump",
        format!("the statement in line {line} of the dump {what}"),
    )
    .hint("a dump of one database by `pg_dump` has no such statement: find out where this one comes from")
}

#[cfg(test)]
mod tests;
