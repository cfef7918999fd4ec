//! SQL dumps, read as psql reads them, while they stream by.
//!
//! A dump is a program for psql: SQL, the data of `COPY … FROM stdin` in lines
//! between it, and backslash commands that can run anything. [`Scanner`] tells
//! these apart exactly as psql's own lexer does (`src/fe_utils/psqlscan.l` and
//! `src/bin/psql/copy.c`, versions 13 to 18, with
//! `standard_conforming_strings` on), however the bytes are cut into pieces and
//! without keeping them. Where psql's versions, or psql and the server,
//! disagree, it says so with [`Event::Unclear`].
//!
//! [`tally`] counts what a dump holds, [`filter`] makes a dump of unknown
//! origin safe to hand to psql.

mod code;
mod copy;
pub mod filter;
mod quoted;
mod scanner;
mod statement;
pub mod tally;
#[cfg(test)]
mod tests;

pub use copy::Header;
pub use scanner::Scanner;

/// Something met in a dump. Texts are cut where said: none grows with the dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A statement begins, with its first token.
    Statement {
        /// Offset in bytes from the beginning of the dump.
        at: u64,
        /// Its line, counted from 1.
        line: u64,
    },
    /// An unquoted word of a statement; the first [`SHOWN`] bytes.
    Word(&'a [u8]),
    /// What stands in a `'…'` or `"…"`, escapes as they are; the first
    /// [`SHOWN`] bytes.
    Quoted(&'a [u8]),
    /// A statement ended; the offset after its `;`.
    End {
        /// Offset in bytes from the beginning of the dump.
        at: u64,
    },
    /// A `--` comment, without the dashes; the first [`SHOWN`] bytes.
    Comment(&'a [u8]),
    /// A `COPY … FROM stdin;` ended: its data follow.
    CopyStart(&'a Header),
    /// The `\.` of a `COPY` was read, after this number of rows.
    CopyEnd {
        /// Lines before the `\.`.
        rows: u64,
    },
    /// A backslash command outside of data and quotes.
    Command(Command<'a>),
    /// Something that not every psql and server reads in the same way.
    Unclear {
        /// Where, counted from 1.
        line: u64,
        /// What, as the rest of a sentence.
        what: &'static str,
    },
}

/// A backslash command, from the backslash to the end of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Its line, counted from 1.
    pub line: u64,
    /// Offset of its backslash.
    pub start: u64,
    /// Offset of the line's end.
    pub end: u64,
    /// Whether it begins its line, outside of any statement.
    pub alone: bool,
    /// Its text without the line's end; the first [`SHOWN`] bytes.
    pub text: &'a [u8],
}

/// How much of a word, a literal, a comment or a command is shown, in bytes.
pub const SHOWN: usize = 128;

/// A piece of text that keeps only its first [`SHOWN`] bytes.
#[derive(Debug, Clone, Default)]
struct Excerpt {
    bytes: Vec<u8>,
    len: u64,
}

impl Excerpt {
    fn clear(&mut self) {
        self.bytes.clear();
        self.len = 0;
    }

    fn extend(&mut self, bytes: &[u8]) {
        let room = SHOWN - self.bytes.len();
        self.bytes
            .extend_from_slice(&bytes[..room.min(bytes.len())]);
        self.len += bytes.len() as u64;
    }

    /// Whether it is exactly `word`, in any case.
    fn is(&self, word: &[u8]) -> bool {
        self.len == word.len() as u64 && self.bytes.eq_ignore_ascii_case(word)
    }
}
