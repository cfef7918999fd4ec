//! Telling somebody: incidents are kept on disk from run to run, and each
//! target is told once when one begins, again after `repeat`, and when it is
//! over. A target that cannot be told now is told by the next run.

mod incident;
mod mail;
mod memory;
mod message;
mod post;
mod settings;
mod target;
mod window;

pub(crate) use settings::Settings;

use anyhow::Result;
use chrono::{DateTime, Local, TimeDelta, Utc};
use incident::{Silence, Threshold, Told};
use memory::Kept;
use message::Origin;
use probe::{Check, Finding};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use target::{Due, Target};
use toolkit::failure::Failure;
use toolkit::record::Status;

/// Where a run takes place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) project: &'a str,
    pub(crate) env: Option<&'a str>,
    pub(crate) host: &'a str,
    /// The run's id, which names an incident that begins in it.
    pub(crate) run: &'a str,
    /// Where paths in sextant.toml start.
    pub(crate) root: &'a Path,
    /// The project's state folder.
    pub(crate) state: &'a Path,
}

/// Whom a run told what.
#[derive(Debug)]
pub(crate) struct Report {
    /// For the record.
    pub(crate) data: Value,
    /// What went wrong: never more than a warning.
    pub(crate) problems: Vec<Failure>,
}

/// Takes note of what a run found, and tells whom it concerns.
///
/// # Errors
/// A state folder that cannot be written: nobody is told what would be told
/// again and again.
pub(crate) fn after(
    settings: &Settings,
    at: &Setting<'_>,
    checks: &[Check],
    findings: &[Finding],
) -> Result<Report> {
    let now = Utc::now();
    let mut problems = Vec::new();
    let mut kept = Kept::open(at.state)?;
    problems.extend(kept.damaged.take().map(problem));
    let critical = checks.iter().filter(|check| check.rules.critical);
    let critical = critical.map(|check| check.name.as_str()).collect();
    let threshold = Threshold {
        min_failing: settings.min_failing,
        critical: &critical,
    };
    kept.memory.observe(findings, threshold, now, at.run);
    // Before anybody is told: killed in between, a run tells twice, not never.
    kept.save()?;

    let origin = Origin {
        project: at.project,
        env: at.env,
        host: at.host,
    };
    let hushed = hushed(
        settings,
        kept.memory.silence.as_ref(),
        now.with_timezone(&Local),
    );
    let due = Due {
        incidents: &kept.memory.incidents,
        hushed: hushed.is_some(),
        origin: &origin,
        now,
    };
    let told = target::tell_all(&Target::all(settings, at.root), &due);
    let mut data = Vec::new();
    for one in told {
        let failure = one.outcome.as_ref().err().map(Failure::of);
        data.push(json!({
            "target": one.target,
            "incident": one.incident,
            "status": one.phase,
            "error": failure.as_ref().map(|failure| &failure.message),
            "reason": failure.as_ref().map(|failure| failure.reason),
        }));
        match failure {
            Some(failure) => problems.push(not_told(one.target, failure)),
            None => kept.memory.told(
                &one.incident,
                one.target,
                Told {
                    phase: one.phase,
                    at: now,
                },
            ),
        }
    }
    kept.memory.forget(now);
    kept.save()?;
    if let Some(ping) = &settings.ping
        && let Err(error) = ping_with(ping, findings)
    {
        problems.push(not_told("ping", Failure::of(&error)));
    }
    let open = kept
        .memory
        .incidents
        .iter()
        .find(|incident| incident.resolved.is_none());
    let data = json!({
        "incident": open.map(|incident| &incident.id),
        "since": open.map(|incident| incident.since),
        "hushed": hushed,
        "told": data,
    });
    Ok(Report { data, problems })
}

/// What went wrong without hiding a result.
fn problem(message: String) -> Failure {
    Failure::new("alert_failed", message)
}

fn not_told(target: &str, why: Failure) -> Failure {
    let failure = problem(format!("`{target}` was not told: {}", why.message));
    Failure {
        hint: why.hint,
        ..failure
    }
}

/// Why nobody is told of anything new, if so.
fn hushed(settings: &Settings, silence: Option<&Silence>, now: DateTime<Local>) -> Option<String> {
    if let Some(silence) = silence {
        let until = silence.until.with_timezone(&Local).format("%Y-%m-%d %H:%M");
        return Some(format!("silent until {until}: {}", silence.reason));
    }
    let maintenance = settings.maintenance.iter().any(|window| window.holds(now));
    maintenance.then(|| "maintenance".to_owned())
}

/// Tells a dead man's switch that the checks were run, and whether they passed
/// (<https://healthchecks.io/docs/http_api/>).
fn ping_with(url: &str, findings: &[Finding]) -> Result<()> {
    let failed: Vec<_> = findings
        .iter()
        .filter(|finding| finding.status == Status::Fail)
        .collect();
    let mut lines = vec![format!(
        "{} of {} checks failed",
        failed.len(),
        findings.len()
    )];
    let some = failed.iter().take(50);
    lines.extend(some.map(|finding| format!("{}: {}", finding.name, finding.observed)));
    let body = lines.join("\n");
    let body = toolkit::redact::text(&body).into_owned();
    let url = if failed.is_empty() {
        url.to_owned()
    } else {
        format!("{url}/fail")
    };
    target::again(|| post::post(&url, "text/plain; charset=utf-8", &body))
}

/// Tells nobody of anything new for `long`; zero ends a silence. Returns what
/// came of it, in words.
///
/// # Errors
/// A state folder that cannot be written; `usage` when it is longer than 90
/// days.
pub(crate) fn silence(state: &Path, long: Duration, reason: &str) -> Result<String> {
    let longest = TimeDelta::days(90);
    let long = TimeDelta::from_std(long)
        .ok()
        .filter(|long| *long <= longest);
    let long = long.ok_or_else(|| {
        Failure::not_started("usage", "a silence lasts 90 days at the most")
            .hint("use `off = true` for a check that is not wanted, or remove `[alert]`")
    })?;
    let mut kept = Kept::open(state)?;
    let until = Utc::now() + long;
    kept.memory.silence = (!long.is_zero()).then(|| Silence {
        until,
        reason: reason.to_owned(),
    });
    kept.save()?;
    let until = until.with_timezone(&Local).format("%Y-%m-%d %H:%M");
    Ok(match &kept.memory.silence {
        Some(_) => format!("nobody is told until {until}: {reason}"),
        None => "the silence is over".to_owned(),
    })
}
