//! The two runs of `pg_dump` that make one dump: everything before the rows of
//! the tables copied by us, and everything after.
//!
//! Each run writes a dump of its own, whose beginning and end
//! (`RestoreArchive` in `pg_backup_archiver.c`) would stand in the middle of
//! the file: there are to be one of each, and one pair of `\restrict` and
//! `\unrestrict`.

use super::super::Moment;
use std::io::{self, Read};
use toolkit::command::Command;
use toolkit::postgres::Bulk;
use ulid::Ulid;

/// How much is read at once, in bytes.
const PIECE: usize = 64 << 10;

/// The commands, and what is cut off where they meet.
pub(super) struct Sections {
    /// What comes before the rows, and all other rows.
    pub(super) before: Command,
    /// The indexes, constraints and triggers that come after.
    pub(super) after: Command,
    /// The end of `before`.
    pub(super) end: Vec<u8>,
    /// The beginning of `after`.
    pub(super) beginning: Vec<u8>,
}

impl Sections {
    /// Those of a database but for the rows of `tables`.
    pub(super) fn new(moment: &Moment, tables: &[Bulk]) -> Self {
        let knows_restrict = moment.program.knows_restrict();
        let key = knows_restrict.then(|| Ulid::generate().to_string());
        let encoding = &moment.snapshot.properties().encoding;
        let common = |command: Command| {
            let command = command.arg(format!("--encoding={encoding}"));
            match &key {
                Some(key) => command.arg(format!("--restrict-key={key}")),
                None => command,
            }
        };
        let dump = || common(moment.command());
        let excluded = tables
            .iter()
            .map(|table| format!("--exclude-table-data={}", table.pattern()));
        let meta = |name: &str| match &key {
            Some(key) => format!("\\{name} {key}\n\n"),
            None => String::new(),
        };
        let comment = |words: &str| format!("--\n-- PostgreSQL database dump{words}\n--\n\n");
        Self {
            before: dump()
                .args(["--section=pre-data", "--section=data"])
                .args(excluded),
            after: dump().arg("--section=post-data"),
            end: (comment(" complete") + &meta("unrestrict")).into_bytes(),
            beginning: (comment("") + &meta("restrict")).into_bytes(),
        }
    }
}

/// A dump without its end. What is read is shown to `seen`, the end too.
pub(super) struct Endless<'a, R, S> {
    from: R,
    seen: S,
    end: &'a [u8],
    /// What may be the end.
    held: Vec<u8>,
    piece: Vec<u8>,
    given: usize,
    found: Option<bool>,
}

impl<'a, R: Read, S: FnMut(&[u8])> Endless<'a, R, S> {
    pub(super) fn new(from: R, end: &'a [u8], seen: S) -> Self {
        Self {
            from,
            seen,
            end,
            held: Vec::new(),
            piece: Vec::new(),
            given: 0,
            found: None,
        }
    }

    /// Whether the end was there. A dump that has another one is passed on whole.
    pub(super) fn has_ended(&self) -> bool {
        self.found == Some(true)
    }

    /// Reads the next piece, and holds back what may be the end.
    fn next(&mut self) -> io::Result<()> {
        self.piece.clear();
        self.piece.append(&mut self.held);
        self.given = 0;
        let before = self.piece.len();
        self.piece.resize(before + PIECE, 0);
        let read = self.from.read(&mut self.piece[before..]);
        self.piece.truncate(before + *read.as_ref().unwrap_or(&0));
        if read? == 0 {
            self.found = Some(self.piece == self.end);
            if self.has_ended() {
                self.piece.clear();
            }
            return Ok(());
        }
        (self.seen)(&self.piece[before..]);
        let keep = self.piece.len().saturating_sub(self.end.len());
        self.held = self.piece.split_off(keep);
        Ok(())
    }
}

impl<R: Read, S: FnMut(&[u8])> Read for Endless<'_, R, S> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.given == self.piece.len() && self.found.is_none() {
            self.next()?;
        }
        let rest = &self.piece[self.given..];
        let read = rest.len().min(room.len());
        room[..read].copy_from_slice(&rest[..read]);
        self.given += read;
        Ok(read)
    }
}

/// Reads as much as the beginning has; whether it was there.
pub(super) fn skip(
    from: &mut impl Read,
    beginning: &[u8],
    seen: &mut dyn FnMut(&[u8]),
) -> io::Result<bool> {
    let mut read = Vec::with_capacity(beginning.len());
    from.take(beginning.len() as u64).read_to_end(&mut read)?;
    seen(&read);
    Ok(read == beginning)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Chunks<'a>(&'a [u8], usize);

    impl Read for Chunks<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let most = room.len().min(self.1);
            self.0.read(&mut room[..most])
        }
    }

    #[test]
    fn the_end_is_cut_off_and_must_be_there() {
        for size in [1, 2, 3, 100] {
            let mut seen: Vec<u8> = Vec::new();
            let mut text = String::new();
            let from = Chunks(b"dump, end", size);
            let mut endless = Endless::new(from, b", end", |piece: &[u8]| seen.extend(piece));
            endless.read_to_string(&mut text).unwrap();
            assert!(endless.has_ended());
            assert_eq!(text, "dump");
            assert_eq!(seen, b"dump, end");
        }
        for other in ["dump", ", end.", "nd", ""] {
            let mut text = String::new();
            let mut endless = Endless::new(other.as_bytes(), b", end", |_: &[u8]| {});
            endless.read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), endless.has_ended()), (other, false));
        }
    }
}
