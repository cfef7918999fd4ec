//! The work, from top to bottom: find, choose, look, judge, tell.

use crate::alert::{self, Report, Setting, Settings};
use crate::cli::Args;
use crate::{choice, known, pass, table};
use anyhow::Result;
use probe::{Around, Check, Deadline, Finding};
use serde_json::json;
use std::time::Duration;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::run::{Outcome, Run};
use toolkit::signals;

/// The longest that a pass can take: each check has its own limit within.
const WHOLE: Duration = Duration::from_secs(24 * 3600);

/// Looks at what is wanted.
pub(crate) fn run(args: &Args, run: &mut Run) -> Result<Outcome> {
    let config = run.config.clone();
    if let Some(words) = &args.silence {
        return silence(words, run);
    }
    let alerting = Settings::read(&config)?.filter(|_| !args.no_alert);
    let application = Application::discover(&config).map_err(|error| Failure::of(&error));
    let checks = known::all(&config, Vec::new())?;
    if args.list {
        return Ok(list(&checks, run));
    }
    let checks = choice::of(checks, &args.wanted)?;
    if checks.is_empty() {
        return Err(nothing_to_check().into());
    }
    let around = Around::new(&config, application.as_ref(), Deadline::after(WHOLE));
    let wanted: Vec<_> = checks.iter().collect();
    let findings = pass::run(&wanted, &around, args.jobs.into())?;
    signals::check()?;
    run.text(&table::of(&findings));
    let report = alerting.map(|settings| alert(&settings, &checks, &findings, run));
    judge(&findings, report.transpose()?)
}

/// Tells nobody for a while.
fn silence(words: &[String], run: &mut Run) -> Result<Outcome> {
    let [long, reason] = words else {
        return Err(
            Failure::not_started("usage", "`--silence` takes a duration and a reason").into(),
        );
    };
    let long = humantime::parse_duration(long).map_err(|_| {
        Failure::not_started("usage", format!("`{long}` is no length of time"))
            .hint("write it like `30m` or `2h`")
    })?;
    let said = alert::silence(run.state()?.folder(), long, reason)?;
    Ok(Outcome::ok(said, json!({})))
}

/// Tells whom the findings concern.
fn alert(
    settings: &Settings,
    checks: &[Check],
    findings: &[Finding],
    run: &mut Run,
) -> Result<Report> {
    let state = run.state()?.folder().to_owned();
    let report = alert::after(
        settings,
        &Setting {
            project: run.project(),
            env: run.config.env.as_deref(),
            host: &run.host(),
            run: run.id(),
            root: &run.config.root,
            state: &state,
        },
        checks,
        findings,
    )?;
    for problem in &report.problems {
        run.note(problem);
    }
    Ok(report)
}

/// The checks that there are: a table for people, a record for each for
/// programs.
fn list(checks: &[Check], run: &mut Run) -> Outcome {
    for check in checks {
        let data =
            json!({ "kind": check.kind(), "tags": check.rules.tags, "expects": check.expects() });
        run.item(&check.name, Status::Ok, &check.expects(), data);
    }
    run.text(&table::list(checks));
    let data = json!({ "checks": checks.len() });
    Outcome::ok(format!("{} checks", checks.len()), data).query()
}

/// What the findings come to. That somebody could not be told is a warning,
/// and never hides a finding.
fn judge(findings: &[Finding], report: Option<Report>) -> Result<Outcome> {
    let of = |status| {
        findings
            .iter()
            .filter(move |finding| finding.status == status)
    };
    let (failed, warned) = (of(Status::Fail).count(), of(Status::Warn).count());
    let skipped = of(Status::Skip).count();
    let (told, problems) =
        report.map_or_else(Default::default, |report| (report.data, report.problems));
    let data = json!({
        "checks": findings,
        "ok": of(Status::Ok).count(), "warn": warned, "fail": failed, "skip": skipped,
        "alert": told,
    });
    let all = findings.len();
    if failed > 0 {
        let named: Vec<_> = of(Status::Fail).map(named).collect();
        let message = format!("{failed} of {all} checks failed: {}", named.join(", "));
        return Err(Failure::new("checks_failed", message).data(data).into());
    }
    if warned > 0 {
        let named: Vec<_> = of(Status::Warn).map(named).collect();
        let message = format!("{warned} of {all} checks warn: {}", named.join(", "));
        let failure = Failure::new("checks_warn", message.clone());
        return Ok(Outcome::warn(message, data, failure));
    }
    let summary = format!("{all} checks passed");
    Ok(Outcome::warned(summary, data, "alert_failed", &problems))
}

fn named(finding: &Finding) -> String {
    format!(
        "`{}` ({})",
        finding.name,
        finding.reason.unwrap_or("unknown")
    )
}

fn nothing_to_check() -> Failure {
    Failure::not_started("no_check", "there is nothing to check")
        .hint("start it in the folder of the Compose file, or add `[[check]]` to sextant.toml")
}
