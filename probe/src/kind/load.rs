//! `load`: how many processes want a processor.

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Amount, Around, Limits, Measure, Report, Unit};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fs;
use std::thread;
use toolkit::failure::Failure;

/// The load averages, for each core.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// From which load of a core on, over the last minute.
    one: Limits,
    /// The same over five minutes.
    five: Limits,
    /// The same over fifteen.
    fifteen: Limits,
    /// How many cores there are.
    cores: Option<Amount>,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            one: Limits::default(),
            five: Limits::new(2.0, 4.0),
            fifteen: Limits::default(),
            cores: None,
        }
    }
}

impl Written for Load {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let all = [self.one, self.five, self.fifteen];
        (all.iter().all(Limits::is_none) && self.cores.is_none()).then(|| {
            (
                "five",
                "the check expects nothing: give `five` a limit".into(),
            )
        })
    }
}

impl Probe for Load {
    fn expects(&self) -> String {
        let limits = self.five.or(self.one).or(self.fifteen);
        match self.cores {
            Some(cores) if limits.is_none() => format!("{cores} cores"),
            _ => format!("{} a core", limits.expects_less("")),
        }
    }

    fn look(&self, _: &Around<'_>) -> Result<Report> {
        let text = fs::read_to_string("/proc/loadavg").context("cannot read `/proc/loadavg`")?;
        let cores = thread::available_parallelism()
            .context("cannot count the cores")?
            .get();
        self.judge(&text, cores)
    }
}

impl Load {
    #[allow(clippy::cast_precision_loss)] // a number of cores
    fn judge(&self, text: &str, cores: usize) -> Result<Report> {
        let mut averages = text.split(' ').map_while(|word| word.parse::<f64>().ok());
        let mut next = || {
            let average = averages.next().filter(|average| average.is_finite());
            average.ok_or_else(|| {
                Failure::new("load_unknown", "`/proc/loadavg` has no three averages")
            })
        };
        let (one, five, fifteen) = (next()?, next()?, next()?);
        let mut report = Report::new(format!("{one} {five} {fifteen} on {cores} cores"));
        if let Some(wanted) = self.cores.filter(|wanted| !wanted.holds(cores as f64)) {
            let observed = format!("{cores} cores");
            report.fault(Fault::fail("load_cores", observed, wanted.to_string()));
        }
        for (name, minutes, average, limits) in [
            ("load1", "one minute", one, self.one),
            ("load5", "five minutes", five, self.five),
            ("load15", "fifteen minutes", fifteen, self.fifteen),
        ] {
            let each = average / cores as f64;
            report.measure(Measure::new(name, each, Unit::Count).limits(limits));
            if let Some((level, limit)) = limits.above(each) {
                let observed = format!("{each:.2} a core over {minutes}");
                let fault = Fault::new(level, "load_high", observed, format!("less than {limit}"));
                report.fault(fault.hint("`top` shows who works; `iostat` who waits for a disk"));
            }
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_counts_for_each_core() {
        let reasons = |text: &str| {
            let report = Load::default().judge(text, 2)?;
            anyhow::Ok(
                report
                    .faults
                    .iter()
                    .map(|fault| fault.reason)
                    .collect::<Vec<_>>(),
            )
        };
        assert!(reasons("9.00 3.90 1.00 1/99 1").unwrap().is_empty());
        assert_eq!(reasons("0.00 8.00 1.00 1/99 1").unwrap(), ["load_high"]);
        assert!(reasons("0.00 8.00").is_err());
    }

    #[test]
    fn too_few_cores_are_told() {
        let load = Load {
            cores: Some(Amount {
                min: Some(4.0),
                max: None,
            }),
            ..Load::default()
        };
        let faults = |cores| load.judge("0.00 0.00 0.00 1/99 1", cores).unwrap().faults;
        assert_eq!(
            faults(2),
            [Fault::fail("load_cores", "2 cores", "at least 4")]
        );
        assert!(faults(4).is_empty());
    }
}
