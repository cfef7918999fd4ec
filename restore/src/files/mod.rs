//! A tar archive brought back into a folder that may be in use.
//!
//! The archive is unpacked beside the live files, in the folder itself, and
//! then exchanged for them entry by entry. The folder keeps its inode: a
//! container that has it mounted would go on with the old one if it were
//! renamed. Nothing live is touched before all is unpacked and synced; from
//! then on a journal says what is to be exchanged, so that a run that is killed
//! is finished by [`sweep`].

mod archive;
mod exchange;
mod journal;
mod place;
mod side;
mod tree;

use crate::unpack::Limited;
use anyhow::{Context, Result};
use archive::Entries;
use exchange::Exchange;
use journal::Journal;
use place::{Kind, Work};
use side::Side;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use toolkit::failure::Failure;
use toolkit::{durable, signals};

/// What an archive replaces, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    /// The folder that is brought back; it is made when it is not there.
    pub(crate) target: &'a Path,
    /// The folder in the archive that stands for it; empty for its top.
    pub(crate) inside: &'a Path,
    /// What of the folder is replaced.
    pub(crate) scope: Scope<'a>,
    /// The run's time, which names the folder of the old files.
    pub(crate) stamp: &'a str,
    /// How much the archive has decompressed, where that was recorded.
    pub(crate) expected: Option<u64>,
    /// Whether the old files stay, in `.sextant-before-<stamp>`.
    pub(crate) keep_old: bool,
}

/// What of a folder an archive replaces.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// All: what is not in the archive goes.
    Whole,
    /// These paths within it; all else in the folder stays as it is.
    Only(&'a [PathBuf]),
}

/// An archive unpacked beside live files. Dropped without
/// [`Unpacked::exchange`], it leaves no trace.
#[derive(Debug)]
#[must_use = "nothing is live before `exchange`"]
pub(crate) struct Unpacked {
    exchange: Option<Exchange>,
}

/// Unpacks an archive, decompressed by `reader`, beside what it replaces.
///
/// # Errors
/// `hostile_archive` for what would end up outside; `damaged_archive`;
/// `not_in_archive`; `no_space`; `mount_point`. Nothing live was touched.
pub(crate) fn unpack(plan: &Plan<'_>, reader: impl Read) -> Result<Unpacked> {
    check_paths(plan)?;
    let target = live(plan.target)?;
    check_space(&target, plan.expected)?;
    let work = Work::create(&target, plan.stamp)?;
    match unpack_into(&work, plan, reader) {
        Ok(journal) => Ok(Unpacked {
            exchange: Some(Exchange::new(work, journal)),
        }),
        Err(error) => {
            // Why it failed matters more than what is left.
            let _ = work.remove();
            Err(error)
        }
    }
}

fn unpack_into(work: &Work, plan: &Plan<'_>, reader: impl Read) -> Result<Journal> {
    let limit = plan.expected.unwrap_or(u64::MAX);
    let mut entries = Entries::new(Limited::new(reader, limit));
    let mut side = Side::create(work)?;
    while let Some(entry) = entries.next()? {
        signals::check()?;
        side.add(&entry, &mut entries.content())?;
    }
    entries.drain()?;
    side.finish()?;
    exchange::prepare(plan, work, &side)
}

impl Unpacked {
    /// Exchanges the unpacked files for the live ones. Returns where the old
    /// ones are, if they were to be kept.
    ///
    /// # Errors
    /// All is as it was before, unless the message says that the next run goes
    /// on with it.
    pub(crate) fn exchange(mut self) -> Result<Option<PathBuf>> {
        let Some(mut exchange) = self.exchange.take() else {
            return Ok(None);
        };
        if let Err(error) = exchange.run() {
            return Err(match exchange.undo() {
                Ok(()) => error,
                Err(undone) => error.context(format!("{undone:#}; the next run goes on with it")),
            });
        }
        exchange.complete()
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            exchange.abandon();
        }
    }
}

/// Reads an archive to its end, as if to unpack it, and counts its entries.
///
/// # Errors
/// As [`unpack`].
pub(crate) fn entries(reader: impl Read) -> Result<u64> {
    let mut entries = archive::Entries::new(reader);
    let mut count = 0;
    while entries.next()?.is_some() {
        signals::check()?;
        count += 1;
    }
    entries.drain()?;
    Ok(count)
}

/// Finishes in `target` what a killed run left: an exchange that had begun is
/// completed, anything earlier is removed. Returns what was done, in words.
pub(crate) fn sweep(target: &Path) -> Result<Vec<String>> {
    let mut done = Vec::new();
    let Ok(target) = target.canonicalize() else {
        return Ok(done);
    };
    for (kind, stamp) in place::leftovers(&target)? {
        if kind == Kind::Before {
            continue;
        }
        let work = Work::open(&target, kind, &stamp)?;
        let journal = match kind {
            Kind::Restore => journal::read(&work)?,
            Kind::Before | Kind::Drop => None,
        };
        let target = target.display();
        if let Some(journal) = journal {
            let mut exchange = Exchange::new(work, journal);
            exchange.go_on()?;
            exchange.complete()?;
            done.push(format!("completed the restore {stamp} of `{target}`"));
        } else {
            work.remove()?;
            done.push(format!(
                "removed what the restore {stamp} left in `{target}`"
            ));
        }
    }
    Ok(done)
}

/// The plan is made from a set's record, which is as hostile as the archive.
fn check_paths(plan: &Plan<'_>) -> Result<()> {
    let only = match plan.scope {
        Scope::Whole => &[],
        Scope::Only(paths) => paths,
    };
    let normal = |component| matches!(component, Component::Normal(_));
    for path in only.iter().map(PathBuf::as_path).chain([plan.inside]) {
        let empty = path.as_os_str().is_empty() && path != plan.inside;
        if empty || !path.components().all(normal) {
            let message = format!("`{}` is no path in an archive", path.display());
            return Err(Failure::new("hostile_archive", message).into());
        }
    }
    Ok(())
}

/// The folder to restore, made if it is not there, without symbolic links.
fn live(target: &Path) -> Result<PathBuf> {
    if !target.exists() {
        durable::create_folder(target)?;
    }
    let path = target.canonicalize();
    path.with_context(|| format!("cannot read `{}`", target.display()))
}

fn check_space(target: &Path, expected: Option<u64>) -> Result<()> {
    let Some(expected) = expected else {
        return Ok(());
    };
    let space = rustix::fs::statvfs(target);
    let space = space.with_context(|| format!("cannot read `{}`", target.display()))?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    if free >= expected {
        return Ok(());
    }
    let message = format!(
        "`{}` has {} MiB free, the files need {} MiB beside those that are live",
        target.display(),
        free >> 20,
        expected.div_ceil(1 << 20)
    );
    Err(Failure::new("no_space", message).into())
}

#[cfg(test)]
mod tests;
