//! A dump of unknown origin, made safe to hand to psql.
//!
//! Newer `pg_dump`s wrap a dump in `\restrict` and `\unrestrict`
//! (CVE-2025-8714), which older psqls do not know: these two are left out. Any
//! other backslash command is refused, as is what would make psql read the rest
//! of the dump in another way than [`Scanner`] does.
//!
//! In a dump of one database, what `pg_dump --create` connects to the database
//! that it has just created with is left out too: the caller is connected to
//! where it goes.
//!
//! Code that the dump itself defines could change the server's settings while
//! it is restored, unseen. Where psql knows `\restrict`, start it as
//! `psql -c '\restrict KEY' -f -` with a key of your own, which nothing in the
//! dump can lift.

mod created;
mod rules;

use super::Scanner;
use crate::failure::Failure;
use anyhow::{Context, Result};
use rules::{Rules, refused};
use std::io::Write;

/// Passes on a dump in pieces, and refuses a hostile one.
#[derive(Debug, Default)]
pub struct Filter {
    scanner: Scanner,
    rules: Rules,
    /// Offset of the next piece.
    offset: u64,
}

impl Filter {
    /// A filter at the beginning of a dump.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a dump of one database, which `pg_dump --create` may have
    /// written.
    pub fn of_one_database() -> Self {
        Self {
            rules: Rules::of_one_database(),
            ..Self::default()
        }
    }

    /// Writes the next piece of the dump `to` psql, without what is left out.
    /// Lines keep their numbers.
    ///
    /// # Errors
    /// `hostile_dump`, with the line, before anything of the piece was written;
    /// `cluster_dump` for a whole server's where one database's is expected; or
    /// that `to` failed.
    pub fn pass(&mut self, bytes: &[u8], to: &mut impl Write) -> Result<()> {
        if let Some(nul) = memchr::memchr(0, bytes) {
            self.scanner
                .feed(&bytes[..nul], |event| self.rules.event(event))?;
            let line = self.scanner.line();
            return Err(refused(line, "has a NUL byte, which ends psql's lines early").into());
        }
        self.rules.dropped.clear();
        self.scanner.feed(bytes, |event| self.rules.event(event))?;
        let piece = self.offset..self.offset + bytes.len() as u64;
        self.offset = piece.end;
        // What is still open at the end of the piece goes on into the next one.
        let open = self.scanner.open_command().map(|start| start..piece.end);
        let mut next = 0;
        for dropped in self.rules.dropped.drain(..).chain(open) {
            let within = |at: u64| {
                let at = at.clamp(piece.start, piece.end) - piece.start;
                usize::try_from(at).unwrap_or(bytes.len())
            };
            write(to, &bytes[next..within(dropped.start)])?;
            next = within(dropped.end);
        }
        write(to, &bytes[next..])
    }

    /// Ends the dump.
    ///
    /// # Errors
    /// `hostile_dump` when its last line has to be refused; `truncated_dump`
    /// when it ends within a statement or its data.
    pub fn finish(mut self) -> Result<()> {
        self.scanner.finish(|event| self.rules.event(event))?;
        self.rules.end()?;
        if self.scanner.is_between_statements() {
            return Ok(());
        }
        let line = self.scanner.line();
        let message = format!("the dump ends in the middle of a statement, in line {line}");
        Err(Failure::new("truncated_dump", message).into())
    }
}

fn write(to: &mut impl Write, bytes: &[u8]) -> Result<()> {
    to.write_all(bytes)
        .context("cannot hand the dump to `psql`")
}

#[cfg(test)]
mod tests;
