//! Tokens outside of quotes.

use super::Event;
use super::scanner::{Digits, Quote, Scanner, State};

/// Longer tags of dollar quotes are nobody's.
const LONGEST_TAG: usize = 256;

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

impl Scanner {
    pub(super) fn unclear(&self, what: &'static str) -> Event<'static> {
        Event::Unclear {
            line: self.line,
            what,
        }
    }

    /// One byte between tokens; `last` is the one before, if it was a `-` or `/`.
    pub(super) fn code<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: u8,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let byte = bytes[at];
        self.state = State::Code(0);
        match (last, byte) {
            (b'-', b'-') => {
                self.text.clear();
                self.state = State::Dashes;
                return Ok(at + 1);
            }
            (b'/', b'*') => {
                self.depth = 1;
                self.state = State::Comment(0);
                return Ok(at + 1);
            }
            // It was an operator after all.
            (b'-' | b'/', _) => {
                self.token(self.offset + at as u64 - 1, see)?;
                self.statement.other_token();
            }
            _ => {}
        }
        match byte {
            b'\n' => {
                self.line += 1;
                self.line_start = self.offset + at as u64 + 1;
            }
            b' ' | b'\t' | b'\r' | 0x0B | 0x0C => {}
            b'-' | b'/' => self.state = State::Code(byte),
            b'\\' => {
                self.begin_text(at);
                self.state = State::Command;
                return Ok(at);
            }
            b';' => return self.semicolon(bytes, at, see),
            _ => self.begin_token(at, byte, see)?,
        }
        Ok(at + 1)
    }

    fn begin_token<E>(
        &mut self,
        at: usize,
        byte: u8,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let continues_escapes = byte == b'\'' && self.after_escapes;
        let here = self.offset + at as u64;
        self.token(here, see)?;
        match byte {
            b'(' => self.statement.open_paren(here),
            b')' => self.statement.close_paren(here),
            b'$' => {
                self.tag.clear();
                self.state = State::Tag;
            }
            b'\'' | b'"' => {
                if continues_escapes {
                    // To the server it is still the `E'…'`, to psql it is not.
                    see(self.unclear("goes on with an `E'…'` in another `'…'`"))?;
                }
                self.statement.other_token();
                self.begin_text(at);
                self.state = State::Quote(if byte == b'"' {
                    Quote::Identifier
                } else {
                    Quote::Standard
                });
            }
            b'0'..=b'9' => {
                self.statement.other_token();
                self.state = State::Number(Digits::Any);
            }
            _ if starts_word(byte) => {
                self.begin_text(at);
                self.text.extend(&[byte]);
                self.state = State::Word;
            }
            _ => self.statement.other_token(),
        }
        Ok(())
    }

    /// A token begins at this offset of the dump.
    fn token<E>(
        &mut self,
        at: u64,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.after_escapes = false;
        if self.statement.begin() {
            let line = self.line;
            see(Event::Statement { at, line })?;
        }
        Ok(())
    }

    fn semicolon<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        self.after_escapes = false;
        let begun = self.statement.has_begun();
        if !self.statement.semicolon() {
            return Ok(at + 1);
        }
        if begun {
            let at = self.offset + at as u64 + 1;
            see(Event::End { at })?;
        }
        if self.statement.copy_header(bytes, at).is_some() {
            if self.statement.header_is_cut() {
                see(self.unclear("has a `COPY` of more than 1 MiB"))?;
            }
            see(Event::CopyStart(&self.statement.header))?;
            self.state = State::CopyLine { empty: true };
        }
        self.statement.reset();
        Ok(at + 1)
    }

    pub(super) fn word<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let rest = &bytes[at..];
        let ends = |byte: &u8| !(starts_word(*byte) || byte.is_ascii_digit() || *byte == b'$');
        let Some(len) = rest.iter().position(ends) else {
            self.text.extend(rest);
            return Ok(bytes.len());
        };
        self.text.extend(&rest[..len]);
        let end = at + len;
        self.state = State::Code(0);
        if bytes[end] == b'\'' && self.text.is(b"e") {
            self.statement.other_token();
            self.begin_text(end);
            self.state = State::Quote(Quote::Escapes);
            return Ok(end + 1);
        }
        if self.statement.begin() {
            // Only what a byte order mark alone began has not been announced.
            let (at, line) = (self.text_at, self.text_line);
            see(Event::Statement { at, line })?;
        }
        if let Some(what) = self.statement.word(&self.text, self.text_at, end) {
            see(self.unclear(what))?;
        }
        see(Event::Word(&self.text.bytes))?;
        Ok(end)
    }

    /// Numbers matter only where a letter follows: psql 14 and 15 split `1e'`
    /// and `1a$$` in different places.
    pub(super) fn number<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        digits: Digits,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let byte = bytes[at];
        self.state = match (digits, byte) {
            (_, b'0'..=b'9') | (Digits::Any, b'.') => State::Number(Digits::Any),
            (Digits::Any, b'e' | b'E') => State::Number(Digits::Exponent),
            (Digits::Exponent, b'+' | b'-') => State::Number(Digits::Sign),
            _ => {
                self.state = State::Code(0);
                if digits != Digits::Any || starts_word(byte) {
                    see(self.unclear("has a word that begins with digits"))?;
                }
                return Ok(at);
            }
        };
        Ok(at + 1)
    }

    pub(super) fn tag<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let byte = bytes[at];
        let first = self.tag.is_empty();
        if byte == b'$' {
            self.statement.other_token();
            self.state = State::Dollar(0);
            return Ok(at + 1);
        }
        if first && byte.is_ascii_digit() {
            // A parameter such as `$1`.
            self.state = State::Number(Digits::Any);
        } else if self.tag.len() == LONGEST_TAG {
            see(self.unclear("has a dollar quote with a tag of more than 256 bytes"))?;
            self.text.extend(&self.tag);
            self.state = State::Word;
        } else if starts_word(byte) || (!first && byte.is_ascii_digit()) {
            if first {
                self.begin_text(at);
            }
            self.tag.push(byte);
            return Ok(at + 1);
        } else if first {
            self.state = State::Code(0);
        } else {
            // A `$` alone, and a word after it.
            self.text.extend(&self.tag);
            self.state = State::Word;
        }
        Ok(at)
    }
}
