//! What was done, in its order, and how long each part of it took.

use super::moment;
use super::release::went_back;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use toolkit::record::{Record, Status};

/// How many of a failed step's last lines are kept.
const LINES: usize = 20;

/// One link of the pipeline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Step {
    pub(crate) tool: String,
    pub(crate) name: String,
    pub(crate) status: Status,
    /// When it began.
    pub(crate) began: Option<DateTime<Utc>>,
    /// The same, in milliseconds after the first.
    pub(crate) offset_ms: Option<u64>,
    /// How long it worked, in milliseconds; none where it did not, or died.
    pub(crate) ms: Option<u64>,
    /// How often a command was run, where that is more than once.
    pub(crate) tries: Option<u64>,
    /// The result, in the tool's words.
    pub(crate) summary: String,
    /// A stable word for what is wrong.
    pub(crate) reason: Option<String>,
    /// Whether `rollback` called it.
    pub(crate) nested: bool,
    /// The last lines of a command that failed.
    pub(crate) lines: Vec<String>,
}

/// From the first beginning to the last end.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Span {
    pub(crate) began: Option<DateTime<Utc>>,
    pub(crate) ended: Option<DateTime<Utc>>,
    pub(crate) ms: Option<u64>,
}

/// The links, and the time that they took.
pub(super) fn of(records: &[Record]) -> (Span, Vec<Step>) {
    let beginnings: Vec<_> = records.iter().map(began).collect();
    let began = beginnings.iter().flatten().min().copied();
    let ends = records.iter().filter_map(|record| moment(&record.at));
    let ended = ends.max();
    let span = Span {
        began,
        ended,
        ms: began.zip(ended).map(|(from, until)| between(from, until)),
    };
    let rollbacks = rollbacks(records);
    let steps = records.iter().zip(beginnings).enumerate();
    let steps = steps.map(|(at, (record, beginning))| Step {
        tool: record.tool.clone(),
        name: record.name.clone(),
        status: record.status,
        began: beginning,
        offset_ms: began
            .zip(beginning)
            .map(|(from, until)| between(from, until)),
        ms: took(record),
        tries: record.data["tries"].as_u64().filter(|tries| *tries > 1),
        summary: record.summary.clone(),
        reason: record.error.as_ref().map(|error| error.reason.clone()),
        nested: is_nested(behind(&rollbacks, at), record, beginning),
        lines: lines(record),
    });
    let steps = steps.collect();
    (span, steps)
}

/// What did not work took no time, whatever it waited for.
fn took(record: &Record) -> Option<u64> {
    record.ms.filter(|_| record.status != Status::Skip)
}

/// When it began to work; when it was written, where it says nothing else. Of
/// what died, it is known when it was started, but not for how long it waited.
pub(super) fn began(record: &Record) -> Option<DateTime<Utc>> {
    if crate::source::is_death(record) {
        return None;
    }
    let ended = moment(&record.at)?;
    let took = i64::try_from(took(record).unwrap_or_default()).ok()?;
    ended.checked_sub_signed(TimeDelta::try_milliseconds(took)?)
}

fn between(from: DateTime<Utc>, until: DateTime<Utc>) -> u64 {
    let ms = until.signed_duration_since(from).num_milliseconds();
    u64::try_from(ms).unwrap_or_default()
}

/// The history has what `rollback` called before `rollback` itself, which began
/// before it.
fn is_nested(rollbacks: &[&Record], record: &Record, beginning: Option<DateTime<Utc>>) -> bool {
    let mut callers = rollbacks.iter().filter(|one| one.run == record.run);
    record.tool != "rollback"
        && callers.any(|caller| {
            let around = began(caller).zip(beginning);
            around.is_some_and(|(caller, own)| caller < own)
        })
}

/// The rollbacks that were tried, with their places among the records.
pub(super) fn rollbacks(records: &[Record]) -> (Vec<usize>, Vec<&Record>) {
    let all = records.iter().enumerate();
    all.filter(|(_, record)| went_back(record)).unzip()
}

/// Those of them that stand behind a place.
pub(super) fn behind<'r, 's>(
    (places, rollbacks): &'s (Vec<usize>, Vec<&'r Record>),
    at: usize,
) -> &'s [&'r Record] {
    &rollbacks[places.partition_point(|place| *place <= at)..]
}

fn lines(record: &Record) -> Vec<String> {
    if !matches!(record.status, Status::Fail | Status::Unknown) {
        return Vec::new();
    }
    let lines = record.data["lines"].as_array().into_iter().flatten();
    let lines: Vec<_> = lines.filter_map(|line| line.as_str()).collect();
    let first = lines.len().saturating_sub(LINES);
    lines[first..]
        .iter()
        .map(|line| (*line).to_owned())
        .collect()
}
