//! The work, from top to bottom: find, choose, look, judge, tell.

use crate::alert::{self, Report, Setting, Settings};
use crate::cli::Args;
use crate::counts::{Counts, named};
use crate::render::table;
use crate::{choice, files, found, known, standing, wait};
use anyhow::Result;
use probe::{Around, Check, Deadline, Finding, Sought};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::time::Duration;
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::output::Format;
use toolkit::record::Status;
use toolkit::run::{Outcome, Run};

/// The longest that a pass can take: each check has its own limit within.
const WHOLE: Duration = Duration::from_secs(24 * 3600);

/// Looks at what is wanted, and leaves in `found` what came of it.
pub(crate) fn run(args: &Args, run: &mut Run, found: &OnceCell<Vec<Finding>>) -> Result<Outcome> {
    if args.list && run.format() == Format::Document {
        let message = "`--list` is written as `--format text` or `--format ndjson`";
        return Err(Failure::not_started("usage", message).into());
    }
    if let Some(words) = &args.silence {
        return silence(words, run);
    }
    // A thread that a signal leaves behind may still look at all of this.
    let config: &'static Config = Box::leak(Box::new(run.config.clone()));
    let alerting = Settings::read(config)?.filter(|_| !args.no_alert);
    let application: &'static _ = Box::leak(Box::new(Sought::by(config)));
    let found_ones = if found::is_wanted(config)? {
        found::checks(config, application.get())
    } else {
        Vec::new()
    };
    let checks = known::all(config, found_ones)?;
    if args.list {
        return Ok(list(&checks, run));
    }
    let known: BTreeSet<_> = checks.iter().map(|check| check.name.clone()).collect();
    let checks = choice::of(checks, &args.wanted)?;
    if checks.is_empty() {
        return Err(nothing_to_check().into());
    }
    let around = Around::seeking(application, Deadline::after(WHOLE));
    let checks: &'static [Check] = checks.leak();
    let wanted: Vec<_> = checks.iter().collect();
    let say = |text: &str| run.note(text);
    let mut findings = wait::run(&wanted, around, args.jobs.into(), args.wait, say)?;
    let uncounted = standing::judge(run, &known, &wanted, &mut findings);
    let unwritten = files::write(args, run, &findings);
    let mut warnings: Vec<_> = uncounted.into_iter().chain(unwritten).collect();
    let mut told = None;
    if let Some(settings) = alerting {
        let report = alert(&settings, checks, &findings, run)?;
        warnings.extend(report.problems);
        told = Some(report.data);
    }
    for warning in &warnings {
        run.note(&warning.message);
    }
    run.text(&probe::render::table(&findings, "CHECK"));
    judge(found.get_or_init(|| findings), &warnings, told)
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
    alert::after(
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
    )
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

/// What the findings come to; `warnings` are what else went wrong.
fn judge(findings: &[Finding], warnings: &[Failure], told: Option<Value>) -> Result<Outcome> {
    let counts = Counts::of(findings);
    let mut data = json!({ "checks": findings });
    counts.add_to(&mut data);
    if let Some(told) = told {
        data["alert"] = told;
    }
    if !warnings.is_empty() {
        let messages: Vec<_> = warnings.iter().map(|warning| &warning.message).collect();
        data["warnings"] = json!(messages);
    }
    let all = findings.len();
    let checks = if all == 1 { "check" } else { "checks" };
    if counts.fail > 0 {
        let which = named(findings, |finding| finding.status == Status::Fail);
        let message = format!("{} of {all} {checks} failed: {which}", counts.fail);
        return Err(Failure::new("checks_failed", message).data(data).into());
    }
    if counts.warn > 0 {
        let which = named(findings, |finding| finding.status == Status::Warn);
        let message = format!("{} of {all} {checks} warn: {which}", counts.warn);
        let failure = Failure::new("checks_warn", message.clone());
        return Ok(Outcome::warn(message, data, failure));
    }
    let passed = format!("{all} {checks} passed");
    let Some(first) = warnings.first() else {
        return Ok(Outcome::ok(passed, data));
    };
    let summary = format!("{passed}, but {}", first.message);
    Ok(Outcome::warn(summary, data, first.clone()))
}

fn nothing_to_check() -> Failure {
    Failure::not_started("no_check", "there is nothing to check")
        .hint("start it in the folder of the Compose file, or add `[[check]]` to sextant.toml")
}
