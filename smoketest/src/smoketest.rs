//! The work, from top to bottom: read, choose, ask, judge, tell.

use crate::cli::Args;
use crate::kept::Kept;
use crate::scenario::{self, Sources, Step};
use crate::scope::Scope;
use crate::{choice, hurl, order, plan};
use anyhow::Result;
use probe::{Around, Deadline, Finding, Sought, render};
use serde_json::{Value, json};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::output::Format;
use toolkit::record::Status;
use toolkit::run::{Outcome, Run};
use toolkit::signals;

/// The longest that a scenario can take: each step has its own limit within.
const WHOLE: Duration = Duration::from_secs(24 * 3600);
/// How many steps are named in one sentence.
const NAMED: usize = 10;

/// What a run leaves for the document that is written of it.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// What came of the steps.
    pub(crate) findings: OnceCell<Vec<Finding>>,
    /// The scenario as a script.
    pub(crate) script: OnceCell<String>,
}

/// Runs the scenario.
pub(crate) fn run(args: &Args, run: &mut Run, made: &Made) -> Result<Outcome> {
    if (args.list || args.dry_run) && run.format() == Format::Document {
        let message =
            "`--list` and `--dry-run` are written as `--format text` or `--format ndjson`";
        return Err(Failure::not_started("usage", message).into());
    }
    // A thread that a signal leaves behind may still look at all of this.
    let config: &'static Config = Box::leak(Box::new(run.config.clone()));
    let scope: &'static Scope = Box::leak(Box::new(Scope::new(run.id())));
    let (files, wanted): (Vec<_>, Vec<_>) =
        args.wanted.iter().cloned().partition(|word| is_file(word));
    let sources = Sources {
        files: files.into_iter().map(PathBuf::from).collect(),
        base: args.base.as_deref(),
    };
    let steps = scenario::read(&sources, scope, config)?;
    let steps = choice::of(steps, &wanted, &args.only)?;
    if args.curl {
        let script = plan::script(&steps, config)?;
        made.script.get_or_init(|| script);
        return Ok(told(&steps));
    }
    if args.list || args.dry_run {
        plan::show(args, &steps, run);
        return Ok(told(&steps));
    }
    if steps.iter().any(Step::is_hurl) {
        hurl::is_there()?;
    }
    let steps: &'static [Step] = steps.leak();
    let steps: Vec<&'static Step> = steps.iter().collect();
    let sought: &'static Sought = Box::leak(Box::new(Sought::by(config)));
    let around = Around::seeking(sought, Deadline::after(WHOLE));
    let mut kept = Kept::new(args.record.as_deref())?;
    let findings = order::run(&steps, scope, around, |step, done| {
        kept.keep(step, done);
        if done.finding.status == Status::Fail {
            run.note(&format!(
                "`{}` failed: {}",
                step.name, done.finding.observed
            ));
        }
    })?;
    let mut text = render::table(&findings, "STEP");
    for command in findings.iter().filter_map(plan::again) {
        text.push_str("\n\n");
        text.push_str(&command);
    }
    run.text(&text);
    for problem in kept.problems() {
        run.note(&problem.message);
    }
    if let Some(number) = signals::interrupted() {
        // A document of the steps would not say that there are more.
        return Err(signals::failure(number)
            .data(json!({ "steps": findings }))
            .into());
    }
    judge(made.findings.get_or_init(|| findings), kept.problems())
}

/// Whether a word names a file, not a group or step: one that nobody named is
/// called `GET /api/users`.
fn is_file(word: &str) -> bool {
    let extension = Path::new(word).extension();
    let is_path = word.contains('/') && !word.contains(' ');
    is_path || extension.is_some_and(|extension| extension == "toml")
}

fn told(steps: &[Step]) -> Outcome {
    let data = json!({ "steps": steps.len() });
    Outcome::ok(format!("{} steps", steps.len()), data).query()
}

/// What the findings come to; `problems` are what else went wrong.
fn judge(findings: &[Finding], problems: &[Failure]) -> Result<Outcome> {
    let count = |status| {
        findings
            .iter()
            .filter(|finding| finding.status == status)
            .count()
    };
    let (ok, warn, fail, skip) = (
        count(Status::Ok),
        count(Status::Warn),
        count(Status::Fail),
        count(Status::Skip),
    );
    let mut data = json!({ "steps": findings, "ok": ok, "warn": warn, "fail": fail, "skip": skip });
    if !problems.is_empty() {
        let messages = problems
            .iter()
            .map(|problem| Value::from(problem.message.as_str()));
        data["warnings"] = messages.collect();
    }
    let all = findings.len();
    let steps = if all == 1 { "step" } else { "steps" };
    if fail > 0 {
        let which = named(findings, Status::Fail);
        let skipped = if skip > 0 {
            format!("; {skip} skipped")
        } else {
            String::new()
        };
        let message = format!("{fail} of {all} {steps} failed: {which}{skipped}");
        return Err(Failure::new("steps_failed", message).data(data).into());
    }
    if warn > 0 {
        let message = format!(
            "{warn} of {all} {steps} warn: {}",
            named(findings, Status::Warn)
        );
        let failure = Failure::new("steps_warn", message.clone());
        return Ok(Outcome::warn(message, data, failure));
    }
    let passed = match skip {
        0 => format!("{all} {steps} passed"),
        _ => format!("{ok} of {all} {steps} passed, {skip} skipped"),
    };
    let Some(first) = problems.first() else {
        return Ok(Outcome::ok(passed, data));
    };
    let summary = format!("{passed}, but {}", first.message);
    Ok(Outcome::warn(summary, data, first.clone()))
}

/// The steps of this status, and why.
fn named(findings: &[Finding], status: Status) -> String {
    let of = || findings.iter().filter(|finding| finding.status == status);
    let named = of().take(NAMED).map(|finding| {
        let reason = finding.reason.unwrap_or("unknown");
        format!("`{}` ({reason})", finding.name)
    });
    let named = named.collect::<Vec<_>>().join(", ");
    match of().count().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
