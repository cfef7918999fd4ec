//! What is remembered of a statement: how deep it is nested, and whether it is
//! a `COPY` from the stream.

use super::{Excerpt, Header};

/// Longer headers are no table's: 1600 columns of 63 bytes fit many times.
const LONGEST_HEADER: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Statement {
    begun: bool,
    parens: u32,
    /// `BEGIN` and `CASE` not yet ended, in the body of a function.
    begins: u32,
    words: u32,
    /// The first words, by their first letters, as psql keeps them.
    initials: [u8; 4],
    /// The next word is the first after a `;` inside the statement.
    after_inner_end: bool,
    copy: Copy,
    pub(super) header: Header,
    header_at: u64,
    /// From where in the piece at hand the header is not yet kept.
    unkept: Option<usize>,
}

/// How far a statement is on its way to `COPY … FROM stdin`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Copy {
    #[default]
    No,
    Table,
    Columns,
    AfterColumns,
    From,
    Stdin,
}

impl Statement {
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Marks that a token was met; returns whether it is the first.
    pub(super) fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    pub(super) fn reset(&mut self) {
        self.begun = false;
        self.parens = 0;
        self.begins = 0;
        self.words = 0;
        self.initials = [0; 4];
        self.after_inner_end = false;
        self.copy = Copy::No;
        self.unkept = None;
    }

    /// Takes a word that spans `start..end` of the dump; `end` is `piece_end`
    /// of the piece at hand. Returns what is unclear about it.
    pub(super) fn word(
        &mut self,
        word: &Excerpt,
        start: u64,
        piece_end: usize,
    ) -> Option<&'static str> {
        self.nest(word);
        let nested = std::mem::take(&mut self.after_inner_end) && word.is(b"copy");
        let first = self.words == 1 && self.parens == 0;
        match self.copy {
            Copy::No if first && word.is(b"copy") => {
                self.copy = Copy::Table;
                self.header.clear();
                self.header.text.extend_from_slice(&word.bytes);
                self.header_at = start;
                self.header.table.start = word.bytes.len();
                self.unkept = Some(piece_end);
            }
            Copy::Table | Copy::AfterColumns if self.parens == 0 => {
                if word.is(b"from") {
                    if self.copy == Copy::Table {
                        self.header.table.end = self.in_header(start);
                    }
                    self.copy = Copy::From;
                } else if word.is(b"to") {
                    self.copy = Copy::No;
                    self.unkept = None;
                }
            }
            // The grammar takes either word, and means the stream by both.
            Copy::From if word.is(b"stdin") || word.is(b"stdout") => self.copy = Copy::Stdin,
            _ => self.other_token(),
        }
        nested.then_some("holds a `COPY` inside another statement")
    }

    /// Takes a token that is no word.
    pub(super) fn other_token(&mut self) {
        if self.copy == Copy::From {
            self.copy = Copy::No;
            self.unkept = None;
        }
    }

    pub(super) fn open_paren(&mut self, at: u64) {
        self.other_token();
        if self.copy == Copy::Table && self.parens == 0 {
            self.copy = Copy::Columns;
            self.header.table.end = self.in_header(at);
            self.header.columns.start = self.in_header(at) + 1;
        }
        self.parens = self.parens.saturating_add(1);
    }

    pub(super) fn close_paren(&mut self, at: u64) {
        self.other_token();
        self.parens = self.parens.saturating_sub(1);
        if self.copy == Copy::Columns && self.parens == 0 {
            self.copy = Copy::AfterColumns;
            self.header.columns.end = self.in_header(at);
        }
    }

    /// Takes a `;`; returns whether it ends the statement.
    pub(super) fn semicolon(&mut self) -> bool {
        let ends = self.parens == 0 && self.begins == 0;
        self.after_inner_end = !ends;
        self.other_token();
        ends
    }

    /// The header of a `COPY … FROM stdin`, whose `;` is at `semicolon` of
    /// `bytes`, the piece at hand.
    pub(super) fn copy_header(&mut self, bytes: &[u8], semicolon: usize) -> Option<&Header> {
        if self.copy != Copy::Stdin {
            return None;
        }
        self.keep(&bytes[..=semicolon]);
        Some(&self.header)
    }

    pub(super) fn enter_piece(&mut self) {
        if self.copy != Copy::No {
            self.unkept = Some(0);
        }
    }

    pub(super) fn leave_piece(&mut self, bytes: &[u8]) {
        self.keep(bytes);
    }

    /// Whether the header at hand has been cut.
    pub(super) fn header_is_cut(&self) -> bool {
        self.header.text.len() >= LONGEST_HEADER
    }

    fn keep(&mut self, bytes: &[u8]) {
        if let Some(unkept) = self.unkept.take() {
            let room = LONGEST_HEADER.saturating_sub(self.header.text.len());
            let new = &bytes[unkept.min(bytes.len())..];
            let text = &mut self.header.text;
            text.extend_from_slice(&new[..room.min(new.len())]);
        }
    }

    fn in_header(&self, at: u64) -> usize {
        usize::try_from(at - self.header_at).unwrap_or(LONGEST_HEADER)
    }

    /// psql's own heuristic for functions whose body is SQL (since version 14):
    /// there, a `;` between `BEGIN` and `END` ends no statement.
    fn nest(&mut self, word: &Excerpt) {
        const KEPT: [&[u8]; 5] = [b"create", b"function", b"procedure", b"or", b"replace"];
        if let Some(initial) = self.initials.get_mut(self.words as usize)
            && KEPT.iter().any(|kept| word.is(kept))
        {
            *initial = word.bytes[0].to_ascii_lowercase();
        }
        self.words = self.words.saturating_add(1);
        let routine = matches!(
            self.initials,
            [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']
        );
        if !routine || self.parens > 0 {
            return;
        }
        if word.is(b"begin") || (word.is(b"case") && self.begins > 0) {
            self.begins = self.begins.saturating_add(1);
        } else if word.is(b"end") {
            self.begins = self.begins.saturating_sub(1);
        }
    }
}
