//! Incidents: when one begins, whom it was told, and when it is over.
//!
//! Nothing here does anything; it is all kept between runs.

use crate::standing::RECOVERING;
use chrono::{DateTime, TimeDelta, Utc};
use probe::Finding;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toolkit::record::Status;

/// How long a target is tried to be told that an incident is over.
const PATIENCE: TimeDelta = TimeDelta::days(7);
/// The most incidents that are kept.
const MOST: usize = 20;

/// What is known of incidents from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// The oldest first; only the last one can be open.
    pub(super) incidents: Vec<Incident>,
    /// Until when nobody is told, and why.
    pub(super) silence: Option<Silence>,
}

/// Something is wrong, from the first failed check to the last mended one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) since: DateTime<Utc>,
    /// When it was over; none while it lasts.
    pub(super) resolved: Option<DateTime<Utc>>,
    /// The checks that fail, and what was seen last.
    pub(super) failing: BTreeMap<String, Failing>,
    /// What each target was told last.
    pub(super) told: BTreeMap<String, Told>,
}

/// A check that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failing {
    pub(super) kind: String,
    pub(super) since: DateTime<Utc>,
    pub(super) reason: String,
    pub(super) observed: String,
    pub(super) expected: String,
    pub(super) hint: Option<String>,
}

/// What a target was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) phase: Phase,
    pub(super) at: DateTime<Utc>,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Phase {
    Firing,
    Resolved,
}

/// A silence that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Silence {
    pub(super) until: DateTime<Utc>,
    pub(super) reason: String,
}

/// When an incident begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Threshold<'a> {
    /// How many checks have to fail.
    pub(super) min_failing: usize,
    /// The checks of which one is enough.
    pub(super) critical: &'a BTreeSet<&'a str>,
}

impl Memory {
    /// Takes note of what a run found. Checks that it did not run are as they
    /// were.
    pub(super) fn observe(
        &mut self,
        findings: &[Finding],
        when: Threshold<'_>,
        now: DateTime<Utc>,
        id: &str,
    ) {
        let failed = findings
            .iter()
            .filter(|finding| finding.status == Status::Fail);
        let failed: Vec<_> = failed.collect();
        let open = self
            .incidents
            .last_mut()
            .filter(|last| last.resolved.is_none());
        if let Some(open) = open {
            open.observe(findings, now);
        } else {
            let critical = failed
                .iter()
                .any(|one| when.critical.contains(one.name.as_str()));
            if critical || failed.len() >= when.min_failing {
                let mut incident = Incident {
                    id: id.to_owned(),
                    since: now,
                    resolved: None,
                    failing: BTreeMap::new(),
                    told: BTreeMap::new(),
                };
                incident.observe(findings, now);
                self.incidents.push(incident);
            }
        }
        self.forget(now);
    }

    /// Takes note of what a target was told.
    pub(super) fn told(&mut self, incident: &str, target: &str, told: Told) {
        let known = self.incidents.iter_mut().find(|known| known.id == incident);
        if let Some(known) = known {
            known.told.insert(target.to_owned(), told);
        }
    }

    /// Forgets the incidents of which nobody has to be told any more.
    pub(super) fn forget(&mut self, now: DateTime<Utc>) {
        self.incidents.retain(|incident| match incident.resolved {
            None => true,
            Some(at) => {
                let unaware = incident
                    .told
                    .values()
                    .any(|told| told.phase == Phase::Firing);
                unaware && now - at < PATIENCE
            }
        });
        let surplus = self.incidents.len().saturating_sub(MOST);
        self.incidents.drain(..surplus);
        if self
            .silence
            .as_ref()
            .is_some_and(|silence| silence.until <= now)
        {
            self.silence = None;
        }
    }
}

impl Incident {
    fn observe(&mut self, findings: &[Finding], now: DateTime<Utc>) {
        for finding in findings {
            match finding.status {
                Status::Fail => {
                    let since = self
                        .failing
                        .get(&finding.name)
                        .map_or(now, |known| known.since);
                    self.failing
                        .insert(finding.name.clone(), Failing::of(finding, since));
                }
                // What follows from another failure says nothing by itself, and
                // a check that recovers is not to be trusted yet.
                Status::Skip | Status::Running | Status::Unknown => {}
                Status::Warn if finding.reason == Some(RECOVERING) => {}
                Status::Ok | Status::Warn => {
                    self.failing.remove(&finding.name);
                }
            }
        }
        if self.failing.is_empty() {
            self.resolved = Some(now);
        }
    }

    /// What `target` is still to be told of it. One that `renews` is told in
    /// every run while it lasts. `hushed` are those that are new, or repeated;
    /// that it is over is told in any case.
    pub(super) fn due(
        &self,
        target: &str,
        repeat: Option<Duration>,
        hushed: bool,
        now: DateTime<Utc>,
    ) -> Option<Phase> {
        let told = self.told.get(target);
        if self.resolved.is_some() {
            let unaware = told.is_some_and(|told| told.phase == Phase::Firing);
            return unaware.then_some(Phase::Resolved);
        }
        if hushed {
            return None;
        }
        let repeat = repeat.and_then(|repeat| TimeDelta::from_std(repeat).ok());
        let again = match (told, repeat) {
            (Some(told), Some(repeat)) => now - told.at >= repeat,
            _ => true,
        };
        again.then_some(Phase::Firing)
    }

    /// In one line, what it is.
    pub(super) fn summary(&self, project: &str) -> String {
        let names: Vec<_> = self
            .failing
            .keys()
            .map(|name| format!("`{name}`"))
            .collect();
        match names.len() {
            0 => format!("{project}: every check passes again"),
            1 => format!("{project}: {} fails", names.join("")),
            count => format!("{project}: {count} checks fail: {}", names.join(", ")),
        }
    }
}

impl Failing {
    fn of(finding: &Finding, since: DateTime<Utc>) -> Self {
        Self {
            kind: finding.kind.to_owned(),
            since,
            reason: finding.reason.unwrap_or("unknown").to_owned(),
            observed: finding.observed.clone(),
            expected: finding.expected.clone(),
            hint: finding.hint.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
