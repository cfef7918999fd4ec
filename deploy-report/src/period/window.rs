//! The time that a report is about, and its days.

use super::moment::Moment;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use serde::Serialize;

/// The most days that a window has: two years and a day.
const LONGEST: u64 = 732;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Length {
    /// A calendar day.
    Day,
    /// A week as ISO 8601 counts them, from Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// Any other number of whole days.
    Days,
}

/// The whole local days `[first, last]` that a report is about: the time
/// `[from, to)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Window {
    /// How long it is.
    pub(crate) length: Length,
    /// The first day.
    pub(crate) first: NaiveDate,
    /// The last day.
    pub(crate) last: NaiveDate,
    /// The week of the first day.
    pub(crate) week: Week,
    /// When the first day begins.
    pub(crate) from: Moment,
    /// When the last day ends.
    pub(crate) to: Moment,
    #[serde(skip)]
    days: Calendar,
    /// The three months that end with the window.
    #[serde(skip)]
    quarter: Calendar,
}

/// A week as ISO 8601 numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Week {
    /// The year that has most of its days.
    pub(crate) year: i32,
    /// Its number in that year.
    pub(crate) number: u32,
}

impl Window {
    /// The `length` that holds `date`, its days as `zone` counts them.
    ///
    /// None outside of the years that a calendar knows.
    pub(crate) fn holding(date: NaiveDate, length: Length, zone: &impl TimeZone) -> Option<Self> {
        let (first, last) = match length {
            Length::Day | Length::Days => (date, date),
            Length::Week => {
                let into = u64::from(date.weekday().num_days_from_monday());
                let monday = date.checked_sub_days(Days::new(into))?;
                (monday, monday.checked_add_days(Days::new(6))?)
            }
            Length::Month => {
                let first = date.with_day(1)?;
                (first, first.checked_add_months(Months::new(1))?.pred_opt()?)
            }
        };
        Self::of(first, last, length, zone)
    }

    /// The last `length` that had ended at `now`: yesterday, last week, last
    /// month.
    pub(crate) fn ended(now: Moment, length: Length, zone: &impl TimeZone) -> Option<Self> {
        let today = date_of(now, zone)?;
        let current = Self::holding(today, length, zone)?;
        Self::holding(current.first.pred_opt()?, length, zone)
    }

    /// The days from `first` to `last`, at most two years of them: of more,
    /// the last ones.
    pub(crate) fn days(first: NaiveDate, last: NaiveDate, zone: &impl TimeZone) -> Option<Self> {
        let earliest = last.checked_sub_days(Days::new(LONGEST - 1))?;
        Self::of(first.max(earliest).min(last), last, Length::Days, zone)
    }

    fn of(first: NaiveDate, last: NaiveDate, length: Length, zone: &impl TimeZone) -> Option<Self> {
        let days = Calendar::of(first, last, zone)?;
        let quarter = Calendar::of(last.checked_sub_months(Months::new(3))?, last, zone)?;
        let week = first.iso_week();
        Some(Self {
            length,
            first,
            last,
            week: Week {
                year: week.year(),
                number: week.week(),
            },
            from: days.from(),
            to: days.to,
            days,
            quarter,
        })
    }

    /// Its days.
    pub(super) fn calendar(&self) -> &Calendar {
        &self.days
    }

    /// The days of the three months that end with it, over which
    /// [`Keys`](super::keys::Keys) are counted.
    pub(super) fn quarter(&self) -> &Calendar {
        &self.quarter
    }

    /// Whether `at` is in it.
    pub(super) fn holds(&self, at: Moment) -> bool {
        self.from <= at && at < self.to
    }
}

/// The date that `zone` has at `at`.
pub(crate) fn date_of(at: Moment, zone: &impl TimeZone) -> Option<NaiveDate> {
    Some(at.utc()?.with_timezone(zone).date_naive())
}

/// Successive local days and when each begins: 23 or 25 hours apart where
/// clocks change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calendar {
    first: NaiveDate,
    starts: Vec<Moment>,
    to: Moment,
}

impl Calendar {
    fn of(first: NaiveDate, last: NaiveDate, zone: &impl TimeZone) -> Option<Self> {
        let dates = first.iter_days().take_while(|date| *date <= last);
        let starts = dates.map(|date| start(date, zone));
        let starts: Vec<_> = starts.collect::<Option<_>>()?;
        let to = start(last.succ_opt()?, zone)?;
        (!starts.is_empty()).then_some(Self { first, starts, to })
    }

    /// When the first day begins.
    pub(super) fn from(&self) -> Moment {
        self.starts.first().copied().unwrap_or(self.to)
    }

    /// When the last day ends.
    pub(super) fn to(&self) -> Moment {
        self.to
    }

    /// How many days there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The date of day `number`, counted from 0.
    pub(super) fn date(&self, number: usize) -> NaiveDate {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let date = self.first.checked_add_days(Days::new(number));
        date.unwrap_or(NaiveDate::MAX)
    }

    /// The number of the day that holds `at`.
    pub(super) fn day(&self, at: Moment) -> Option<usize> {
        if at >= self.to {
            return None;
        }
        let after = self.starts.partition_point(|start| *start <= at);
        after.checked_sub(1)
    }

    /// The part of `[from, to)` that each day has, in milliseconds.
    pub(super) fn split(&self, from: Moment, to: Moment, mut each: impl FnMut(usize, u64)) {
        let mut from = from.max(self.from());
        let to = to.min(self.to);
        while from < to
            && let Some(day) = self.day(from)
        {
            let end = self.starts.get(day + 1).copied().unwrap_or(self.to).min(to);
            each(day, end.since(from));
            from = end;
        }
    }
}

/// When `date` begins: at midnight, or where that is left out, at the first
/// moment after it.
fn start(date: NaiveDate, zone: &impl TimeZone) -> Option<Moment> {
    let midnight = date.and_hms_opt(0, 0, 0)?;
    // No zone ever left out more than a day.
    let quarters = (0..=96).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
    let mut found = quarters.filter_map(|local| zone.from_local_datetime(&local).earliest());
    let found: DateTime<Utc> = found.next()?.to_utc();
    Some(found.into())
}

#[cfg(test)]
mod tests;
