//! Where in a dump the next byte stands, and the loop over its pieces.

use super::statement::Statement;
use super::{Command, Event, Excerpt, copy};

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// So many bytes of a byte order mark at the very beginning, which psql skips.
    Mark(u8),
    /// Between tokens, after this byte where it may begin a comment, else 0.
    Code(u8),
    Word,
    Number(Digits),
    /// After a `$`, within what may be the tag of a dollar quote.
    Tag,
    /// Within a dollar quote, after so many bytes of what may be its end.
    Dollar(usize),
    Quote(Quote),
    /// After a backslash in an `E'…'`.
    Escape,
    /// After a closing quote, which the next byte may turn into a doubled one.
    Closing(Quote),
    /// Within a `--` comment.
    Dashes,
    /// Within a `/* */`, this byte being the one before if it may matter.
    Comment(u8),
    Command,
    /// After the `;` of a `COPY … FROM stdin`, until the line ends.
    CopyLine {
        empty: bool,
    },
    Copy(copy::Line),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quote {
    Standard,
    Escapes,
    Identifier,
}

/// How far a number has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Digits {
    Any,
    Exponent,
    Sign,
}

/// Reads a dump piece by piece; see [the module](super).
#[derive(Debug)]
pub struct Scanner {
    pub(super) state: State,
    /// Offset of the piece at hand.
    pub(super) offset: u64,
    pub(super) line: u64,
    /// Offset of the line's first byte, right whenever the state is `Code`.
    pub(super) line_start: u64,
    pub(super) statement: Statement,
    /// The token, comment or command at hand.
    pub(super) text: Excerpt,
    pub(super) text_at: u64,
    pub(super) text_line: u64,
    pub(super) depth: u32,
    pub(super) tag: Vec<u8>,
    /// The last token was an `E'…'`.
    pub(super) after_escapes: bool,
    pub(super) rows: u64,
    pub(super) terminator: memchr::memmem::Finder<'static>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self {
            state: State::Mark(0),
            offset: 0,
            line: 1,
            line_start: 0,
            statement: Statement::default(),
            text: Excerpt::default(),
            text_at: 0,
            text_line: 1,
            depth: 0,
            tag: Vec::new(),
            after_escapes: false,
            rows: 0,
            terminator: memchr::memmem::Finder::new(b"\n\\."),
        }
    }
}

impl Scanner {
    /// A scanner at the beginning of a dump.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next piece of the dump and shows what is in it to `see`.
    ///
    /// # Errors
    /// Those of `see`, which end the scan: the scanner is of no use afterwards.
    pub fn feed<E>(
        &mut self,
        bytes: &[u8],
        mut see: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.statement.enter_piece();
        let mut at = 0;
        while at < bytes.len() {
            at = match self.state {
                State::Mark(len) => self.mark(bytes, at, len),
                State::Code(last) => self.code(bytes, at, last, &mut see)?,
                State::Word => self.word(bytes, at, &mut see)?,
                State::Number(digits) => self.number(bytes, at, digits, &mut see)?,
                State::Tag => self.tag(bytes, at, &mut see)?,
                State::Dollar(matched) => self.dollar(bytes, at, matched),
                State::Quote(quote) => self.quote(bytes, at, quote),
                State::Escape => self.escape(bytes, at),
                State::Closing(quote) => self.closing(bytes, at, quote, &mut see)?,
                State::Dashes => self.dashes(bytes, at, &mut see)?,
                State::Comment(last) => self.comment(bytes, at, last),
                State::Command => self.command(bytes, at, &mut see)?,
                State::CopyLine { empty } => self.copy_line(bytes, at, empty, &mut see)?,
                State::Copy(line) => self.copy(bytes, at, line, &mut see)?,
            };
        }
        self.statement.leave_piece(bytes);
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Ends the dump: shows what its last line held.
    ///
    /// # Errors
    /// Those of `see`.
    pub fn finish<E>(&mut self, mut see: impl FnMut(Event<'_>) -> Result<(), E>) -> Result<(), E> {
        match self.state {
            State::Dashes => see(Event::Comment(&self.text.bytes)),
            State::Command => see(Event::Command(self.command_until(self.offset))),
            _ => Ok(()),
        }
    }

    /// Whether the dump, should it end here, ends between two statements.
    pub fn is_between_statements(&self) -> bool {
        let outside = matches!(
            self.state,
            State::Mark(_) | State::Code(_) | State::Dashes | State::Command
        );
        outside && !self.statement.has_begun()
    }

    /// The line of the next byte, counted from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Where the backslash command begins that the last piece ended in.
    pub fn open_command(&self) -> Option<u64> {
        (self.state == State::Command).then_some(self.text_at)
    }

    /// Counts the lines that end in `bytes`.
    pub(super) fn count_lines(&mut self, bytes: &[u8]) {
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Begins to keep the text of a token at `at` of the piece.
    pub(super) fn begin_text(&mut self, at: usize) {
        self.text.clear();
        self.text_at = self.offset + at as u64;
        self.text_line = self.line;
    }

    pub(super) fn command_until(&self, end: u64) -> Command<'_> {
        Command {
            line: self.text_line,
            start: self.text_at,
            end,
            alone: self.text_at == self.line_start && !self.statement.has_begun(),
            text: &self.text.bytes,
        }
    }

    fn mark(&mut self, bytes: &[u8], at: usize, len: u8) -> usize {
        const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];
        if bytes[at] == MARK[usize::from(len)] {
            self.text.extend(&bytes[at..=at]);
            self.state = if len == 2 {
                self.line_start = 3;
                State::Code(0)
            } else {
                State::Mark(len + 1)
            };
            return at + 1;
        }
        // The beginning of a mark alone is a word.
        self.state = if len == 0 {
            State::Code(0)
        } else {
            State::Word
        };
        at
    }
}
