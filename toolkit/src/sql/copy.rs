//! `COPY … FROM stdin`: its header, and its data at memory speed.

use super::Event;
use super::scanner::{Scanner, State};
use std::ops::Range;

/// The statement that data follow.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) text: Vec<u8>,
    pub(super) table: Range<usize>,
    pub(super) columns: Range<usize>,
}

impl Header {
    /// The whole statement, from `COPY` to its `;`.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The table's name as written, such as `public."My table"`.
    pub fn table(&self) -> &[u8] {
        let name = self.text.get(self.table.clone());
        name.unwrap_or_default().trim_ascii()
    }

    /// The columns' names as written; none where the header names none.
    pub fn columns(&self) -> Vec<&[u8]> {
        let list = self.text.get(self.columns.clone()).unwrap_or_default();
        let mut quoted = false;
        let names = list.split(|byte| {
            quoted ^= *byte == b'"';
            *byte == b',' && !quoted
        });
        let names = names.map(<[u8]>::trim_ascii);
        names.filter(|name| !name.is_empty()).collect()
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.table = 0..0;
        self.columns = 0..0;
    }
}

/// How much of a line of data is known: psql ends the data at a line that is
/// `\.`, alone, with the line's end of either kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Start,
    Backslash,
    Dot,
    Return,
    Other,
}

impl Scanner {
    /// After the `;`: psql reads the data from the next line on.
    pub(super) fn copy_line<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        empty: bool,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let end = memchr::memchr(b'\n', &bytes[at..]).map(|len| at + len);
        let text = bytes[at..end.unwrap_or(bytes.len())].trim_ascii();
        if empty && !text.is_empty() {
            // psql keeps it until the data have ended.
            see(self.unclear("has text after a `COPY … FROM stdin;`"))?;
            self.state = State::CopyLine { empty: false };
        }
        let Some(end) = end else {
            return Ok(bytes.len());
        };
        self.line += 1;
        self.rows = 0;
        self.state = State::Copy(Line::Start);
        Ok(end + 1)
    }

    pub(super) fn copy<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        line: Line,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let next = match (line, bytes[at]) {
            (Line::Other, _) => return Ok(self.copy_lines(bytes, at)),
            (Line::Dot | Line::Return, b'\n') => {
                self.line += 1;
                self.line_start = self.offset + at as u64 + 1;
                self.state = State::Code(0);
                self.statement.reset();
                see(Event::CopyEnd { rows: self.rows })?;
                return Ok(at + 1);
            }
            (_, b'\n') => {
                self.line += 1;
                self.rows += 1;
                Line::Start
            }
            (Line::Start, b'\\') => Line::Backslash,
            (Line::Backslash, b'.') => Line::Dot,
            (Line::Dot, b'\r') => Line::Return,
            _ => {
                self.state = State::Copy(Line::Other);
                return Ok(at);
            }
        };
        self.state = State::Copy(next);
        Ok(at + 1)
    }

    /// From the middle of a line to the next line that may be the last.
    fn copy_lines(&mut self, bytes: &[u8], at: usize) -> usize {
        let rest = &bytes[at..];
        let candidate = self.terminator.find(rest);
        let lines = &rest[..candidate.map_or(rest.len(), |newline| newline + 1)];
        let ended = memchr::memchr_iter(b'\n', lines).count() as u64;
        self.rows += ended;
        self.line += ended;
        self.state = State::Copy(match lines {
            [.., b'\n'] => Line::Start,
            [.., b'\n', b'\\'] => Line::Backslash,
            _ => Line::Other,
        });
        at + lines.len()
    }
}
