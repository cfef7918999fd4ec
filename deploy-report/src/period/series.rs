//! A number that checks saw again and again: how it began, how it ended, and
//! what it was between.

use super::line::Measure;
use super::moment::Moment;
use super::trend::{self, Projection};
use super::window::Window;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// A number over the days of a window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Series {
    /// The check that saw it.
    pub(crate) check: String,
    /// The check's kind.
    pub(crate) kind: String,
    /// Its name.
    pub(crate) measure: String,
    /// Its unit, as the record has it: `percent`, `bytes`, `count`…
    pub(crate) unit: String,
    /// How often it was seen.
    pub(crate) n: u64,
    /// The first time.
    pub(crate) first: Point,
    /// The last time.
    pub(crate) last: Point,
    /// The lowest.
    pub(crate) lowest: Point,
    /// The highest.
    pub(crate) highest: Point,
    /// The most that it can be, where it has one.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) most: Option<f64>,
    /// From where on it is a warning, and a failure, when it was seen last.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) warn: Option<f64>,
    /// See `warn`.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) fail: Option<f64>,
    /// Each day on which it was seen.
    pub(crate) days: Vec<Day>,
    /// When it reaches its most, where that is asked: of a disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) full: Option<Projection>,
}

impl Series {
    /// By what series are sorted.
    pub(super) fn key(&self) -> (&str, &str, &str) {
        (&self.kind, &self.check, &self.measure)
    }
}

/// What was seen at one time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Point {
    /// When.
    pub(crate) at: Moment,
    /// What.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) value: f64,
}

/// What was seen on one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Day {
    /// Which.
    pub(crate) date: NaiveDate,
    /// How often.
    pub(crate) n: u64,
    /// The mean.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) mean: f64,
    /// The lowest.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) lowest: f64,
    /// The highest.
    #[serde(serialize_with = "super::digits::number")]
    pub(crate) highest: f64,
}

/// Collects one number, in any order.
#[derive(Debug)]
pub(super) struct Tally {
    unit: String,
    limits: (Option<f64>, Option<f64>, Option<f64>),
    n: u64,
    first: Point,
    last: Point,
    lowest: Point,
    highest: Point,
    days: BTreeMap<usize, Total>,
}

/// What a day's numbers add up to.
#[derive(Debug, Clone, Copy)]
struct Total {
    n: u64,
    sum: f64,
    lowest: f64,
    highest: f64,
}

impl Tally {
    /// Of `measure`, first seen as `value`.
    pub(super) fn new(at: Moment, value: f64, measure: &Measure<'_>) -> Self {
        let point = Point { at, value };
        Self {
            unit: super::names::cut(&measure.unit, 32).to_owned(),
            limits: (measure.warn, measure.fail, measure.max),
            n: 0,
            first: point,
            last: point,
            lowest: point,
            highest: point,
            days: BTreeMap::new(),
        }
    }

    /// Takes a number that was seen at `at`, on day `day`.
    pub(super) fn take(&mut self, at: Moment, day: usize, value: f64, measure: &Measure<'_>) {
        let point = Point { at, value };
        self.n += 1;
        if at < self.first.at {
            self.first = point;
        }
        if at >= self.last.at {
            self.last = point;
            self.limits = (measure.warn, measure.fail, measure.max);
        }
        // Of several, the earliest one.
        let before = |one: &Point| value.to_bits() == one.value.to_bits() && at < one.at;
        if value < self.lowest.value || before(&self.lowest) {
            self.lowest = point;
        }
        if value > self.highest.value || before(&self.highest) {
            self.highest = point;
        }
        let sum = self.days.entry(day).or_insert(Total {
            n: 0,
            sum: 0.0,
            lowest: value,
            highest: value,
        });
        sum.n += 1;
        sum.sum += value;
        sum.lowest = sum.lowest.min(value);
        sum.highest = sum.highest.max(value);
    }

    /// What it came to.
    #[allow(clippy::cast_precision_loss)] // a number of looks
    pub(super) fn end(self, check: &str, kind: &str, measure: &str, window: &Window) -> Series {
        let days = self.days.iter().map(|(number, sum)| Day {
            date: window.calendar().date(*number),
            n: sum.n,
            mean: sum.sum / sum.n as f64,
            lowest: sum.lowest,
            highest: sum.highest,
        });
        let days: Vec<_> = days.collect();
        let (warn, fail, most) = self.limits;
        let full = (kind == "disk" && measure == "used").then(|| {
            let means: Vec<_> = days.iter().map(|day| (day.date, day.mean)).collect();
            trend::projection(&means, most.unwrap_or(100.0))
        });
        Series {
            check: check.to_owned(),
            kind: kind.to_owned(),
            measure: measure.to_owned(),
            unit: self.unit,
            n: self.n,
            first: self.first,
            last: self.last,
            lowest: self.lowest,
            highest: self.highest,
            most,
            warn,
            fail,
            days,
            full,
        }
    }
}
