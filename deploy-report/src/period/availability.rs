//! Availability: for how much of the time something was seen to be up.
//!
//! What a look sees holds until the next look, but for no longer than three of
//! the usual intervals between looks. Where the next one comes later, or none
//! does, it holds for one usual interval, and nothing is known of the rest:
//! silence is neither up nor down. The usual interval is the median one; no
//! look holds for more than three days, however rare looks are.
//!
//! A check is up when it passes or only warns; down when it fails. One that
//! fails, and does not count as failed before it has done so `fail_after` times
//! in a row, is up; one that passes, but not `recover_after` times yet, is
//! down. One that was skipped was not seen.
//!
//! The application is down while a check that looks at it, rather than at its
//! machine or what surrounds it, is down, and up when such checks were looked at
//! and none is. A certificate that will expire does not take it down.
//!
//! Availability is the time up as a share of the time up or down.

use super::digits::rounded;
use super::moment::Moment;
use super::quantile::median_ms;
use super::sampled::Sampled;
use super::window::Window;
use chrono::NaiveDate;
use serde::Serialize;

/// For how many usual intervals a look holds at most, when another one follows.
const REACH: u64 = 3;
/// The longest usual interval: one day.
const LONGEST: u64 = 24 * 3_600_000;
/// How many looks it takes to speak of availability.
const LEAST: u64 = 10;

/// How long something was up, down, and not looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Availability {
    /// The time up as a share of the time up or down; of `n` looks.
    pub(crate) share: Sampled<f64>,
    /// How many looks there were in the window.
    pub(crate) looks: u64,
    /// The median time between two of them, in milliseconds.
    pub(crate) usual_ms: Option<u64>,
    /// Times, in milliseconds.
    #[serde(flatten)]
    pub(crate) times: Times,
    /// The same of each day.
    pub(crate) days: Vec<Day>,
}

/// What is known of some time, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_field_names)] // a record's `ms`
pub(crate) struct Times {
    /// Seen to be up.
    pub(crate) up_ms: u64,
    /// Seen to be down.
    pub(crate) down_ms: u64,
    /// Nothing is known, although records go on after it.
    pub(crate) unknown_ms: u64,
    /// After the last record that there is.
    pub(crate) beyond_ms: u64,
}

/// What is known of one day.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Day {
    /// Which.
    pub(crate) date: NaiveDate,
    /// The time up as a share of the time up or down.
    #[serde(serialize_with = "super::digits::some")]
    pub(crate) share: Option<f64>,
    /// Times, in milliseconds.
    #[serde(flatten)]
    pub(crate) times: Times,
}

/// The time between two looks that is usual, of all such times.
pub(super) fn usual(between: &[u32]) -> Option<u64> {
    median_ms(between.iter().map(|ms| u64::from(*ms))).map(|ms| ms.min(LONGEST))
}

/// Measures one thing's availability, look by look in the order of time.
#[derive(Debug)]
pub(super) struct Meter<'a> {
    window: &'a Window,
    /// Until when there are records.
    end: Moment,
    usual: Option<u64>,
    /// The last look.
    last: Option<(Moment, Option<bool>)>,
    looks: u64,
    days: Vec<Times>,
}

impl<'a> Meter<'a> {
    /// Nothing seen yet. There are records until `end`, and looks `usual`
    /// milliseconds apart.
    pub(super) fn new(window: &'a Window, end: Moment, usual: Option<u64>) -> Self {
        Self {
            window,
            end,
            usual,
            last: None,
            looks: 0,
            days: vec![Times::default(); window.calendar().len()],
        }
    }

    /// Takes a look at `at` that saw whether it is up, or nothing.
    pub(super) fn look(&mut self, at: Moment, up: Option<bool>) {
        self.hold(at);
        self.last = Some((at, up));
        self.looks += u64::from(self.window.holds(at) && up.is_some());
    }

    /// Lets the last look hold until `until`, or as long as it can.
    fn hold(&mut self, until: Moment) {
        let (Some((from, Some(up))), Some(usual)) = (self.last, self.usual) else {
            return;
        };
        let between = until.since(from);
        let is_near = between <= REACH.saturating_mul(usual);
        let held = if is_near { between } else { usual };
        let days = &mut self.days;
        let calendar = self.window.calendar();
        calendar.split(from, from.after(held).min(self.end), |day, ms| {
            if let Some(times) = days.get_mut(day) {
                *(if up {
                    &mut times.up_ms
                } else {
                    &mut times.down_ms
                }) += ms;
            }
        });
    }

    /// What it came to.
    pub(super) fn end(mut self) -> Availability {
        self.hold(self.end);
        let calendar = self.window.calendar();
        let days = &mut self.days;
        // What is known ends with the records.
        calendar.split(calendar.from(), self.end, |day, ms| {
            if let Some(times) = days.get_mut(day) {
                times.unknown_ms = ms.saturating_sub(times.up_ms + times.down_ms);
            }
        });
        calendar.split(self.end, calendar.to(), |day, ms| {
            if let Some(times) = days.get_mut(day) {
                times.beyond_ms = ms;
            }
        });
        let mut times = Times::default();
        for day in &self.days {
            times.up_ms += day.up_ms;
            times.down_ms += day.down_ms;
            times.unknown_ms += day.unknown_ms;
            times.beyond_ms += day.beyond_ms;
        }
        let days = self.days.iter().enumerate().map(|(number, times)| Day {
            date: calendar.date(number),
            share: share(*times),
            times: *times,
        });
        Availability {
            share: Sampled::of(self.looks, LEAST, share(times)),
            looks: self.looks,
            usual_ms: self.usual,
            times,
            days: days.collect(),
        }
    }
}

#[allow(clippy::cast_precision_loss)] // exact to the millisecond for 285,000 years
fn share(times: Times) -> Option<f64> {
    let known = times.up_ms + times.down_ms;
    (known > 0).then(|| rounded(times.up_ms as f64 / known as f64))
}
