//! A call that is asked many times, to measure it.

use probe::{Fault, Limits, Measure, Report, Unit};
use std::time::Duration;
use toolkit::config::Entry;
use toolkit::failure::Failure;

/// The most times that a call is repeated: a smoke test is no load test.
const MOST: u32 = 1000;

/// How often a call is asked, and how fast it must be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Repeat {
    /// How often.
    pub(crate) times: u32,
    average: Limits,
    p95: Limits,
}

impl Repeat {
    /// Reads the keys `repeat`, `average` and `p95`.
    ///
    /// # Errors
    /// `config`, with file, line and key.
    pub(crate) fn read(
        times: Option<u32>,
        average: Limits,
        p95: Limits,
        keys: &Entry<'_, '_>,
    ) -> Result<Option<Self>, Failure> {
        let Some(times) = times else {
            for (key, limits) in [("average", average), ("p95", p95)] {
                if !limits.is_none() {
                    let message = format!("`{key}` goes with `repeat`");
                    return Err(keys.fault(key, message));
                }
            }
            return Ok(None);
        };
        if !(2..=MOST).contains(&times) {
            return Err(keys.fault("repeat", format!("`repeat` takes 2 to {MOST}")));
        }
        Ok(Some(Self {
            times,
            average,
            p95,
        }))
    }

    /// Adds what so many calls took to the report.
    pub(crate) fn judge(&self, mut took: Vec<Duration>, report: &mut Report) {
        took.sort();
        let Some(p95) = nearest_rank(&took, 95) else {
            return;
        };
        let whole: Duration = took.iter().sum();
        #[allow(clippy::cast_precision_loss)] // At most a thousand.
        let average = whole.as_secs_f64() / took.len() as f64;
        let count = took.len();
        report.observed = format!(
            "{} times in {:.0} ms on average, 95 % within {:.0} ms",
            count,
            average * 1e3,
            p95.as_secs_f64() * 1e3
        );
        let p95 = p95.as_secs_f64();
        for (name, value, limits, reason) in [
            ("average", average, self.average, "http_slow_average"),
            ("p95", p95, self.p95, "http_slow_p95"),
        ] {
            report.measure(Measure::new(name, value, Unit::Seconds).limits(limits));
            if let Some((level, limit)) = limits.above(value) {
                let observed = format!("{name} of {count} calls is {value:.3} s");
                let expected = format!("less than {limit} s");
                report.fault(Fault::new(level, reason, observed, expected));
            }
        }
    }
}

/// The percentile by nearest rank: the smallest value that so many hundredths
/// of all do not exceed.
fn nearest_rank(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn average_and_percentile_are_judged() {
        let of = |limit: f64| Limits {
            warn: None,
            fail: Some(limit),
        };
        let took = || (1..=20).map(Duration::from_millis).collect::<Vec<_>>();
        let repeat = Repeat {
            times: 20,
            average: of(0.02),
            p95: of(0.02),
        };
        let mut report = Report::default();
        repeat.judge(took(), &mut report);
        assert_eq!(report.faults, []);
        let observed = "20 times in 10 ms on average, 95 % within 19 ms";
        assert_eq!(report.observed, observed);
        let repeat = Repeat {
            times: 20,
            average: of(0.010),
            p95: of(0.019),
        };
        repeat.judge(took(), &mut report);
        let told: Vec<_> = report
            .faults
            .iter()
            .map(|fault| fault.observed.as_str())
            .collect();
        assert_eq!(
            told,
            [
                "average of 20 calls is 0.010 s",
                "p95 of 20 calls is 0.019 s"
            ]
        );
    }
}
