//! What fills the streams of the file: two runs of `pg_dump`, and the
//! connections that copy.

use super::Found;
use super::queue::{Queue, Task};
use super::sections::{Endless, Sections, skip};
use crate::compress::{Filler, Stream};
use crate::pipe::Pipe;
use crate::program::Dumping;
use crate::progress::Progress;
use anyhow::{Context, Result};
use std::process::ChildStdout;
use std::sync::{Mutex, MutexGuard, PoisonError};
use toolkit::failure::Failure;
use toolkit::postgres::{Bulk, Copier};
use toolkit::signals;

/// What all who fill streams share.
pub(super) struct Work<'a, 'q> {
    pub(super) queue: &'a Mutex<Queue<'q>>,
    pub(super) tables: &'a [Bulk],
    pub(super) sections: &'a Sections,
    pub(super) progress: &'a Progress,
}

impl Work<'_, '_> {
    /// Copies ranges until none is left. The rows that were copied, by table.
    pub(super) fn copy(&self, mut copier: Copier, mut filler: Filler) -> Result<Found> {
        let mut found = Found::new();
        loop {
            signals::check()?;
            let Some((task, stream)) = lock(self.queue).next(filler)? else {
                return Ok(found);
            };
            let rows;
            (rows, filler) = self.copy_range(&mut copier, task, stream)?;
            let key = &self.tables[task.table].key;
            *found.entry(key.clone()).or_insert(0) += rows;
        }
    }

    /// Copies one range. The rows that came, each a line that ends: what the
    /// server says of them is noted, and compared at the end.
    fn copy_range(
        &self,
        copier: &mut Copier,
        task: Task,
        mut stream: Stream,
    ) -> Result<(u64, Filler)> {
        let sql = self.tables[task.table].copy_out(task.from, task.to);
        let mut lines = 0;
        let (_, rows) = copier.copy_out(&sql, |rows| {
            stream.copy_from(&mut Pipe::of(rows), |piece| {
                lines += memchr::memchr_iter(b'\n', piece).count() as u64;
                self.progress.advance(piece.len());
            })
        })?;
        lock(self.queue).done(task, rows);
        Ok((lines, stream.end().context("cannot save rows")?))
    }

    /// Writes what comes before the tables' rows. The rows of other tables.
    pub(super) fn before(&self, dump: Dumping, mut stream: Stream) -> Result<(Found, Filler)> {
        let mut has_ended = false;
        let tally = dump.read(|dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])| {
            let mut dump = Endless::new(Pipe::new(dump), &self.sections.end, seen);
            let bytes = self.pass(&mut dump, &mut stream)?;
            has_ended = dump.has_ended();
            Ok(bytes)
        })?;
        if !has_ended {
            return Err(unlike("end").into());
        }
        Ok((tally.rows, stream.end().context("cannot save the dump")?))
    }

    /// Writes what comes after them.
    pub(super) fn after(&self, dump: Dumping, filler: Filler) -> Result<Found> {
        let mut stream = lock(self.queue).text(filler)?;
        let mut has_begun = false;
        let tally = dump.read(|dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])| {
            let mut dump = Pipe::new(dump);
            has_begun = skip(&mut dump, &self.sections.beginning, seen)?;
            let mut dump = Endless::new(dump, b"", seen);
            self.pass(&mut dump, &mut stream)
        })?;
        if !has_begun {
            return Err(unlike("begin").into());
        }
        stream.end().context("cannot save the dump")?;
        Ok(tally.rows)
    }

    fn pass(&self, from: &mut impl std::io::Read, stream: &mut Stream) -> std::io::Result<u64> {
        stream.copy_from(from, |piece| self.progress.advance(piece.len()))
    }
}

pub(super) fn lock<'a, 'q>(queue: &'a Mutex<Queue<'q>>) -> MutexGuard<'a, Queue<'q>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unlike(how: &str) -> Failure {
    Failure::new(
        "dump_failed",
        format!("the dump does not {how} as dumps of pg_dump do"),
    )
    .hint("compare `pg_dump --version` with the server's version")
}
