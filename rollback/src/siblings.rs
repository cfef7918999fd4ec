//! The tools that do a part of the work: found beside this one's executable.

use anyhow::{Context, Result};
use serde_json::Value;
use std::env;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use toolkit::command::{Command, Io, Stdout};
use toolkit::failure::{Exit, Failure};
use toolkit::record::{LONGEST, Record, Status};
use toolkit::run::{RUN, Run};

/// More than any of them writes, in bytes.
const MOST: u64 = 4 * LONGEST as u64;

/// Calls `tool` in the application's folder and returns its own record, as a
/// part of this run.
///
/// # Errors
/// `missing_program`; `tool_failed` with its words when it failed, or said
/// nothing; `locked` when another run holds what it needs.
pub(crate) fn call(tool: &'static str, args: &[String], run: &Run) -> Result<Record> {
    let record = ask(tool, args, run)?;
    if matches!(record.status, Status::Ok | Status::Warn) {
        return Ok(record);
    }
    let problem = record.error.as_ref();
    let why = problem.map_or(record.summary.as_str(), |problem| problem.message.as_str());
    let mut failure = Failure::new("tool_failed", format!("`{tool}`: {why}"));
    if problem.is_some_and(|problem| problem.reason == "locked") {
        failure.reason = "locked";
        failure = failure.exit(Exit::Locked);
    }
    failure.hint = problem.and_then(|problem| problem.hint.clone());
    Err(failure.data(record.data).into())
}

/// The records that `tool` lists, without its own final one.
///
/// # Errors
/// As [`call`].
pub(crate) fn list(tool: &'static str, args: &[String], run: &Run) -> Result<Vec<Record>> {
    let mut records = records(tool, args, run)?;
    let last = records.pop();
    match last.filter(|last| last.status != Status::Fail) {
        Some(_) => Ok(records),
        None => {
            Err(Failure::new("tool_failed", format!("`{tool} {}` failed", args.join(" "))).into())
        }
    }
}

fn ask(tool: &'static str, args: &[String], run: &Run) -> Result<Record> {
    let mut records = records(tool, args, run)?;
    let last = records.pop();
    last.ok_or_else(|| anyhow::anyhow!("`{tool}` wrote no record"))
}

/// The final records that `tool` writes: at least its own.
fn records(tool: &'static str, args: &[String], run: &Run) -> Result<Vec<Record>> {
    let command = command(tool, args, run);
    let mut running = command.start(Io {
        stdout: Stdout::Read,
        echo: true,
        ..Io::default()
    })?;
    let mut records = Vec::new();
    let stdout = BufReader::new(running.stdout().take(MOST));
    for line in stdout.lines() {
        let line = line.with_context(|| format!("cannot read what `{tool}` wrote"))?;
        let record: Option<Record> = serde_json::from_str(&line).ok();
        let is_final = |record: &Record| record.tool == tool && record.status != Status::Running;
        records.extend(record.filter(is_final));
    }
    let ended = running.wait()?;
    if records.last().is_some_and(|last| last.name == tool) {
        return Ok(records);
    }
    let words = ended.lines.last().cloned().unwrap_or_default();
    let message = format!(
        "`{tool}` ended without a record ({}): {words}",
        ended.status
    );
    Err(Failure::new("tool_failed", message).into())
}

fn command(tool: &str, args: &[String], run: &Run) -> Command {
    let mut command = Command::new(beside(tool))
        .args(["--no-input", "--format", "ndjson"])
        .args(args)
        .env(RUN, run.id())
        .folder(&run.config.root);
    if let Some(path) = &run.config.path {
        command = command.arg("--config").arg(path);
    }
    if let Some(env) = &run.config.env {
        command = command.arg("--env").arg(env);
    }
    command
}

fn beside(tool: &str) -> PathBuf {
    let own = env::current_exe().ok();
    let sibling = own.and_then(|own| Some(own.parent()?.join(tool)));
    sibling
        .filter(|path| path.is_file())
        .unwrap_or_else(|| tool.into())
}

/// What of a sibling's record stays in this one's.
pub(crate) fn digest(record: &Record) -> Value {
    serde_json::json!({ "tool": record.tool, "status": record.status, "ms": record.ms, "summary": record.summary })
}
