//! The numbers that healthchecks saw: of resources, of Prometheus, and how long
//! pages took to answer.

use super::line::{Check, Measure};
use super::moment::Moment;
use super::names::{Names, cut};
use super::quantile::{median, quantile};
use super::sampled::count;
use super::series::{Point, Series, Tally};
use super::window::Window;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;
use toolkit::record::Status;

/// The most series that are kept.
const SERIES: usize = 2048;
/// The most times of answers that are kept: 16 MiB of them.
const TIMES: usize = 2 << 20;

/// The numbers that say how much of a resource is used, by kind of check.
fn is_resource(kind: &str, measure: &str) -> bool {
    let of_kind: &[&str] = match kind {
        "disk" => &["used", "free", "inodes"],
        "memory" => &["used", "swap"],
        "load" => &["load1", "load5", "load15"],
        "container" => &["memory", "memory_used", "cpu_used", "restarts"],
        "process" => &["memory", "restarts"],
        "docker-disk" => &["total"],
        "postgres" => &["size", "connections_used"],
        "redis" => &["memory", "memory_used"],
        _ => &[],
    };
    of_kind.contains(&measure)
}

/// How long the page of one check took to answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answers {
    /// The check.
    pub(crate) check: String,
    /// How often it answered.
    pub(crate) n: u64,
    /// How often it was asked and did not answer.
    pub(crate) unanswered: u64,
    /// The median, in seconds; none where it never answered.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) median: Option<f64>,
    /// The time within which 95 % of the answers came.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) p95: Option<f64>,
    /// The longest.
    pub(crate) worst: Option<Point>,
    /// Each day with an answer.
    pub(crate) days: Vec<DayOfAnswers>,
}

/// The answers of one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct DayOfAnswers {
    /// Which.
    pub(crate) date: NaiveDate,
    /// How many answers.
    pub(crate) n: u64,
    /// The median, in seconds.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) median: f64,
    /// The time within which 95 % of them came.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) p95: f64,
    /// The longest.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) worst: f64,
}

/// All numbers of a window.
#[derive(Debug, Default)]
pub(super) struct Measures {
    names: Names,
    /// Of each check.
    checks: Vec<OfCheck>,
    series: usize,
    kept: usize,
    /// Numbers for which there was no room.
    pub(super) left_out: u64,
}

/// The numbers of one check.
#[derive(Debug, Default)]
struct OfCheck {
    series: Vec<Row>,
    times: Option<Times>,
}

#[derive(Debug)]
struct Row {
    kind: Box<str>,
    measure: Box<str>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct Times {
    days: BTreeMap<usize, Vec<f64>>,
    worst: Option<Point>,
    unanswered: u64,
}

/// What the numbers add up to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Found {
    /// By check.
    pub(crate) answers: Vec<Answers>,
    /// By kind, check and name.
    pub(crate) resources: Vec<Series>,
    /// What Prometheus was asked.
    pub(crate) prometheus: Vec<Series>,
}

impl Measures {
    /// Takes what a check saw at `at`, on day `day` of the window.
    pub(super) fn take(&mut self, at: Moment, day: usize, check: &Check<'_>) {
        let kind = check.kind.as_ref();
        let is_page = kind == "http" && check.status != Status::Skip;
        let wanted =
            |measure: &&Measure<'_>| kind == "prometheus" || is_resource(kind, &measure.name);
        if !is_page && !check.measures.iter().any(|measure| wanted(&measure)) {
            return;
        }
        let Some(id) = self.names.id(&check.name).map(usize::from) else {
            self.left_out += 1;
            return;
        };
        if id >= self.checks.len() {
            self.checks.resize_with(id + 1, OfCheck::default);
        }
        if is_page {
            let time = check.measures.iter().find(|measure| measure.name == "time");
            self.answer(at, day, id, time.and_then(|time| time.value));
        }
        for measure in check.measures.iter().filter(wanted) {
            if let Some(value) = measure.value {
                self.number(at, day, id, (kind, measure), value);
            }
        }
    }

    fn number(
        &mut self,
        at: Moment,
        day: usize,
        id: usize,
        (kind, measure): (&str, &Measure<'_>),
        value: f64,
    ) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        let (kind, name) = (cut(kind, 64), cut(&measure.name, 256));
        let is_it = |row: &&mut Row| &*row.measure == name && &*row.kind == kind;
        if let Some(row) = check.series.iter_mut().find(is_it) {
            row.tally.take(at, day, value, measure);
        } else if self.series < SERIES {
            self.series += 1;
            let mut tally = Tally::new(at, value, measure);
            tally.take(at, day, value, measure);
            check.series.push(Row {
                kind: kind.into(),
                measure: name.into(),
                tally,
            });
        } else {
            self.left_out += 1;
        }
    }

    fn answer(&mut self, at: Moment, day: usize, id: usize, seconds: Option<f64>) {
        let Some(check) = self.checks.get_mut(id) else {
            return;
        };
        let times = check.times.get_or_insert_default();
        let Some(value) = seconds else {
            times.unanswered += 1;
            return;
        };
        let is_worse = |worst: &Point| (value, worst.at) > (worst.value, at);
        if times.worst.as_ref().is_none_or(is_worse) {
            times.worst = Some(Point { at, value });
        }
        if self.kept < TIMES {
            self.kept += 1;
            times.days.entry(day).or_default().push(value);
        } else {
            self.left_out += 1;
        }
    }

    /// What they came to.
    pub(super) fn end(self, window: &Window) -> Found {
        let mut found = Found::default();
        for (id, of_check) in (0..).zip(self.checks) {
            let check = self.names.name(id);
            let times = of_check.times.map(|times| times.end(check, window));
            found.answers.extend(times);
            for row in of_check.series {
                let series = row.tally.end(check, &row.kind, &row.measure, window);
                if series.kind == "prometheus" {
                    found.prometheus.push(series);
                } else {
                    found.resources.push(series);
                }
            }
        }
        found
            .answers
            .sort_by(|one, other| one.check.cmp(&other.check));
        for series in [&mut found.resources, &mut found.prometheus] {
            series.sort_by(|one, other| one.key().cmp(&other.key()));
        }
        found
    }
}

impl Times {
    fn end(mut self, check: &str, window: &Window) -> Answers {
        let mut all: Vec<_> = self.days.values().flatten().copied().collect();
        let days = self.days.iter_mut().filter_map(|(number, times)| {
            Some(DayOfAnswers {
                date: window.calendar().date(*number),
                n: count(times.len()),
                median: median(times)?,
                p95: quantile(times, 0.95)?,
                worst: quantile(times, 1.0)?,
            })
        });
        Answers {
            days: days.collect(),
            check: check.to_owned(),
            n: count(all.len()),
            unanswered: self.unanswered,
            median: median(&mut all),
            p95: quantile(&mut all, 0.95),
            worst: self.worst,
        }
    }
}
