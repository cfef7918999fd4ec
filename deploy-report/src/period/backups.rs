//! The backups of a window: their sizes, whether they were proven, and how long
//! there was none.

use super::line::Line;
use super::moment::Moment;
use super::names::cut;
use super::sampled::count;
use super::window::Window;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use toolkit::record::Status;

/// The most backups that are kept: one an hour for two years is 17,520.
const MOST: usize = 20_000;
/// The most bytes of a text that are kept.
const LONGEST: usize = 1024;

/// What was saved.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Backups {
    /// Each attempt, the oldest first.
    pub(crate) list: Vec<Backup>,
    /// How many are complete.
    pub(crate) complete: u64,
    /// How many failed.
    pub(crate) failed: u64,
    /// How many of the complete ones were restored to prove them.
    pub(crate) proven: u64,
    /// Test restores that succeeded, also of older sets.
    pub(crate) proofs: u64,
    /// Test restores that failed.
    pub(crate) failed_proofs: u64,
    /// The longest time between complete ones.
    pub(crate) longest: Option<Gap>,
    /// How their size changed.
    pub(crate) growth: Option<Growth>,
}

/// An attempt to save.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Backup {
    /// When it ended.
    pub(crate) at: Moment,
    /// `ok`, `warn` or `fail`.
    pub(crate) status: Status,
    /// How long it took, in milliseconds.
    pub(crate) ms: Option<u64>,
    /// Where the set is.
    pub(crate) path: Option<String>,
    /// Its size.
    pub(crate) bytes: Option<u64>,
    /// The names of its parts.
    pub(crate) parts: Vec<String>,
    /// When a restore last proved it.
    pub(crate) proven: Option<Moment>,
    /// Why it failed, or what is to be looked at: the stable word.
    pub(crate) reason: Option<String>,
}

/// A time without a complete backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    /// The complete one before it, or the beginning of the window or of the
    /// records where none is known.
    pub(crate) from: Moment,
    /// The complete one after it; none where none came by the end.
    pub(crate) to: Option<Moment>,
    /// How long it is, in milliseconds.
    pub(crate) ms: u64,
}

/// How the size changed, between the first and the last complete set with the
/// same parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Growth {
    /// How many such sets there are.
    pub(crate) n: u64,
    /// The first one's size.
    pub(crate) first: u64,
    /// The last one's size.
    pub(crate) last: u64,
    /// The change as a share of the first; none where that is empty.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) share: Option<f64>,
}

/// Collects what `backup` and `restore` said.
#[derive(Debug, Default)]
pub(super) struct Saved {
    list: Vec<Backup>,
    /// The last complete one before the window.
    before: Option<Moment>,
    /// When each set was last proven.
    proven: BTreeMap<String, Moment>,
    proofs: u64,
    failed_proofs: u64,
    /// Those for which there was no room.
    pub(super) left_out: u64,
}

/// `data` of `backup`.
#[derive(Debug, Default, Deserialize)]
struct Set<'a> {
    #[serde(default)]
    path: Option<Cow<'a, str>>,
    #[serde(default)]
    bytes: Option<u64>,
    #[serde(borrow, default)]
    parts: Vec<Part<'a>>,
}

#[derive(Debug, Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

/// `data` of `restore`.
#[derive(Debug, Default, Deserialize)]
struct Restored<'a> {
    #[serde(default)]
    path: Option<Cow<'a, str>>,
    #[serde(default)]
    checked: bool,
}

impl Saved {
    /// Takes a record of `backup`, which ended at `at`.
    pub(super) fn backup(&mut self, at: Moment, line: &Line<'_>, window: &Window) {
        if at < window.from && line.is_done() {
            self.before = self.before.max(Some(at));
        }
        if !window.holds(at) || matches!(line.status, Status::Skip | Status::Running) {
            return;
        }
        if self.list.len() >= MOST {
            self.left_out += 1;
            return;
        }
        let set: Set<'_> = line.data().unwrap_or_default();
        let text = |text: &str| cut(text, LONGEST).to_owned();
        let parts = set.parts.iter().take(64).map(|part| text(&part.name));
        self.list.push(Backup {
            at,
            status: line.status,
            ms: line.ms,
            path: set.path.map(|path| text(&path)),
            bytes: set.bytes.filter(|_| line.is_done()),
            parts: parts.collect(),
            proven: None,
            reason: line.problem().map(|problem| text(&problem.reason)),
        });
    }

    /// Takes a record of `restore`, which ended at `at`.
    pub(super) fn restore(&mut self, at: Moment, line: &Line<'_>, window: &Window) {
        if !window.holds(at) {
            return;
        }
        let restored: Restored<'_> = line.data().unwrap_or_default();
        if !restored.checked {
            return;
        }
        if !line.is_done() {
            // One that another run kept from beginning proves nothing.
            let is_locked = line.problem().is_some_and(|why| why.reason == "locked");
            self.failed_proofs += u64::from(line.status != Status::Skip && !is_locked);
            return;
        }
        self.proofs += 1;
        let path = restored.path.map(|path| cut(&path, LONGEST).to_owned());
        if let Some(path) = path.filter(|_| self.proven.len() < MOST) {
            let last = self.proven.entry(path).or_insert(at);
            *last = at.max(*last);
        }
    }

    /// What it came to. The records begin at `begin` and end at `end`.
    pub(super) fn end(mut self, begin: Moment, end: Moment, window: &Window) -> Backups {
        self.list.sort_by_key(|backup| backup.at);
        for backup in &mut self.list {
            let path = backup.path.as_ref();
            let proven = path.and_then(|path| self.proven.get(path));
            backup.proven = proven.filter(|at| **at >= backup.at).copied();
        }
        let complete = || self.list.iter().filter(|backup| backup.is_complete());
        Backups {
            complete: count(complete().count()),
            failed: count(self.list.iter().filter(|one| !one.is_complete()).count()),
            proven: count(complete().filter(|one| one.proven.is_some()).count()),
            proofs: self.proofs,
            failed_proofs: self.failed_proofs,
            longest: longest(
                self.before.unwrap_or(begin.max(window.from)),
                complete().map(|backup| backup.at),
                end,
            ),
            growth: growth(complete()),
            list: self.list,
        }
    }
}

impl Backup {
    fn is_complete(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Warn)
    }
}

/// The longest time between `from`, each of `at`, and `end`.
fn longest(from: Moment, at: impl Iterator<Item = Moment>, end: Moment) -> Option<Gap> {
    let mut from = from;
    let mut longest = None;
    let mut take = |from: Moment, to: Option<Moment>| {
        let ms = to.unwrap_or(end).since(from);
        if longest.is_none_or(|longest: Gap| ms > longest.ms) {
            longest = Some(Gap { from, to, ms });
        }
    };
    let mut any = false;
    for at in at {
        take(from, Some(at));
        from = at;
        any = true;
    }
    take(from, None);
    longest.filter(|_| any)
}

#[allow(clippy::cast_precision_loss)] // a share
fn growth<'a>(complete: impl DoubleEndedIterator<Item = &'a Backup> + Clone) -> Option<Growth> {
    let parts = |backup: &'a Backup| backup.parts.iter().collect::<BTreeSet<_>>();
    let newest = parts(complete.clone().next_back()?);
    let mut sizes = complete
        .filter(|one| parts(one) == newest)
        .filter_map(|one| one.bytes);
    let first = sizes.next()?;
    let (n, last) = sizes.fold((1, first), |(n, _), bytes| (n + 1, bytes));
    let change = last as f64 - first as f64;
    (n > 1).then(|| Growth {
        n,
        first,
        last,
        share: (first > 0).then(|| change / first as f64),
    })
}
