//! `deployment`: whether a deployment or a rollback was left unfinished, or
//! maintenance mode on.

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Report, aside};
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use std::time::Duration;
use toolkit::config;
use toolkit::maintenance::Marker;
use toolkit::operation::Operation;
use toolkit::render;
use toolkit::state::State;

/// What `rollback` and the deployments that it frames leave in the state folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Deployment {
    /// How long one may go on.
    #[serde(deserialize_with = "config::duration")]
    longest: Duration,
}

impl Default for Deployment {
    fn default() -> Self {
        Self {
            longest: Duration::from_secs(3600),
        }
    }
}

impl Written for Deployment {}

impl Probe for Deployment {
    fn expects(&self) -> String {
        "no deployment left unfinished, and maintenance mode off".to_owned()
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let project = around.config.project();
        let (open, marker) = aside::ask(around.deadline, move || {
            let state = State::open(&project)?;
            Ok((Operation::open(&state)?, Marker::read(&state)?))
        })?;
        Ok(judge(self, open.as_ref(), marker.as_ref()))
    }
}

fn judge(probe: &Deployment, open: Option<&Operation>, marker: Option<&Marker>) -> Report {
    if let Some(open) = open.filter(|open| open.goes_on()) {
        return going_on(probe, open);
    }
    let (reason, observed, hint) = match (open, marker) {
        (Some(open), _) => (
            "deployment_left",
            format!(
                "a {} of {} was left unfinished",
                open.intent.kind.word(),
                open.intent.at
            ),
            "`rollback --status` says where it stands; `rollback --resume` ends it",
        ),
        (None, Some(marker)) => (
            "maintenance_left",
            format!("maintenance mode is on since {}", marker.since),
            "`rollback --maintenance off` switches it off",
        ),
        (None, None) => return Report::new("nothing is under way"),
    };
    let mut report = Report::new(&observed);
    report.fault(Fault::fail(reason, observed, probe.expects()).hint(hint));
    report
}

/// What goes on has switched maintenance mode on, and will switch it off.
fn going_on(probe: &Deployment, open: &Operation) -> Report {
    let word = open.intent.kind.word();
    let observed = format!("a {word} goes on since {}", open.intent.at);
    let mut report = Report::new(&observed);
    let begun = DateTime::parse_from_rfc3339(&open.intent.at).ok();
    let age = begun.and_then(|begun| Utc::now().signed_duration_since(begun).to_std().ok());
    if age.is_some_and(|age| age > probe.longest) {
        let expected = format!("at most {}", render::duration(probe.longest));
        let hint = "`rollback --status` says which step it is in";
        report.fault(Fault::fail("deployment_long", observed, expected).hint(hint));
    }
    report
}
