//! Where the records come from: the pipeline, the history, or a file.

mod file;
mod history;
pub(crate) mod line;

use crate::cli::Args;
use anyhow::Result;
use std::path::Path;
use toolkit::record::{Record, Status};
use toolkit::run::Run;
use toolkit::stdin;

pub(crate) use file::{embedded, held, period, text};
pub(crate) use history::{each, newest};

/// This tool's own records say nothing about a deployment.
const OWN: &str = "deploy-report";

/// What was read, in its order.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The final records, this tool's own left out.
    pub(crate) records: Vec<Record>,
    /// Lines that could not be read, and why, with their numbers where they
    /// have any.
    pub(crate) damaged: Vec<Damage>,
    /// Whether it was asked for by name, rather than piped in.
    pub(crate) is_asked: bool,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Damage {
    /// Its number, from one.
    pub(crate) line: usize,
    /// What is wrong with it.
    pub(crate) why: String,
}

impl Read {
    fn take(&mut self, record: Record) {
        if record.tool != OWN && record.status != Status::Running {
            self.records.push(normal(record));
        }
    }

    fn damage(&mut self, line: usize, why: impl Into<String>) {
        let why = why.into();
        self.damaged.push(Damage { line, why });
    }
}

/// The records that `args` mean.
///
/// # Errors
/// `no_run` when the history has not what was asked for; `bad_input` when a
/// file is none that holds records.
pub(crate) fn read(args: &Args, run: &mut Run) -> Result<Read> {
    if let Some(path) = &args.from {
        return file::records(path);
    }
    let wanted = match (&args.run, &args.since) {
        (Some(id), _) => history::Wanted::named(id),
        (None, Some(when)) => history::Wanted::since(when, args.timezone)?,
        // An empty pipe is what a pipeline leaves that did not start: what was
        // deployed before is no answer to that.
        (None, None) if is_piped(args) => return Ok(piped(run)),
        (None, None) => history::Wanted::Latest,
    };
    let path = run.state()?.folder().join("history.ndjson");
    history::records(&path, &wanted)
}

fn is_piped(args: &Args) -> bool {
    !args.common.no_input && stdin::is_connected()
}

fn piped(run: &Run) -> Read {
    let mut read = Read::default();
    for record in &run.upstream.kept {
        read.take(record.clone());
    }
    for (line, why) in &run.upstream.incomplete {
        read.damage(*line, why);
    }
    read
}

/// A death is dated by whoever noticed it: another moment each time. What is
/// known is when the tool began.
fn normal(mut record: Record) -> Record {
    if let Some(started) = record.data["started"]
        .as_str()
        .filter(|_| is_death(&record))
    {
        record.at = started.to_owned();
    }
    record
}

/// Whether a reader wrote it for a tool that ended without a final record.
pub(crate) fn is_death(record: &Record) -> bool {
    let error = record.error.as_ref();
    error.is_some_and(|error| error.reason == "died")
}

/// Where a relative path is meant to be, for messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
