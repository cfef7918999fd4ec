//! A dump by several connections at once that is still one plain SQL file: the
//! rows of large tables are copied in ranges of pages, and the server's own
//! `pg_dump` writes all the rest, in the same moment.
//!
//! The bytes go from the socket into what is compressed, past `pg_dump` and its
//! pipe. The server says how many rows it sent, and counts each table as a whole
//! too: a page that no range holds would be missed by both sides of a copy.

mod abort;
mod queue;
mod reach;
mod sections;
mod work;

pub(crate) use reach::{Plan, plan};

use super::{Dumped, Moment, Seen};
use crate::compress::{Codec, Joined};
use crate::program;
use crate::progress::Progress;
use abort::Abort;
use anyhow::{Context, Result, anyhow};
use queue::{Index, Queue};
use sections::Sections;
use std::collections::BTreeMap;
use std::fs::File;
use std::sync::{Mutex, PoisonError};
use std::thread;
use toolkit::part::Packed;
use toolkit::postgres::Copier;
use toolkit::set::{Copied, Copying};
use work::{Work, lock};

/// From what size on tables are copied apart, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The least that a table takes, in bytes.
    pub(crate) table: u64,
    /// The least that all of them take: a second run of `pg_dump` is to be
    /// worth it.
    pub(crate) all: u64,
    /// About how much of a table is copied at once.
    pub(crate) range: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            table: 16 << 20,
            all: 64 << 20,
            range: 3 << 20,
        }
    }
}

/// Where a dump goes, and how.
pub(crate) struct Target<'a> {
    pub(crate) file: File,
    pub(crate) codec: Codec,
    /// How many threads compress, and connections copy.
    pub(crate) jobs: usize,
    pub(crate) progress: &'a Progress,
}

/// Rows by table, as they are in the dump.
type Found = BTreeMap<String, u64>;

/// Dumps what `plan` says to `target`. Returns what was seen, the file, and
/// where in it the rows of tables are.
///
/// # Errors
/// As [`super::dump`].
pub(crate) fn dump(
    mut moment: Moment,
    plan: Plan,
    target: Target<'_>,
    limits: Limits,
) -> Result<(Dumped, Packed, Vec<Copied>)> {
    let Plan {
        tables,
        copiers,
        others,
    } = plan;
    let copying = Copying {
        connections: copiers.len() as u64,
        tables: tables.len() as u64,
        others,
        serial: None,
    };
    let joined = Joined::new(target.file, target.codec, target.jobs, copiers.len() + 1)?;
    let sections = Sections::new(&moment, &tables);
    let queue = Mutex::new(Queue::new(&joined, &tables, limits.range));
    let work = Work {
        queue: &queue,
        tables: &tables,
        sections: &sections,
        progress: target.progress,
    };
    let (found, seen) = run(&mut moment, &joined, &work, copiers)?;
    let index = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    let index = index.index();
    let (packed, members) = joined.finish().context("cannot save the dump")?;
    let dumped = moment.dumped(seen, &found, copying)?;
    Ok((dumped, packed, Index::tables(index, &members)))
}

/// Counts, copies and dumps side by side. What was found in the dump, and what
/// the server said of the tables that `pg_dump` wrote.
fn run(
    moment: &mut Moment,
    joined: &Joined,
    work: &Work<'_, '_>,
    copiers: Vec<Copier>,
) -> Result<(Found, Seen)> {
    let first = lock(work.queue).text(joined.filler())?;
    let abort = Abort::new(
        copiers.iter().map(Copier::stopper).collect(),
        moment.snapshot.canceller(),
    );
    let seen = thread::scope(|scope| {
        let named = |name: &str| thread::Builder::new().name(name.into());
        let snapshot = &mut moment.snapshot;
        let count = || abort.guard(|| Seen::by(snapshot));
        let counting = named("count rows").spawn_scoped(scope, count);
        let start = |command| {
            let program = program::start(command)?;
            abort.watch(program.group());
            Ok(program)
        };
        let before = abort.guard(|| start(&work.sections.before))?;
        // At once, for the sake of its locks: later, it would wait for who waits
        // for us. It stands still until somebody reads what it writes.
        let after = abort.guard(|| start(&work.sections.after))?;
        let mut copying = Vec::new();
        for copier in copiers {
            let (abort, filler) = (&abort, joined.filler());
            let copy = move || abort.guard(|| work.copy(copier, filler));
            copying.push(named("copy").spawn_scoped(scope, copy));
        }
        let mut found = abort.guard(|| work.before(before, first));
        let copied = copying
            .into_iter()
            .map(|thread| joined_with(thread, &abort));
        let copied: Vec<_> = copied.flatten().collect();
        if let Some((found, filler)) = found.take() {
            let more = abort.guard(|| work.after(after, filler));
            let seen = joined_with(counting, &abort);
            return Some((merged(copied, [Some(found), more]), seen?));
        }
        drop(after);
        None
    });
    abort.outcome()?;
    seen.ok_or_else(|| anyhow!("a part of the dump ended unexpectedly"))
}

/// What a thread returned; none when it did not start, or panicked, and then
/// all else ends.
fn joined_with<T>(
    thread: std::io::Result<thread::ScopedJoinHandle<'_, Option<T>>>,
    abort: &Abort,
) -> Option<T> {
    let ended = thread.map(thread::ScopedJoinHandle::join);
    match ended {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => {
            abort.fail(anyhow!("a thread ended unexpectedly"));
            None
        }
        Err(error) => {
            abort.fail(anyhow::Error::from(error).context("cannot start a thread"));
            None
        }
    }
}

/// The rows of all parts, added up.
fn merged(copied: Vec<Found>, written: [Option<Found>; 2]) -> Found {
    let mut all = Found::new();
    for (table, rows) in copied
        .into_iter()
        .chain(written.into_iter().flatten())
        .flatten()
    {
        *all.entry(table).or_insert(0) += rows;
    }
    all
}

#[cfg(test)]
mod tests;
