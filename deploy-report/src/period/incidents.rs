//! Incidents: when something began to fail, and when it was over.
//!
//! The rules are those by which `healthcheck` alerts, with one failed check
//! being enough: an incident begins with the run in which the first check
//! fails, and is over with the run in which the last one passes again. A check
//! that has not failed `fail_after` times yet does not begin one; a check that
//! has not passed `recover_after` times yet, that was skipped or not run does
//! not end one. A failed check that nobody looked at for a day, while others
//! were looked at, is no longer waited for.

use super::looks::{Looks, Run, Seen, Stand};
use super::moment::Moment;
use super::names::Id;
use super::window::Window;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How long a failed check is waited for that is not looked at any more.
const LOST: u64 = 24 * 3_600_000;
/// How many of the checks that failed are named.
const NAMED: usize = 20;
/// The most incidents that are kept.
const MOST: usize = 1000;

/// The incidents of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Incidents {
    /// Those that were open at any time in it, the oldest first.
    pub(crate) list: Vec<Incident>,
    /// How many more there were.
    pub(crate) more: u64,
}

/// Something failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Incident {
    /// The first run in which a check counted as failed.
    pub(crate) from: Moment,
    /// Whether that was before the window.
    pub(crate) is_from_before: bool,
    /// The first failure, where it did not count yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failing_since: Option<Moment>,
    /// The run in which all passed again, or the last one that looked at what
    /// failed; none where it was open at the end.
    pub(crate) to: Option<Moment>,
    /// How it ended.
    pub(crate) end: End,
    /// How long it lasted, or lasts by the last record, in milliseconds.
    pub(crate) ms: u64,
    /// Whether a check of the application failed, rather than of its machine.
    pub(crate) is_service: bool,
    /// Whether it was an incident to `healthcheck`'s alerts, too.
    pub(crate) is_alert: bool,
    /// The checks that failed first.
    pub(crate) causes: Vec<Cause>,
    /// Those that failed later on.
    pub(crate) others: Vec<String>,
    /// How many more failed than are named.
    pub(crate) more: u64,
}

/// How an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    /// It did not.
    Open,
    /// All checks passed again.
    Over,
    /// Nobody looks any more at what failed.
    Lost,
}

/// A check that failed first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Cause {
    /// Its name.
    pub(crate) check: String,
    /// Its kind.
    pub(crate) kind: String,
    /// The stable word for what was wrong.
    pub(crate) reason: Option<String>,
    /// What was seen.
    pub(crate) observed: Option<String>,
}

/// Follows the runs of a history.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    looks: &'a Looks,
    window: &'a Window,
    found: Incidents,
    open: Option<Open>,
    /// The checks that count as failed, when each was last looked at, and whether
    /// the application does not serve because of it.
    failed: BTreeMap<Id, (Moment, bool)>,
    /// Since when others fail without counting as failed.
    failing: BTreeMap<Id, Moment>,
}

#[derive(Debug)]
struct Open {
    incident: Incident,
    /// All that failed in it.
    named: BTreeSet<Id>,
}

impl<'a> Watch<'a> {
    pub(super) fn new(looks: &'a Looks, window: &'a Window) -> Self {
        Self {
            looks,
            window,
            found: Incidents::default(),
            open: None,
            failed: BTreeMap::new(),
            failing: BTreeMap::new(),
        }
    }

    /// Takes the next run.
    pub(super) fn run(&mut self, run: Run, seen: &[Seen]) {
        self.lose(run.at);
        // Until now, they were failing only.
        let mut since = None;
        let mut failed = Vec::new();
        for one in seen {
            match one.stand {
                Stand::Down => {
                    since = since
                        .into_iter()
                        .chain(self.failing.remove(&one.check))
                        .min();
                    let is_outage = self.looks.is_outage(*one);
                    self.failed.insert(one.check, (run.at, is_outage));
                    failed.push(one);
                }
                // What it failed for is not over yet.
                Stand::Recovering => {
                    let is_outage = self.looks.is_service(one.check);
                    let known = self.failed.entry(one.check).or_insert((run.at, is_outage));
                    known.0 = run.at;
                }
                Stand::Unseen => {}
                Stand::Failing => {
                    self.failing.entry(one.check).or_insert(run.at);
                }
                Stand::Up => {
                    self.failing.remove(&one.check);
                    self.failed.remove(&one.check);
                }
            }
        }
        if self.open.is_none() && !failed.is_empty() {
            self.open = Some(self.begin(run, &failed, since));
        }
        if let Some(open) = &mut self.open {
            open.incident.is_alert |= run.is_alert;
            for one in failed {
                open.take(one.check, self.looks);
            }
        }
        if self.failed.is_empty() {
            self.close(run.at, End::Over);
        }
    }

    /// Whether the application does not serve now.
    pub(super) fn is_down(&self) -> bool {
        self.failed.values().any(|(_, is_outage)| *is_outage)
    }

    /// What there was by `end`, the last moment of which there are records.
    pub(super) fn end(mut self, end: Moment) -> Incidents {
        if let Some(Open { mut incident, .. }) = self.open.take() {
            incident.ms = end.since(incident.from);
            self.keep(incident);
        }
        self.found
    }

    /// Gives up those that nobody looks at any more.
    fn lose(&mut self, now: Moment) {
        let last = self.failed.values().map(|(seen, _)| *seen).max();
        self.failed.retain(|_, (seen, _)| now.since(*seen) <= LOST);
        if let Some(last) = last.filter(|_| self.failed.is_empty()) {
            self.close(last, End::Lost);
        }
    }

    fn begin(&self, run: Run, failed: &[&Seen], failing_since: Option<Moment>) -> Open {
        let cause = |one: &&Seen| Cause {
            check: self.looks.checks.name(one.check).to_owned(),
            kind: self.looks.kind(one.check).to_owned(),
            reason: one
                .reason
                .map(|word| self.looks.reasons.name(word).to_owned()),
            observed: self.looks.said(run.at, one.check).map(str::to_owned),
        };
        Open {
            named: failed.iter().map(|one| one.check).collect(),
            incident: Incident {
                from: run.at,
                is_from_before: run.at < self.window.from,
                failing_since,
                to: None,
                end: End::Open,
                ms: 0,
                is_service: failed.iter().any(|one| self.looks.is_service(one.check)),
                is_alert: false,
                causes: failed.iter().take(NAMED).map(cause).collect(),
                others: Vec::new(),
                more: super::sampled::count(failed.len().saturating_sub(NAMED)),
            },
        }
    }

    fn close(&mut self, at: Moment, end: End) {
        if let Some(Open { mut incident, .. }) = self.open.take() {
            incident.to = Some(at);
            incident.end = end;
            incident.ms = at.since(incident.from);
            self.keep(incident);
        }
    }

    fn keep(&mut self, incident: Incident) {
        if incident.to.is_some_and(|to| to < self.window.from) {
            return;
        }
        if self.found.list.len() < MOST {
            self.found.list.push(incident);
        } else {
            self.found.more += 1;
        }
    }
}

impl Open {
    fn take(&mut self, check: Id, looks: &Looks) {
        if !self.named.insert(check) {
            return;
        }
        self.incident.is_service |= looks.is_service(check);
        if self.incident.others.len() < NAMED {
            self.incident
                .others
                .push(looks.checks.name(check).to_owned());
        } else {
            self.incident.more += 1;
        }
    }
}
