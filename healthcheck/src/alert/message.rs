//! What is said of an incident, to whom.

use super::incident::{Incident, Phase};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use toolkit::redact;
use toolkit::render;

/// Where it happened.
#[derive(Debug, Clone)]
pub(super) struct Origin<'a> {
    pub(super) project: &'a str,
    pub(super) env: Option<&'a str>,
    pub(super) host: &'a str,
}

/// What is said of one incident, now.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) origin: &'a Origin<'a>,
    pub(super) incident: &'a Incident,
    pub(super) phase: Phase,
    pub(super) now: DateTime<Utc>,
}

impl Message<'_> {
    /// In one line: what a telephone shows.
    pub(super) fn summary(&self) -> String {
        let word = match self.phase {
            Phase::Firing => "FAIL",
            Phase::Resolved => "OK",
        };
        let summary = self.incident.summary(self.origin.project);
        redact::text(&format!("{word} {summary}")).into_owned()
    }

    /// For people: what is wrong, since when, and what to do about it.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![self.summary(), String::new()];
        for (name, failing) in &self.incident.failing {
            let since = failing.since.format("%Y-%m-%d %H:%M UTC");
            lines.push(format!("{name} ({}), since {since}", failing.kind));
            lines.push(format!(
                "  {}; expected: {}",
                failing.observed, failing.expected
            ));
            lines.extend(failing.hint.iter().map(|hint| format!("  hint: {hint}")));
        }
        let lasted = (self.now - self.incident.since)
            .to_std()
            .unwrap_or_default();
        let since = self.incident.since.format("%Y-%m-%d %H:%M UTC");
        lines.push(format!(
            "began {since}, {} ago, on {}",
            render::duration(lasted),
            self.origin.host
        ));
        redact::text(&lines.join("\n")).into_owned()
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let failing = self.incident.failing.iter().map(|(name, failing)| {
            json!({
                "name": name, "kind": failing.kind, "since": instant(failing.since),
                "reason": failing.reason, "observed": failing.observed,
                "expected": failing.expected, "hint": failing.hint,
            })
        });
        let mut value = json!({
            "v": 1,
            "status": self.phase,
            "incident": self.incident.id,
            "since": instant(self.incident.since),
            "at": instant(self.now),
            "project": self.origin.project,
            "env": self.origin.env,
            "host": self.origin.host,
            "summary": self.summary(),
            "failing": failing.collect::<Vec<_>>(),
        });
        redact::value(&mut value);
        value
    }

    /// An alert as Alertmanager's API v2 takes it (`POST /api/v2/alerts`).
    ///
    /// The labels are its identity, and so hold nothing that changes; without
    /// renewal it ends at `endsAt`, after four times `every`.
    pub(super) fn alert(&self, labels: &BTreeMap<String, String>, every: Duration) -> Value {
        let mut all = json!({
            "alertname": "HealthcheckFailed",
            "project": self.origin.project,
            "instance": self.origin.host,
        });
        if let (Some(all), Some(env)) = (all.as_object_mut(), self.origin.env) {
            all.insert("env".into(), env.into());
        }
        for (name, value) in labels {
            all[name] = value.as_str().into();
        }
        let ends = match self.phase {
            Phase::Firing => {
                let every = TimeDelta::from_std(every * 4).unwrap_or(TimeDelta::hours(1));
                self.now + every
            }
            Phase::Resolved => self.now,
        };
        json!([{
            "labels": all,
            "annotations": { "summary": self.summary(), "description": self.text() },
            "startsAt": instant(self.incident.since),
            "endsAt": instant(ends),
        }])
    }
}

fn instant(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}
