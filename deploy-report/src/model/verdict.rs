//! How it ended, in one word, and why.

use super::{Report, is_by};
use serde::Serialize;
use std::collections::BTreeMap;
use toolkit::record::{Record, Status};
use toolkit::verdict::Verdict as Sum;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Verdict {
    pub(crate) outcome: Outcome,
    /// The exit status of the pipeline.
    pub(crate) exit: u8,
    /// What failed first.
    pub(crate) cause: Option<Cause>,
}

/// How it ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// There is nothing to say.
    Empty,
    /// Nothing failed, and nothing warns.
    Succeeded,
    /// Nothing failed.
    Warned,
    /// It was prepared, nothing failed, and nothing says that it ended.
    Unfinished,
    /// Something failed.
    Failed,
    /// Something failed; the earlier release serves, and is verified.
    RolledBack,
    /// Something failed, and so did the rollback.
    RollbackFailed,
}

/// The first failure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Cause {
    pub(crate) tool: String,
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    /// In the tool's words.
    pub(crate) message: String,
}

impl Verdict {
    pub(super) fn of(records: &[Record]) -> Self {
        let sum = sum(records);
        let outcome = match sum {
            Sum::Failed => Outcome::Failed,
            Sum::RolledBack => Outcome::RolledBack,
            Sum::RollbackFailed => Outcome::RollbackFailed,
            Sum::Clean if records.is_empty() => Outcome::Empty,
            Sum::Clean if is_unfinished(records) => Outcome::Unfinished,
            Sum::Clean if records.iter().any(|record| record.status == Status::Warn) => {
                Outcome::Warned
            }
            Sum::Clean => Outcome::Succeeded,
        };
        let first = records.iter().find(|record| has_failed(record));
        Self {
            outcome,
            exit: sum.code(),
            cause: first.map(Cause::of),
        }
    }
}

impl Cause {
    fn of(record: &Record) -> Self {
        let error = record.error.as_ref();
        let message = error.map_or(&record.summary, |error| &error.message);
        Self {
            tool: record.tool.clone(),
            name: record.name.clone(),
            reason: error.map(|error| error.reason.clone()),
            message: message.clone(),
        }
    }
}

impl Report {
    /// What the records add up to, for the exit status.
    pub(crate) fn sum(&self) -> Sum {
        match self.verdict.exit {
            0 => Sum::Clean,
            3 => Sum::RolledBack,
            4 => Sum::RollbackFailed,
            _ => Sum::Failed,
        }
    }
}

/// The worst of all runs; each is summed up by itself, for a rollback takes back
/// what failed in its own.
fn sum(records: &[Record]) -> Sum {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for record in records {
        let sum = sums.entry(&record.run).or_default();
        *sum = sum.then_record(&record.tool, &record.name, record.status);
    }
    let badness = |sum: &Sum| match sum {
        Sum::Clean => 0,
        Sum::RolledBack => 1,
        Sum::Failed => 2,
        Sum::RollbackFailed => 3,
    };
    sums.into_values().max_by_key(badness).unwrap_or_default()
}

/// A deployment ends with `rollback --record`, or is taken back.
fn is_unfinished(records: &[Record]) -> bool {
    let last = records.iter().rfind(|record| {
        let frames = ["prepare", "record", "rollback"];
        record.tool == "rollback"
            && frames.contains(&record.name.as_str())
            && is_done(record.status)
    });
    last.is_some_and(|record| is_by(record, "rollback", "prepare"))
}

fn is_done(status: Status) -> bool {
    matches!(status, Status::Ok | Status::Warn)
}

fn has_failed(record: &Record) -> bool {
    matches!(record.status, Status::Fail | Status::Unknown)
}
