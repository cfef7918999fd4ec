//! Which sets are kept: the union of the `--keep-*` rules, with the meaning
//! that restic's `forget` gives them.
//!
//! Source: restic's `internal/restic/snapshot_policy.go`: sets are looked at
//! from the newest to the oldest; a rule keeps the newest set of each day,
//! week… until its count is used up, and the oldest set while some is left;
//! `--keep-within` counts from the newest set, not from now.

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta};
use serde::Serialize;
use std::time::Duration;

/// The `--keep-*` rules. With none, everything is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) within: Option<Duration>,
    pub(crate) last: u32,
    pub(crate) daily: u32,
    pub(crate) weekly: u32,
    pub(crate) monthly: u32,
    pub(crate) yearly: u32,
}

/// What the rules say of one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Decision {
    pub(crate) name: String,
    pub(crate) keep: bool,
    pub(crate) reasons: Vec<String>,
}

/// A complete set, as far as the rules look at it.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) time: DateTime<FixedOffset>,
}

impl Policy {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Decides on complete sets of the same parts, given from oldest to newest.
    pub(crate) fn decide(&self, sets: &[Candidate]) -> Vec<Decision> {
        let mut rules = self.rules();
        let newest = sets.last().map(|set| set.time);
        let count = sets.len();
        let mut decisions: Vec<_> = sets
            .iter()
            .rev()
            .enumerate()
            .map(|(number, set)| {
                let mut reasons = Vec::new();
                if number == 0 {
                    reasons.push("newest complete set".to_owned());
                }
                if self.is_within(set.time, newest) {
                    let within = humantime::format_duration(self.within.unwrap_or_default());
                    reasons.push(format!("within {within}"));
                }
                let oldest = number + 1 == count;
                reasons.extend(
                    rules
                        .iter_mut()
                        .filter_map(|rule| rule.keeps(number, set, oldest)),
                );
                if self.is_empty() {
                    reasons.push("no --keep rule is given".to_owned());
                }
                Decision {
                    name: set.name.clone(),
                    keep: !reasons.is_empty(),
                    reasons: if reasons.is_empty() {
                        vec!["no rule keeps it".to_owned()]
                    } else {
                        reasons
                    },
                }
            })
            .collect();
        decisions.reverse();
        decisions
    }

    fn is_within(
        &self,
        time: DateTime<FixedOffset>,
        newest: Option<DateTime<FixedOffset>>,
    ) -> bool {
        let within = self
            .within
            .and_then(|within| TimeDelta::from_std(within).ok());
        let since = within.and_then(|within| newest?.checked_sub_signed(within));
        // A time span that reaches before all calendars keeps everything.
        match (self.within, since) {
            (Some(_), Some(since)) => time > since,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn rules(&self) -> [Rule; 5] {
        let rule = |word, left, period| Rule {
            word,
            left,
            period,
            last: None,
        };
        [
            rule("last", self.last, |number, _| {
                i64::try_from(number).unwrap_or(i64::MAX)
            }),
            rule("daily", self.daily, |_, time| {
                i64::from(time.num_days_from_ce())
            }),
            rule("weekly", self.weekly, |_, time| {
                let week = time.iso_week();
                i64::from(week.year()) * 100 + i64::from(week.week())
            }),
            rule("monthly", self.monthly, |_, time| {
                i64::from(time.year()) * 100 + i64::from(time.month())
            }),
            rule("yearly", self.yearly, |_, time| i64::from(time.year())),
        ]
    }
}

/// One counting rule, on its way from the newest set to the oldest.
struct Rule {
    word: &'static str,
    left: u32,
    period: fn(usize, DateTime<FixedOffset>) -> i64,
    last: Option<i64>,
}

impl Rule {
    /// The reason for which it keeps this set, if it does.
    fn keeps(&mut self, number: usize, set: &Candidate, oldest: bool) -> Option<String> {
        if self.left == 0 {
            return None;
        }
        let period = Some((self.period)(number, set.time));
        let new = period != self.last;
        if !new && !oldest {
            return None;
        }
        self.last = period;
        self.left -= 1;
        Some(if new {
            self.word.to_owned()
        } else {
            format!("oldest {}", self.word)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(times: &[&str]) -> Vec<Candidate> {
        let set = |time: &&str| Candidate {
            name: (*time).to_owned(),
            time: DateTime::parse_from_rfc3339(&format!("{time}:00+01:00")).unwrap(),
        };
        times.iter().map(set).collect()
    }

    fn kept(policy: &Policy, times: &[&str]) -> Vec<String> {
        let decisions = policy.decide(&sets(times)).into_iter();
        let kept = decisions.filter(|decision| decision.keep);
        kept.map(|kept| format!("{}: {}", kept.name, kept.reasons.join(", ")))
            .collect()
    }

    #[test]
    fn a_rule_keeps_the_newest_of_each_day() {
        let policy = Policy {
            daily: 2,
            ..Policy::default()
        };
        let times = [
            "2026-11-17T02:00",
            "2026-11-18T02:00",
            "2026-11-19T02:00",
            "2026-11-19T14:00",
            "2026-11-20T02:00",
        ];
        assert_eq!(
            kept(&policy, &times),
            [
                "2026-11-19T14:00: daily",
                "2026-11-20T02:00: newest complete set, daily"
            ]
        );
    }

    #[test]
    fn the_oldest_is_kept_while_a_rule_has_count_left() {
        let policy = Policy {
            monthly: 12,
            ..Policy::default()
        };
        let times = ["2026-11-01T02:00", "2026-11-10T02:00", "2026-11-20T02:00"];
        assert_eq!(
            kept(&policy, &times),
            [
                "2026-11-01T02:00: oldest monthly",
                "2026-11-20T02:00: newest complete set, monthly"
            ]
        );
    }

    #[test]
    fn within_counts_from_the_newest_set_so_that_a_stopped_cron_loses_nothing() {
        let policy = Policy {
            within: Some(Duration::from_secs(7 * 86_400)),
            ..Policy::default()
        };
        let times = ["2020-01-01T02:00", "2020-01-05T02:00", "2020-01-10T02:00"];
        assert_eq!(kept(&policy, &times).len(), 2);
    }

    #[test]
    fn rules_add_up_and_none_keeps_everything() {
        let policy = Policy {
            last: 1,
            weekly: 2,
            yearly: 1,
            ..Policy::default()
        };
        let times = [
            "2026-11-06T02:00",
            "2026-11-13T02:00",
            "2026-11-14T02:00",
            "2026-11-20T02:00",
        ];
        assert_eq!(
            kept(&policy, &times),
            [
                "2026-11-14T02:00: weekly",
                "2026-11-20T02:00: newest complete set, last, weekly, yearly"
            ]
        );
        assert_eq!(kept(&Policy::default(), &times).len(), 4);
    }

    #[test]
    fn the_newest_is_never_given_up() {
        let policy = Policy {
            within: Some(Duration::ZERO),
            ..Policy::default()
        };
        assert_eq!(
            kept(&policy, &["2026-11-19T02:00", "2026-11-20T02:00"]).len(),
            1
        );
    }
}
