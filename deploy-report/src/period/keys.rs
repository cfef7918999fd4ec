//! The four keys of DORA, as dora-team/fourkeys defines them
//! (<https://github.com/dora-team/fourkeys/blob/main/METRICS.md>): over the three
//! months that end with the window, and no earlier than the day after the first
//! record.
//!
//! What that project finds in GitHub events is here what records say:
//!
//! - A deployment is one that reached production. That of the frequency and of
//!   the lead time is a good one.
//! - A change is a commit that a deployment brought, at its committer's date.
//! - A failure is a deployment that reached production and was rolled back, by
//!   its own pipeline or by hand, or failed. Incidents that no rollback ties to a
//!   deployment count for no deployment.
//! - It is restored when the earlier release was seen to serve again, or when a
//!   later deployment was good; it lasts since the deployment that caused it.
//!
//! A key is refused where too little stands behind it.

use super::deployments::{Deployment, Deployments, Outcome, Rollback};
use super::moment::Moment;
use super::quantile::{median, median_ms};
use super::runs::Release;
use super::sampled::{Sampled, count};
use super::window::{Calendar, Window};
use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many weeks it takes to speak of a frequency.
const WEEKS: u64 = 4;
/// How many deployments, changes and restorations it takes.
const LEAST: u64 = 5;
const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;

/// The four keys.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Keys {
    /// The first day that is looked at.
    pub(crate) first: NaiveDate,
    /// The last one.
    pub(crate) last: NaiveDate,
    /// How often a release goes to production; of `n` weeks.
    pub(crate) frequency: Sampled<Frequency>,
    /// The median time from a commit to its deployment; of `n` changes.
    pub(crate) lead_time: Sampled<Time>,
    /// Which share of deployments failed; of `n` deployments.
    pub(crate) failure_rate: Sampled<Rate>,
    /// The median time from the deployment that caused a failure to its
    /// restoration; of `n` failures.
    pub(crate) time_to_restore: Sampled<Time>,
    /// Failures that nothing restored.
    pub(crate) unrestored: u64,
}

/// How often something is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Frequency {
    /// How many good deployments there were.
    pub(crate) deployments: u64,
    /// The median number of days a week with a deployment.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) days_a_week: f64,
    /// What that is called.
    pub(crate) bucket: Often,
}

/// The buckets of a frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Often {
    /// On at least three days of the median week.
    Daily,
    /// In the median week at least once.
    Weekly,
    /// In the median month at least once.
    Monthly,
    /// More rarely.
    Yearly,
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Time {
    /// In milliseconds.
    pub(crate) ms: u64,
    /// Within what it lies.
    pub(crate) bucket: Within,
}

/// The buckets of a length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Within {
    /// Less than 24 hours.
    Day,
    /// Less than 168 hours.
    Week,
    /// Less than 730 hours.
    Month,
    /// Less than six times that.
    SixMonths,
    /// Anything longer.
    Year,
}

/// A share of deployments.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Rate {
    /// How many failed.
    pub(crate) failures: u64,
    /// Their share, 0 to 1.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) share: f64,
    /// Within what it lies.
    pub(crate) bucket: Failing,
}

/// The buckets of a failure rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Failing {
    /// At most 15 %.
    #[serde(rename = "0-15%")]
    Few,
    /// Less than 46 %.
    #[serde(rename = "16-45%")]
    Some,
    /// Anything more.
    #[serde(rename = "46-60%")]
    Many,
}

/// Counts the keys of a history whose first record is of `begin`.
pub(super) fn of(all: &Deployments, window: &Window, begin: Moment) -> Keys {
    let days = window.quarter();
    // From the day after the first record on, as the first day may be a part.
    let first = days.day(begin).map_or(0, |day| day + 1);
    let first = if begin >= days.to() {
        days.len()
    } else {
        first
    };
    let deployed: Vec<_> = all
        .list
        .iter()
        .filter(|one| {
            one.effect()
                .and_then(|at| days.day(at))
                .is_some_and(|day| day >= first)
        })
        .collect();
    let good: Vec<_> = deployed
        .iter()
        .copied()
        .filter(|one| one.outcome == Outcome::Good)
        .collect();
    let failures: Vec<_> = deployed
        .iter()
        .filter_map(|one| failure(one, all))
        .collect();
    let restored = failures.iter().filter_map(|failure| failure.restored);
    Keys {
        first: days.date(first.min(days.len().saturating_sub(1))),
        last: window.last,
        frequency: frequency(&good, days, first),
        lead_time: lead_time(&good),
        failure_rate: rate(count(failures.len()), count(deployed.len())),
        time_to_restore: time(restored.clone()),
        unrestored: count(failures.len() - restored.count()),
    }
}

/// The days of each week with a deployment; weeks begin on Sunday, as
/// `TIMESTAMP_TRUNC(day, WEEK)` has it, and the first and last may be parts.
#[allow(clippy::cast_precision_loss)] // days of a week
fn frequency(good: &[&Deployment], days: &Calendar, first: usize) -> Sampled<Frequency> {
    let on: BTreeSet<_> = good
        .iter()
        .filter_map(|one| days.day(one.effect()?))
        .collect();
    let mut weeks: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for day in first..days.len() {
        let date = days.date(day);
        let sunday = date.week(chrono::Weekday::Sun).first_day();
        *weeks.entry(sunday).or_default() += u64::from(on.contains(&day));
    }
    let mut per_week: Vec<_> = weeks.values().map(|days| *days as f64).collect();
    let mut months: BTreeMap<(i32, u32), u64> = BTreeMap::new();
    let month = |week: &NaiveDate| (week.year(), week.month());
    for (week, days) in &weeks {
        *months.entry(month(week)).or_default() += u64::from(*days > 0);
    }
    // One value a week: that of its month.
    let per_month = weeks.keys().filter_map(|week| months.get(&month(week)));
    let mut per_month: Vec<_> = per_month.map(|weeks| *weeks as f64).collect();
    let any = |days: &u64| f64::from(u8::from(*days > 0));
    let mut with_any: Vec<_> = weeks.values().map(any).collect();
    let n = count(weeks.len());
    let value = median(&mut per_week).map(|days_a_week| Frequency {
        deployments: count(good.len()),
        days_a_week,
        bucket: match (median(&mut with_any), median(&mut per_month)) {
            _ if days_a_week >= 3.0 => Often::Daily,
            (Some(1.0..), _) => Often::Weekly,
            (_, Some(1.0..)) => Often::Monthly,
            _ => Often::Yearly,
        },
    });
    Sampled::of(n, WEEKS, value.filter(|_| !good.is_empty()))
}

/// From each commit to its deployment, in whole minutes; what is not longer
/// than none was deployed by a machine.
fn lead_time(good: &[&Deployment]) -> Sampled<Time> {
    let told: Vec<_> = good.iter().filter(|one| one.committed.is_some()).collect();
    if told.is_empty() && !good.is_empty() {
        return Sampled::Missing {
            what: "rollback record data.changes",
        };
    }
    let changes = told.iter().flat_map(|one| {
        let committed = one.committed.iter().flatten();
        committed.map(|at| one.to.since(*at) / MINUTE * MINUTE)
    });
    time(changes.filter(|ms| *ms > 0))
}

fn time(lengths: impl Iterator<Item = u64>) -> Sampled<Time> {
    let lengths: Vec<_> = lengths.collect();
    let n = count(lengths.len());
    let median = median_ms(lengths);
    let value = median.map(|ms| Time {
        ms,
        bucket: match ms {
            ms if ms < 24 * HOUR => Within::Day,
            ms if ms < 168 * HOUR => Within::Week,
            ms if ms < 730 * HOUR => Within::Month,
            ms if ms < 730 * 6 * HOUR => Within::SixMonths,
            _ => Within::Year,
        },
    });
    Sampled::of(n, LEAST, value)
}

#[allow(clippy::cast_precision_loss)] // deployments
fn rate(failures: u64, deployments: u64) -> Sampled<Rate> {
    let share = failures as f64 / deployments.max(1) as f64;
    let bucket = match share {
        ..=0.15 => Failing::Few,
        ..0.46 => Failing::Some,
        _ => Failing::Many,
    };
    let rate = Rate {
        failures,
        share,
        bucket,
    };
    Sampled::of(deployments, LEAST, Some(rate))
}

/// A deployment that failed, and for how long, in milliseconds.
struct Failure {
    restored: Option<u64>,
}

/// What a deployment broke.
fn failure(one: &Deployment, all: &Deployments) -> Option<Failure> {
    let caused = one.effect()?;
    let undone = || {
        let by_hand = all.rollbacks.iter().filter(|back| back.is_good);
        by_hand.filter(|back| back.at > one.to)
    };
    let at = match one.outcome {
        Outcome::Good => Some(undone().find(|back| leaves(back, one))?.at),
        Outcome::RolledBack => one.restored,
        Outcome::Failed | Outcome::RollbackFailed | Outcome::Unfinished => {
            let later = all
                .list
                .iter()
                .filter(|other| other.outcome == Outcome::Good && other.to > one.to);
            let later = later.map(|other| other.to).next();
            later
                .into_iter()
                .chain(undone().map(|back| back.at).next())
                .min()
        }
        Outcome::Stopped => return None,
    };
    Some(Failure {
        restored: at.map(|at| at.since(caused)),
    })
}

/// Whether a rollback leaves what a deployment brought.
fn leaves(back: &Rollback, one: &Deployment) -> bool {
    let (Some(left), Some(brought)) = (&back.left, &one.brought) else {
        return false;
    };
    let is_same = |of: fn(&Release) -> &String| !of(left).is_empty() && of(left) == of(brought);
    is_same(|release| &release.id)
}
