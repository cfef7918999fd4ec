//! What each healthcheck saw of each check, in a few bytes.

use super::line::{Check, Health};
use super::moment::Moment;
use super::names::{Id, Names, cut};
use std::collections::HashMap;
use toolkit::record::Status;

/// The most results of checks that are kept: a year of 38 checks every five
/// minutes, in 16 MiB.
const MOST: usize = 4 << 20;
/// Of how many failures it is kept what was seen.
const SAID: usize = 4096;
/// The most bytes of that.
const LONGEST: usize = 300;
/// The kinds of checks that look at the machine and at what surrounds the
/// application: while they fail, it may serve. They are those that `rollback`
/// does not ask when it verifies that a release serves, and what is said of
/// variables and of open ports.
const SURROUNDINGS: [&str; 11] = [
    "disk",
    "docker-disk",
    "memory",
    "load",
    "clock",
    "backup",
    "certificate",
    "git",
    "deployment",
    "env",
    "ports",
];
/// Why a check of the application may fail while it serves: its certificate will
/// expire, and has not.
const STILL_SERVES: &str = "tls_expires";

/// How a check stood when it was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// It passed, or only warns.
    Up,
    /// It failed, not often enough yet to count (`fail_after`): it counts as up.
    Failing,
    /// It failed.
    Down,
    /// It passed, not often enough yet to count (`recover_after`): it counts as
    /// down.
    Recovering,
    /// It was not run, because of another one's failure.
    Unseen,
}

impl Stand {
    fn of(check: &Check<'_>) -> Self {
        let reason = check.reason.as_ref().map(|word| word.0.as_ref());
        match (check.status, reason) {
            (Status::Warn, Some("failing")) => Self::Failing,
            (Status::Warn, Some("recovering")) => Self::Recovering,
            (Status::Ok | Status::Warn, _) => Self::Up,
            (Status::Fail | Status::Unknown, _) => Self::Down,
            (Status::Skip | Status::Running, _) => Self::Unseen,
        }
    }

    /// Whether it counts as up; none where nothing was seen.
    pub(super) fn is_up(self) -> Option<bool> {
        match self {
            Self::Up | Self::Failing => Some(true),
            Self::Down | Self::Recovering => Some(false),
            Self::Unseen => None,
        }
    }
}

/// What one run saw of one check.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) check: Id,
    pub(super) stand: Stand,
    /// Why it failed, in its own words' table.
    pub(super) reason: Option<Id>,
}

/// One run that looked at something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) at: Moment,
    /// Whether an incident was open for `healthcheck` itself.
    pub(super) is_alert: bool,
    first: u32,
    len: u32,
}

/// All results.
#[derive(Debug, Default)]
pub(super) struct Looks {
    pub(super) checks: Names,
    pub(super) reasons: Names,
    /// Of each check.
    kinds: Vec<Box<str>>,
    runs: Vec<Run>,
    seen: Vec<Seen>,
    /// How each check stood last, in the order of the lines.
    last: Vec<Option<Stand>>,
    /// What was seen as a check began to fail.
    said: HashMap<(Moment, Id), Box<str>>,
    /// Results for which there was no room.
    pub(super) left_out: u64,
}

impl Looks {
    /// Takes what a run at `at` saw.
    pub(super) fn add(&mut self, at: Moment, health: &Health<'_>) {
        let checks = health.checks.as_deref().unwrap_or_default();
        let first = self.seen.len();
        for check in checks {
            let id = self.checks.id(&check.name).filter(|_| self.has_room());
            match id {
                Some(id) => self.take(at, id, check),
                None => self.left_out += 1,
            }
        }
        let len = self.seen.len() - first;
        if let (Ok(first), Ok(len @ 1..)) = (u32::try_from(first), u32::try_from(len)) {
            self.runs.push(Run {
                at,
                is_alert: health
                    .alert
                    .as_ref()
                    .is_some_and(|one| one.incident.is_some()),
                first,
                len,
            });
        }
    }

    fn has_room(&self) -> bool {
        self.seen.len() < MOST
    }

    fn take(&mut self, at: Moment, id: Id, check: &Check<'_>) {
        if usize::from(id) >= self.kinds.len() {
            self.kinds.push(cut(&check.kind, LONGEST).into());
            self.last.push(None);
        }
        let stand = Stand::of(check);
        let begins = self.last.get_mut(usize::from(id));
        let begins = begins.is_some_and(|last| last.replace(stand) != Some(stand));
        let mut reason = None;
        if stand == Stand::Down {
            let word = check.reason.as_ref().map(|word| word.0.as_ref());
            reason = word.and_then(|word| self.reasons.id(word));
            if begins && self.said.len() < SAID {
                let said = cut(&check.observed, LONGEST);
                self.said.insert((at, id), said.into());
            }
        }
        self.seen.push(Seen {
            check: id,
            stand,
            reason,
        });
    }

    /// The runs by time, each with what it saw.
    pub(super) fn runs(&self) -> impl Iterator<Item = (Run, &[Seen])> {
        let mut runs = self.runs.clone();
        // Runs of the same moment stay in the order of their lines.
        runs.sort_by_key(|run| run.at);
        runs.into_iter().map(|run| {
            let first = usize::try_from(run.first).unwrap_or(usize::MAX);
            let len = usize::try_from(run.len).unwrap_or(0);
            let seen = self.seen.get(first..first.saturating_add(len));
            (run, seen.unwrap_or_default())
        })
    }

    /// The kind of a check.
    pub(super) fn kind(&self, check: Id) -> &str {
        let kind = self.kinds.get(usize::from(check));
        kind.map_or("", AsRef::as_ref)
    }

    /// Whether a check looks at the application, rather than at the machine.
    pub(super) fn is_service(&self, check: Id) -> bool {
        !SURROUNDINGS.contains(&self.kind(check))
    }

    /// Whether what was seen means that the application does not serve.
    pub(super) fn is_outage(&self, seen: Seen) -> bool {
        let reason = seen.reason.map(|word| self.reasons.name(word));
        self.is_service(seen.check) && reason != Some(STILL_SERVES)
    }

    /// What was seen when a check began to fail at `at`.
    pub(super) fn said(&self, at: Moment, check: Id) -> Option<&str> {
        self.said.get(&(at, check)).map(AsRef::as_ref)
    }
}
