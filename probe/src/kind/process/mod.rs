//! `process`: whether what is to run without a container runs.

mod pm2;
mod proc;
mod systemd;

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Amount, Around, Limits, Measure, Report, Unit};
use anyhow::Result;
use serde::Deserialize;
use std::path::PathBuf;

/// An application of PM2, a unit of systemd, a program, or who is named in a
/// PID file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Process {
    /// The name of an application of PM2: all its instances.
    pub pm2: Option<String>,
    /// The name of a unit: `nginx.service`.
    pub systemd: Option<String>,
    /// The name of a program.
    pub program: Option<String>,
    /// A file with the number of a process; with `program`, one of this name.
    pub pidfile: Option<PathBuf>,
    /// How many instances or processes there are; otherwise at least one.
    pub count: Option<Amount>,
    /// How often PM2 or systemd may have started it anew.
    pub restarts: Limits,
    /// What all of them together may have of memory: `{ warn = "1 GiB" }`.
    #[serde(deserialize_with = "crate::size::limits")]
    pub memory: Limits,
}

/// What was seen, however it was looked at.
#[derive(Debug, Clone, Default, PartialEq)]
struct Seen {
    /// In a few words.
    shown: String,
    /// What its keeper says is wrong with it.
    faults: Vec<Fault>,
    /// Those that run.
    running: f64,
    restarts: Option<f64>,
    /// In bytes.
    memory: Option<f64>,
}

impl Written for Process {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let named = [
            ("pm2", self.pm2.is_some()),
            ("systemd", self.systemd.is_some()),
            (
                if self.program.is_some() {
                    "program"
                } else {
                    "pidfile"
                },
                self.program.is_some() || self.pidfile.is_some(),
            ),
        ];
        let mut named = named.into_iter().filter(|(_, is_given)| *is_given);
        if named.next().is_none() {
            let message = "it names no process: `pm2`, `systemd`, `program` or `pidfile`";
            return Some(("kind", message.to_owned()));
        }
        if let Some((key, _)) = named.next() {
            let message = "one of `pm2`, `systemd` and `program` is enough";
            return Some((key, message.to_owned()));
        }
        if self.count.is_some() && (self.systemd.is_some() || self.pidfile.is_some()) {
            let message = "one unit, or one PID file, has nothing to count";
            return Some(("count", message.to_owned()));
        }
        let is_kept = self.pm2.is_some() || self.systemd.is_some();
        if !self.restarts.is_none() && !is_kept {
            let message =
                "nobody counts the restarts of a program; name it with `pm2` or `systemd`";
            return Some(("restarts", message.to_owned()));
        }
        None
    }
}

impl Probe for Process {
    fn expects(&self) -> String {
        match (&self.pm2, &self.systemd, &self.program, &self.pidfile) {
            (Some(name), ..) => format!("`{name}` is online in PM2"),
            (_, Some(name), ..) => format!("`{name}` is active"),
            (.., Some(path)) => format!("the process of `{}` runs", path.display()),
            (.., name, None) => {
                let name = name.as_deref().unwrap_or_default();
                format!("`{name}` runs")
            }
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let seen = match (&self.pm2, &self.systemd, &self.program, &self.pidfile) {
            (Some(name), ..) => pm2::look(name, around)?,
            (_, Some(name), ..) => systemd::look(name, around.deadline)?,
            (.., program, Some(path)) => {
                let path = around.config.resolve(path);
                proc::named_in(&path, program.as_deref(), around.deadline)?
            }
            (.., program, None) => {
                let name = program.as_deref().unwrap_or_default();
                proc::called(name, around.deadline)?
            }
        };
        Ok(self.judge(seen))
    }
}

impl Process {
    fn judge(&self, seen: Seen) -> Report {
        let mut report = Report::new(seen.shown);
        report.faults = seen.faults;
        let is_said = !report.faults.is_empty();
        let wanted = self.count.unwrap_or(Amount {
            min: Some(1.0),
            max: None,
        });
        // A unit that did its work and ended is one too.
        let is_counted = self.systemd.is_none() && (self.count.is_some() || !is_said);
        if is_counted && !wanted.holds(seen.running) {
            let observed = format!("{} running", seen.running);
            report.fault(Fault::fail("process_count", observed, wanted.to_string()));
        }
        for (name, value, unit, limits, reason) in [
            (
                "restarts",
                seen.restarts,
                Unit::Count,
                self.restarts,
                "process_restarts",
            ),
            (
                "memory",
                seen.memory,
                Unit::Bytes,
                self.memory,
                "process_memory",
            ),
        ] {
            let Some(value) = value else {
                if !limits.is_none() && !is_said {
                    let observed = format!("its {name} cannot be seen");
                    report.fault(Fault::fail("process_unmeasured", observed, "a number"));
                }
                continue;
            };
            report.measure(Measure::new(name, value, unit).limits(limits));
            if let Some((level, limit)) = limits.above(value) {
                let unit = if unit == Unit::Bytes { " bytes" } else { "" };
                let observed = format!("{name}: {value}{unit}");
                let expected = format!("less than {limit}{unit}");
                report.fault(Fault::new(level, reason, observed, expected));
            }
        }
        report.measure(Measure::new("running", seen.running, Unit::Count));
        report
    }
}
