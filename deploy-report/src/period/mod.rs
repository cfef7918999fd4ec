//! What happened in a day, a week or a month: computed from the history in one
//! pass, without a word of any language.
//!
//! A report is of a [`Window`] of whole local days. Of what is before it, only
//! as much is read as the window needs: a week of healthchecks, so that an
//! incident that was open as it began is known, and three months of deployments
//! for the [`Keys`]. Of what is after it, nothing is, but how a
//! pipeline ended: the same report can be made again later, and comes out the
//! same.
//!
//! The lines may be in any order, and any of them twice. One that is no record
//! is counted and left out. However many there are, a pass needs no more memory
//! than a few dozen MiB: the results of checks are kept in six bytes each, and
//! where there is no room for more, they are counted as left out.

mod availability;
mod backups;
mod certificates;
mod deployments;
mod digits;
mod health;
mod incidents;
mod keys;
mod line;
mod looks;
mod measures;
mod moment;
mod names;
mod pass;
mod quantile;
mod runs;
mod sampled;
mod series;
mod trend;
mod window;

pub(crate) use moment::Moment;
pub(crate) use pass::Pass;
pub(crate) use window::{Length, Window, date_of};

use backups::Backups;
use certificates::Certificate;
use deployments::Deployments;
use health::Health;
use keys::Keys;
use measures::Found;
use serde::Serialize;

/// What happened in a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    /// The time that it is about.
    pub(crate) window: Window,
    /// What it is made of.
    pub(crate) records: Records,
    /// Availability and incidents.
    pub(crate) health: Health,
    /// Response times, resources and queries of Prometheus.
    #[serde(flatten)]
    pub(crate) measures: Found,
    /// What was saved.
    pub(crate) backups: Backups,
    /// The certificates, those that expire first coming first.
    pub(crate) certificates: Vec<Certificate>,
    /// What was deployed and taken back.
    pub(crate) deployments: Deployments,
    /// The four keys of DORA.
    pub(crate) keys: Keys,
}

/// The records that a report is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Records {
    /// How many of the window were read.
    pub(crate) n: u64,
    /// The first one of the window.
    pub(crate) first: Option<Moment>,
    /// The last one of the window.
    pub(crate) last: Option<Moment>,
    /// Until when there are records: the end of the window, where there are
    /// later ones.
    pub(crate) until: Option<Moment>,
    /// The projects that they are of.
    pub(crate) projects: Vec<String>,
    /// How many healthchecks looked at something.
    pub(crate) healthchecks: u64,
    /// How many were refused, skipped or interrupted.
    pub(crate) blind: u64,
    /// Lines that are no records.
    pub(crate) damaged: u64,
    /// Records whose `data` is not what this version knows.
    pub(crate) unread: u64,
    /// Records that were there already.
    pub(crate) repeated: u64,
    /// Records more than a minute older than one before them: somebody set the
    /// clock back, or joined two histories.
    pub(crate) disordered: u64,
    /// Observations for which there was no room.
    pub(crate) left_out: u64,
}

#[cfg(test)]
mod tests;
