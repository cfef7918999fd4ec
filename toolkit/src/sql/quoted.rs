//! What only ends at its own end: quotes, comments, and backslash commands.

use super::Event;
use super::scanner::{Quote, Scanner, State};
use memchr::{memchr, memchr2};

impl Scanner {
    pub(super) fn quote(&mut self, bytes: &[u8], at: usize, quote: Quote) -> usize {
        let rest = &bytes[at..];
        let stop = match quote {
            Quote::Standard => memchr(b'\'', rest),
            Quote::Escapes => memchr2(b'\'', b'\\', rest),
            Quote::Identifier => memchr(b'"', rest),
        };
        let inside = &rest[..stop.unwrap_or(rest.len())];
        self.text.extend(inside);
        self.count_lines(inside);
        let Some(len) = stop else {
            return bytes.len();
        };
        self.state = if rest[len] == b'\\' {
            State::Escape
        } else {
            State::Closing(quote)
        };
        at + len + 1
    }

    /// The byte after a backslash in an `E'…'`, which is never its end.
    pub(super) fn escape(&mut self, bytes: &[u8], at: usize) -> usize {
        self.text.extend(&[b'\\', bytes[at]]);
        self.count_lines(&bytes[at..=at]);
        self.state = State::Quote(Quote::Escapes);
        at + 1
    }

    pub(super) fn closing<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        quote: Quote,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mark = if quote == Quote::Identifier {
            b'"'
        } else {
            b'\''
        };
        if bytes[at] == mark {
            self.text.extend(&[mark]);
            self.state = State::Quote(quote);
            return Ok(at + 1);
        }
        see(Event::Quoted(&self.text.bytes))?;
        self.after_escapes = quote == Quote::Escapes;
        self.state = State::Code(0);
        Ok(at)
    }

    /// Within a dollar quote; `matched` bytes of its end have gone by.
    pub(super) fn dollar(&mut self, bytes: &[u8], at: usize, matched: usize) -> usize {
        let byte = bytes[at];
        if matched == 0 {
            let stop = memchr(b'$', &bytes[at..]);
            let end = stop.map_or(bytes.len(), |len| at + len);
            self.count_lines(&bytes[at..end]);
            self.state = State::Dollar(usize::from(stop.is_some()));
            return end + usize::from(stop.is_some());
        }
        if matched == self.tag.len() + 1 && byte == b'$' {
            self.state = State::Code(0);
        } else if self.tag.get(matched - 1) == Some(&byte) {
            self.state = State::Dollar(matched + 1);
        } else {
            // The byte may itself begin the end.
            self.state = State::Dollar(0);
            return at;
        }
        at + 1
    }

    /// Within a `--` comment. psql ends it at either kind of line end.
    pub(super) fn dashes<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let rest = &bytes[at..];
        let stop = memchr2(b'\n', b'\r', rest);
        self.text.extend(&rest[..stop.unwrap_or(rest.len())]);
        let Some(len) = stop else {
            return Ok(bytes.len());
        };
        see(Event::Comment(&self.text.bytes))?;
        self.state = State::Code(0);
        Ok(at + len)
    }

    /// Within a `/* */`, which may hold others.
    pub(super) fn comment(&mut self, bytes: &[u8], at: usize, last: u8) -> usize {
        let byte = bytes[at];
        match (last, byte) {
            (b'*', b'/') => {
                self.depth -= 1;
                self.state = if self.depth == 0 {
                    State::Code(0)
                } else {
                    State::Comment(0)
                };
            }
            (b'/', b'*') => {
                self.depth = self.depth.saturating_add(1);
                self.state = State::Comment(0);
            }
            (_, b'*' | b'/') => self.state = State::Comment(byte),
            _ => {
                let stop = memchr2(b'*', b'/', &bytes[at..]);
                let end = stop.map_or(bytes.len(), |len| at + len);
                self.count_lines(&bytes[at..end]);
                self.state = State::Comment(0);
                return end;
            }
        }
        at + 1
    }

    /// Within a backslash command, which takes the rest of its line.
    pub(super) fn command<E>(
        &mut self,
        bytes: &[u8],
        at: usize,
        see: &mut impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let rest = &bytes[at..];
        let stop = memchr(b'\n', rest);
        self.text.extend(&rest[..stop.unwrap_or(rest.len())]);
        let Some(len) = stop else {
            return Ok(bytes.len());
        };
        let end = at + len;
        see(Event::Command(self.command_until(self.offset + end as u64)))?;
        self.state = State::Code(0);
        Ok(end)
    }
}
