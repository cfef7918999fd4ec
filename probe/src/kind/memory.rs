//! `memory`: how much of the machine's memory is in use.

use super::disk::percent;
use super::{Probe, Written};
use crate::report::Fault;
use crate::size::shown as size;
use crate::{Around, Limits, Measure, Report, Unit};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use toolkit::failure::Failure;
use toolkit::render;

/// The machine's memory and swap.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Memory {
    /// From how many percent on that no program can get any more.
    used: Limits,
    /// From how many percent of the swap on.
    swap: Limits,
    /// Down to how much memory the machine has, used or not.
    #[serde(deserialize_with = "crate::size::limits")]
    total: Limits,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            used: Limits::new(85.0, 95.0),
            swap: Limits {
                warn: Some(80.0),
                fail: None,
            },
            total: Limits::default(),
        }
    }
}

impl Written for Memory {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let all = [self.used, self.swap, self.total];
        all.iter().all(Limits::is_none).then(|| {
            (
                "used",
                "the check expects nothing: give `used` a limit".into(),
            )
        })
    }
}

impl Probe for Memory {
    fn expects(&self) -> String {
        if self.used.is_none() {
            return "memory enough".to_owned();
        }
        format!("{} used", self.used.expects_less(" %"))
    }

    fn look(&self, _: &Around<'_>) -> Result<Report> {
        let text = fs::read_to_string("/proc/meminfo").context("cannot read `/proc/meminfo`")?;
        Ok(self.judge(&Memories::parse(&text)?))
    }
}

/// What `/proc/meminfo` says, in bytes.
struct Memories {
    total: u64,
    /// What programs can still get without swapping (proc(5)).
    available: u64,
    swap: u64,
    swap_free: u64,
}

impl Memories {
    fn parse(text: &str) -> Result<Self, Failure> {
        let field = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            let missing =
                || Failure::new("memory_unknown", format!("`/proc/meminfo` has no `{name}`"));
            kib.map(|kib| kib.saturating_mul(1024)).ok_or_else(missing)
        };
        Ok(Self {
            total: field("MemTotal")?,
            available: field("MemAvailable")?,
            swap: field("SwapTotal")?,
            swap_free: field("SwapFree")?,
        })
    }
}

impl Memory {
    #[allow(clippy::cast_precision_loss)] // a limit need not be exact to the byte
    fn judge(&self, seen: &Memories) -> Report {
        let used = percent(seen.total.saturating_sub(seen.available), seen.total);
        let swap = percent(seen.swap.saturating_sub(seen.swap_free), seen.swap);
        let (available, total) = (render::size(seen.available), render::size(seen.total));
        let shown = format!("{used:.0} % used, {available} available of {total}");
        let mut report = Report::new(&shown);
        report.measure(
            Measure::new("used", used, Unit::Percent)
                .limits(self.used)
                .max(100.0),
        );
        report.measure(
            Measure::new("swap", swap, Unit::Percent)
                .limits(self.swap)
                .max(100.0),
        );
        if let Some((level, limit)) = self.used.above(used) {
            let expected = format!("less than {limit} % used");
            let hint = "`ps aux --sort -rss | head` shows who has it";
            report.fault(Fault::new(level, "memory_full", &shown, expected).hint(hint));
        }
        if let Some((level, limit)) = self.swap.above(swap) {
            let observed = format!("{swap:.0} % of the swap used");
            report.fault(Fault::new(
                level,
                "swap_full",
                observed,
                format!("less than {limit} %"),
            ));
        }
        if let Some((level, limit)) = self.total.below(seen.total as f64) {
            let observed = format!("the machine has {total}");
            let expected = format!("more than {}", size(limit));
            report.fault(Fault::new(level, "memory_small", observed, expected));
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:       1000 kB\nMemFree:          10 kB\n\
        MemAvailable:    100 kB\nSwapTotal:       0 kB\nSwapFree:        0 kB\n";

    #[test]
    fn what_is_cached_can_be_had() {
        let report = Memory::default().judge(&Memories::parse(MEMINFO).unwrap());
        assert_eq!(report.observed, "90 % used, 100 KiB available of 1000 KiB");
        assert_eq!(report.faults.len(), 1);
        assert_eq!(report.faults[0].reason, "memory_full");
    }

    #[test]
    fn a_small_machine_is_told_even_when_it_is_idle() {
        let reasons = |total: f64| {
            let memory = Memory {
                used: Limits::default(),
                total: Limits::new(0.0, total),
                ..Memory::default()
            };
            let report = memory.judge(&Memories::parse(MEMINFO).unwrap());
            let reasons = report.faults.iter().map(|fault| fault.reason);
            reasons.collect::<Vec<_>>()
        };
        assert_eq!(reasons(1_024_000.0), ["memory_small"]);
        assert!(reasons(1_023_999.0).is_empty());
    }

    #[test]
    fn a_missing_field_is_no_pass() {
        assert!(Memories::parse("MemTotal: 1 kB\n").is_err());
    }
}
