//! `backup`: whether there is a backup that is young, and one that was proven.

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Measure, Report, Unit, aside};
use anyhow::Result;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toolkit::config;
use toolkit::render;
use toolkit::set::{self, Set, State};

/// The sets of `backup`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// The folder of the sets: that of `backup` where it is left out.
    folder: Option<PathBuf>,
    /// How old the newest complete set may be.
    #[serde(deserialize_with = "config::duration")]
    age: Duration,
    /// How long ago a set was last restored in trial (`restore --check`).
    #[serde(deserialize_with = "config::some_duration")]
    proven: Option<Duration>,
}

impl Default for Backup {
    fn default() -> Self {
        Self {
            folder: None,
            age: Duration::from_secs(26 * 3600),
            proven: None,
        }
    }
}

impl Written for Backup {}

impl Probe for Backup {
    fn expects(&self) -> String {
        let age = render::duration(self.age);
        match self.proven {
            None => format!("a complete set younger than {age}"),
            Some(proven) => format!(
                "a complete set younger than {age}, and one proven within {}",
                render::duration(proven)
            ),
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let folder = self
            .folder
            .as_ref()
            .map(|folder| around.config.resolve(folder));
        let folder = set::folder(folder.as_deref(), around.config)?;
        let listed = folder.clone();
        let sets = aside::ask(around.deadline, move || set::list(&listed))?;
        let mut report = self.judge(&sets);
        report.fact("folder", folder.display().to_string());
        Ok(report)
    }
}

impl Backup {
    fn judge(&self, sets: &[Set]) -> Report {
        let complete: Vec<_> = sets
            .iter()
            .filter(|set| set.state == State::Complete)
            .collect();
        let newest = complete
            .iter()
            .filter_map(|set| Some((set.age()?, *set)))
            .min_by_key(|(age, _)| *age);
        let Some((age, set)) = newest else {
            let mut report = Report::new("there is no complete set");
            let fault = Fault::fail("backup_none", "there is no complete set", self.expects());
            report.fault(fault.hint("run `backup`; `backup --list` shows what there is"));
            return report;
        };
        let shown = format!("{} is {} old", set.name(), render::duration(age));
        let mut report = Report::new(&shown);
        report.measure(
            Measure::new("age", age.as_secs_f64(), Unit::Seconds).limits(crate::Limits {
                warn: None,
                fail: Some(self.age.as_secs_f64()),
            }),
        );
        report.fact("set", set.name());
        if age > self.age {
            let expected = format!("younger than {}", render::duration(self.age));
            let hint = "look at the last backup: `backup --list`, and its cron mail";
            report.fault(Fault::fail("backup_stale", &shown, expected).hint(hint));
        }
        if let Some(longest) = self.proven {
            report.faults.extend(unproven(&complete, longest));
        }
        report
    }
}

fn unproven(sets: &[&Set], longest: Duration) -> Option<Fault> {
    let last = sets.iter().filter_map(|set| set.proven_for()).min();
    let expected = format!("within {}", render::duration(longest));
    let observed = match last {
        Some(last) if last <= longest => return None,
        Some(last) => format!("a set was last proven {} ago", render::duration(last)),
        None => "no set was ever proven".to_owned(),
    };
    Some(Fault::fail("backup_unproven", observed, expected).hint("run `restore --check`"))
}
