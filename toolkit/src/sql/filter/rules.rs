//! What is refused in a dump, and what is left out.

use super::created::Created;
use crate::failure::Failure;
use crate::sql::{Command, Event};
use anyhow::Result;
use std::ops::Range;

/// Encodings whose characters may contain an ASCII byte, so that a quote may
/// not be one (`PG_ENCODING_BE_LAST` in `pg_wchar.h`), with their aliases.
const UNSAFE_ENCODINGS: &[&[u8]] = &[
    b"sjis",
    b"mskanji",
    b"shiftjis",
    b"shiftjis2004",
    b"win932",
    b"windows932",
    b"big5",
    b"win950",
    b"windows950",
    b"gbk",
    b"win936",
    b"windows936",
    b"uhc",
    b"win949",
    b"windows949",
    b"gb18030",
    b"johab",
];

/// Statements whose effect on the settings is immediate, or can be.
const SETTING: &[&[u8]] = &[
    b"set", b"reset", b"select", b"with", b"values", b"call", b"do", b"update", b"execute",
];

/// What is known of the statement at hand, and what has to be left out.
#[derive(Debug, Default)]
pub(super) struct Rules {
    first: Option<Vec<u8>>,
    last: Vec<u8>,
    mentions_strings: bool,
    mentions_encoding: bool,
    unsafe_encoding: bool,
    line: u64,
    /// What a dump of one database creates and connects to.
    created: Option<Created>,
    /// What of the piece at hand is left out, as offsets in the dump.
    pub(super) dropped: Vec<Range<u64>>,
}

impl Rules {
    pub(super) fn of_one_database() -> Self {
        Self {
            created: Some(Created::default()),
            ..Self::default()
        }
    }

    pub(super) fn event(&mut self, event: Event<'_>) -> Result<()> {
        match event {
            Event::Statement { line, .. } => {
                *self = Self {
                    line,
                    dropped: std::mem::take(&mut self.dropped),
                    created: self.created.take(),
                    ..Self::default()
                };
                if let Some(created) = &mut self.created {
                    created.begin()?;
                }
            }
            Event::Word(text) => self.token(text),
            Event::Quoted(text) => {
                // A statement of interest begins with a keyword.
                self.first.get_or_insert_default();
                self.token(text);
            }
            Event::End { .. } => {
                self.settings()?;
                if let Some(created) = &mut self.created {
                    created.end(self.line)?;
                }
            }
            Event::Command(command) => self.command(command)?,
            Event::Unclear { line, what } => return Err(refused(line, what).into()),
            Event::Comment(text) => {
                if let Some(created) = &self.created {
                    created.comment(text)?;
                }
            }
            Event::CopyStart(_) | Event::CopyEnd { .. } => {}
        }
        Ok(())
    }

    fn token(&mut self, text: &[u8]) {
        self.first.get_or_insert_with(|| text.to_ascii_lowercase());
        if let Some(created) = &mut self.created {
            created.token(text);
        }
        let is = |word: &[u8]| text.eq_ignore_ascii_case(word);
        self.mentions_strings |= is(b"standard_conforming_strings");
        self.mentions_encoding |= is(b"client_encoding") || is(b"names");
        self.unsafe_encoding |= is_unsafe_encoding(text);
        self.last.clear();
        self.last.extend_from_slice(text);
    }

    /// Takes the dump's end.
    pub(super) fn end(&self) -> Result<()> {
        Ok(self.created.as_ref().map_or(Ok(()), Created::finish)?)
    }

    /// Refuses a statement that changes how psql reads the ones after it.
    fn settings(&self) -> Result<()> {
        let first = self.first.as_deref().unwrap_or_default();
        if !SETTING.contains(&first) {
            return Ok(());
        }
        let on = [&b"on"[..], b"true"]
            .iter()
            .any(|on| self.last.eq_ignore_ascii_case(on));
        if self.mentions_strings && !(first == b"set" && on) {
            let what = "changes `standard_conforming_strings`, and with it what a quote is";
            return Err(refused(self.line, what).into());
        }
        if self.mentions_encoding && self.unsafe_encoding {
            let what = "changes to an encoding in which a quote can be half a character";
            let failure = refused(self.line, what);
            return Err(failure.hint("dump it again with `--encoding=UTF8`").into());
        }
        Ok(())
    }

    fn command(&mut self, command: Command<'_>) -> Result<()> {
        let connects = |created: &mut Created| created.connects(command);
        let dropped = is_restriction(command.text) || self.created.as_mut().is_some_and(connects);
        if command.alone && dropped {
            self.dropped.push(command.start..command.end);
            return Ok(());
        }
        let mut words = command.text.split(u8::is_ascii_whitespace);
        let word = String::from_utf8_lossy(words.next().unwrap_or_default());
        let what = format!("has the command `{word}`");
        Err(refused(command.line, &what).into())
    }
}

fn is_restriction(text: &[u8]) -> bool {
    let mut words = text.trim_ascii_end().split(|byte| *byte == b' ');
    matches!(words.next(), Some(b"\\restrict" | b"\\unrestrict"))
        && words
            .next()
            .is_some_and(|key| key.iter().all(u8::is_ascii_alphanumeric))
        && words.next().is_none()
}

/// Compares names as the server does (`clean_encoding_name` in `encnames.c`).
fn is_unsafe_encoding(name: &[u8]) -> bool {
    let name = name.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let name: Vec<_> = name.map(u8::to_ascii_lowercase).take(16).collect();
    UNSAFE_ENCODINGS.contains(&name.as_slice())
}

pub(super) fn refused(line: u64, what: &str) -> Failure {
    Failure::new("hostile_dump", format!("line {line} of the dump {what}"))
        .hint("a dump by `pg_dump` has no such line: find out where this one comes from")
}
