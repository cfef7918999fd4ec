//! When a disk will be full, where its trend supports saying so.

use chrono::{Days, NaiveDate};
use serde::Serialize;

/// How many days it takes to see a trend.
const LEAST: u64 = 7;
/// How much of the ups and downs a straight line must explain (R²).
const FIT: f64 = 0.8;
/// How many times as far as what was seen a line is drawn.
const FAR: f64 = 4.0;

/// When a number reaches its most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Projection {
    /// On this day, if it goes on as it did.
    Full {
        /// The day.
        on: NaiveDate,
        /// By how much it rises in a day.
        #[serde(serialize_with = "super::digits::number")]
        per_day: f64,
        /// How much of the ups and downs the line explains: R², 0 to 1.
        #[serde(serialize_with = "super::digits::number")]
        fit: f64,
        /// Of how many days it is made.
        n: u64,
    },
    /// It rises, but not to its most before this day, beyond which what was
    /// seen says nothing.
    Far {
        /// The day.
        until: NaiveDate,
        /// By how much it rises in a day.
        #[serde(serialize_with = "super::digits::number")]
        per_day: f64,
        /// R².
        #[serde(serialize_with = "super::digits::number")]
        fit: f64,
        /// Of how many days it is made.
        n: u64,
    },
    /// It does not rise.
    NotRising {
        /// Of how many days that is seen.
        n: u64,
    },
    /// It goes up and down: no line describes it.
    NoTrend {
        /// R².
        #[serde(serialize_with = "super::digits::number")]
        fit: f64,
        /// Of how many days that is seen.
        n: u64,
    },
    /// Too few days were seen.
    TooFew {
        /// How many there are.
        n: u64,
        /// How many it takes.
        least: u64,
    },
}

/// Draws a line through the mean of each day, and looks where it meets `most`.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)] // days
pub(super) fn projection(days: &[(NaiveDate, f64)], most: f64) -> Projection {
    let n = super::sampled::count(days.len());
    let few = Projection::TooFew { n, least: LEAST };
    let (Some((first, _)), Some((last, _))) = (days.first(), days.last()) else {
        return few;
    };
    if n < LEAST {
        return few;
    }
    let points: Vec<_> = days
        .iter()
        .map(|(date, value)| ((*date - *first).num_days() as f64, *value))
        .collect();
    let Some(Line {
        slope,
        at_zero,
        fit,
    }) = Line::through(&points)
    else {
        return few;
    };
    if slope <= 0.0 {
        return Projection::NotRising { n };
    }
    if fit < FIT {
        return Projection::NoTrend { fit, n };
    }
    let span = (*last - *first).num_days() as f64;
    let far = span * FAR;
    // One that is full already will not be so earlier than it was last seen.
    let ahead = ((most - at_zero) / slope - span).max(0.0).ceil();
    let on = |ahead: f64| last.checked_add_days(Days::new(ahead as u64));
    match (on(ahead.min(far)), ahead <= far) {
        (Some(on), true) => Projection::Full {
            on,
            per_day: slope,
            fit,
            n,
        },
        (Some(until), false) => Projection::Far {
            until,
            per_day: slope,
            fit,
            n,
        },
        (None, _) => few,
    }
}

/// The line from which points are least far, by the squares of the distances.
struct Line {
    slope: f64,
    at_zero: f64,
    fit: f64,
}

impl Line {
    /// None where there are no two days, or the numbers are too large.
    #[allow(clippy::cast_precision_loss)] // a number of days
    fn through(points: &[(f64, f64)]) -> Option<Self> {
        let n = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
        let (x, y) = (mean(|point| point.0), mean(|point| point.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            points
                .iter()
                .map(|point| of(point.0 - x, point.1 - y))
                .sum()
        };
        let (xx, xy, yy) = (sum(&|x, _| x * x), sum(&|x, y| x * y), sum(&|_, y| y * y));
        let slope = xy / xx;
        // What never changes is explained, whatever the line.
        let fit = if yy > 0.0 { xy * xy / (xx * yy) } else { 1.0 };
        let line = Self {
            slope,
            at_zero: y - slope * x,
            fit,
        };
        (line.slope.is_finite() && line.at_zero.is_finite() && line.fit.is_finite()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Projection {
        let first = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        let days: Vec<_> = first.iter_days().zip(values.iter().copied()).collect();
        projection(&days, 100.0)
    }

    #[test]
    fn a_day_is_named_only_where_the_trend_supports_it() {
        let rising: Vec<_> = (0..10).map(|day| 70.0 + 2.0 * f64::from(day)).collect();
        // 88 % on 10 November, 2 % more each day.
        let Projection::Full {
            on,
            per_day,
            fit,
            n: 10,
        } = of(&rising)
        else {
            panic!("{:?}", of(&rising));
        };
        assert_eq!(on.to_string(), "2026-11-16");
        assert!((per_day - 2.0).abs() < 1e-9 && fit > 0.999);
        assert_eq!(of(&rising[..6]), Projection::TooFew { n: 6, least: 7 });
        assert_eq!(of(&[]), Projection::TooFew { n: 0, least: 7 });
        assert_eq!(of(&[50.0; 9]), Projection::NotRising { n: 9 });
        let falling: Vec<_> = rising.iter().rev().copied().collect();
        assert_eq!(of(&falling), Projection::NotRising { n: 10 });
        let saw = [70.0, 90.0, 71.0, 91.0, 72.0, 92.0, 73.0, 93.0];
        assert!(matches!(of(&saw), Projection::NoTrend { n: 8, .. }));
        let slow: Vec<_> = (0..10).map(|day| 10.0 + 0.1 * f64::from(day)).collect();
        let Projection::Far { until, .. } = of(&slow) else {
            panic!("{:?}", of(&slow));
        };
        // Nine days were seen; 36 are looked ahead.
        assert_eq!(until.to_string(), "2026-12-16");
    }

    #[test]
    fn what_is_full_is_full_now() {
        let full: Vec<_> = (0..8).map(|day| 94.0 + f64::from(day)).collect();
        assert!(matches!(of(&full), Projection::Full { on, .. } if on.to_string() == "2026-11-08"));
        assert!(matches!(
            of(&[f64::MAX; 8]),
            Projection::TooFew { .. } | Projection::NotRising { .. }
        ));
    }
}
