//! The tools that do a part of the work: found beside this one's executable.

use anyhow::{Context, Result};
use serde_json::Value;
use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::ChildStdout;
use toolkit::command::{Command, Ended, Io, Running, Stdout};
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
    done(ask(tool, args, run)?)
}

/// The record of a tool that did its work.
pub(crate) fn done(record: Record) -> Result<Record> {
    if matches!(record.status, Status::Ok | Status::Warn) {
        return Ok(record);
    }
    let problem = record.error.as_ref();
    let why = problem.map_or(record.summary.as_str(), |problem| problem.message.as_str());
    let mut failure = Failure::new("tool_failed", format!("`{}`: {why}", record.tool));
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
    let command = command(tool, args, run).arg("--no-input");
    let mut running = command.start(Io {
        stdout: Stdout::Read,
        echo: true,
        ..Io::default()
    })?;
    let mut records = Vec::new();
    let mut answers = Answers::of(tool, &mut running)?;
    while let Some(record) = answers.next()? {
        records.push(record);
    }
    let ended = running.wait()?;
    if records.last().is_some_and(|last| last.name == tool) {
        return Ok(records);
    }
    Err(silent(tool, &ended).into())
}

pub(crate) fn silent(tool: &str, ended: &Ended) -> Failure {
    let words = ended.lines.last().cloned().unwrap_or_default();
    let message = format!(
        "`{tool}` ended without a record ({}): {words}",
        ended.status
    );
    Failure::new("tool_failed", message)
}

/// The final records that a running tool writes, one after the other.
pub(crate) struct Answers {
    tool: &'static str,
    stdout: io::Take<BufReader<ChildStdout>>,
}

impl Answers {
    pub(crate) fn of(tool: &'static str, running: &mut Running) -> Result<Self> {
        let stdout = running.take_stdout().context("its output is not read")?;
        let stdout = BufReader::new(stdout).take(MOST);
        Ok(Self { tool, stdout })
    }

    /// The next one; none when the tool writes no more.
    pub(crate) fn next(&mut self) -> Result<Option<Record>> {
        loop {
            let mut line = Vec::new();
            let read = self.stdout.read_until(b'\n', &mut line);
            if read.with_context(|| format!("cannot read what `{}` wrote", self.tool))? == 0 {
                return Ok(None);
            }
            let record: Option<Record> = serde_json::from_slice(&line).ok();
            let is_final =
                |record: &Record| record.tool == self.tool && record.status != Status::Running;
            if let Some(record) = record.filter(is_final) {
                return Ok(Some(record));
            }
        }
    }
}

/// `tool` as a part of this run.
pub(crate) fn command(tool: &str, args: &[String], run: &Run) -> Command {
    let mut command = Command::new(beside(tool))
        .args(["--format", "ndjson"])
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
