//! The files that are written beside stdout, whole or not at all. A run that
//! looked at nothing leaves them as they are: the time in them tells their age.

use crate::cli::Args;
use crate::counts::Counts;
use crate::render::prometheus::{Scope, metrics};
use anyhow::Result;
use chrono::{DateTime, Local};
use probe::Finding;
use serde_json::json;
use std::path::Path;
use toolkit::durable;
use toolkit::failure::Failure;
use toolkit::redact;
use toolkit::run::Run;

/// Writes the files that `args` name, and says of each that could not be
/// written why.
pub(crate) fn write(args: &Args, run: &Run, findings: &[Finding]) -> Vec<Failure> {
    let now = Local::now();
    let put = |path: Option<&Path>, reason, content: &dyn Fn() -> String| {
        let written = written(path?, &content());
        let error = written.err()?;
        Some(Failure::new(reason, format!("{error:#}")))
    };
    let textfile = put(args.textfile.as_deref(), "textfile_unwritten", &|| {
        let scope = Scope::new(args, run.project(), run.config.env.clone());
        let status = Counts::of(findings).status();
        metrics(&scope, status, Some(findings), now.to_utc())
    });
    let status_file = put(
        args.status_file.as_deref(),
        "status_file_unwritten",
        &|| status(run, findings, now),
    );
    textfile.into_iter().chain(status_file).collect()
}

/// Other users read these files, as they would what a shell writes.
fn written(path: &Path, content: &str) -> Result<()> {
    durable::write_public(path, redact::text(content).as_bytes())
}

/// The three fields that `health-check.sh` wrote into `health-status.json`, in
/// its own words, then what else there is.
fn status(run: &Run, findings: &[Finding], now: DateTime<Local>) -> String {
    let counts = Counts::of(findings);
    let is_healthy = counts.fail == 0;
    let mut status = json!({
        // As `date -Iseconds` writes it.
        "timestamp": now.format("%Y-%m-%dT%H:%M:%S%:z").to_string(),
        "errors": counts.fail,
        "status": if is_healthy { "healthy" } else { "degraded" },
        "project": run.project(),
        "env": run.config.env,
        "run": run.id(),
    });
    counts.add_to(&mut status);
    status["checks"] = json!(findings);
    serde_json::to_string_pretty(&status).unwrap_or_default() + "\n"
}
