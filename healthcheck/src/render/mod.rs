//! What came of the checks, for people and for other programs: one file a
//! format, all of the same findings.

mod health;
mod junit;
mod nagios;
pub(crate) mod prometheus;
pub(crate) mod table;
mod tap;

use crate::cli::Args;
use crate::exit::Service;
use clap::ValueEnum;
use probe::Finding;
use std::borrow::Cow;
use toolkit::output::Format;
use toolkit::record::{Record, Status};

/// How stdout is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(clippy::doc_markdown)] // help is read as it is
pub(crate) enum Shape {
    /// A table for people: the default on a terminal
    Text,
    /// One JSON record a line, those that were read first: the default elsewhere
    Ndjson,
    /// The final record alone, indented
    Json,
    /// A line for Nagios, Icinga and the like, with performance data
    Nagios,
    /// A JUnit report
    Junit,
    /// The Test Anything Protocol, version 14
    Tap,
    /// Prometheus' text format
    Prometheus,
    /// `application/health+json`, draft-inadarei-api-health-check-06
    #[value(name = "health+json")]
    Health,
}

impl Shape {
    /// What the contract knows of it.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::Text => Format::Text,
            Self::Ndjson => Format::Ndjson,
            _ => Format::Document,
        }
    }
}

/// A run as a document tells it.
pub(crate) struct Told<'a> {
    /// The final record.
    pub(crate) record: &'a Record,
    /// The exit status that the pipeline counts.
    pub(crate) code: u8,
    /// What came of the checks; none where the run looked at nothing, or not
    /// to its end.
    pub(crate) findings: Option<&'a [Finding]>,
}

impl Told<'_> {
    /// The state of the whole.
    pub(crate) fn service(&self) -> Service {
        Service::of(self.code, self.record.status)
    }

    /// The result in one sentence.
    pub(crate) fn sentence(&self) -> Cow<'_, str> {
        let summary = &self.record.summary;
        if self.code != 0 && self.record.status != Status::Fail {
            return format!("{summary}, but a tool before this one failed").into();
        }
        summary.into()
    }

    /// The remedy, where the run itself has one.
    pub(crate) fn hint(&self) -> Option<&str> {
        self.record.error.as_ref()?.hint.as_deref()
    }
}

/// The document that `args` ask for, of a run that ended with `code` and
/// `record`, having found `findings`.
pub(crate) fn document(
    args: &Args,
    record: &Record,
    code: u8,
    findings: Option<&[Finding]>,
) -> String {
    let told = Told {
        record,
        code,
        // Above 4 it was interrupted, however much it had found.
        findings: findings.filter(|_| code <= 4),
    };
    match args.format {
        Some(Shape::Json) => serde_json::to_string_pretty(record).unwrap_or_default(),
        Some(Shape::Nagios) => nagios::of(&told),
        Some(Shape::Junit) => junit::of(&told),
        Some(Shape::Tap) => tap::of(&told),
        Some(Shape::Prometheus) => {
            let at = record.at.parse().unwrap_or_default();
            prometheus::of(&prometheus::Scope::of(args, record), &told, at)
        }
        Some(Shape::Health) => health::of(&told),
        Some(Shape::Text | Shape::Ndjson) | None => String::new(),
    }
}

/// How bad a finding is, the worst first.
pub(crate) fn worst_first(findings: &[Finding]) -> Vec<&Finding> {
    let mut sorted: Vec<_> = findings.iter().collect();
    sorted.sort_by_key(|finding| match finding.status {
        Status::Warn => 1,
        Status::Skip => 2,
        Status::Ok => 3,
        _ => 0,
    });
    sorted
}

/// Whatever is wrong with a finding, and what to do about it, a line each.
pub(crate) fn faults(finding: &Finding) -> Vec<String> {
    if !matches!(finding.status, Status::Fail | Status::Warn) {
        return Vec::new();
    }
    let also = &finding.also;
    let hints = finding.hint.iter();
    let hints = hints.chain(also.iter().filter_map(|fault| fault.hint.as_ref()));
    let first = format!("{}; expected: {}", finding.observed, finding.expected);
    let others = also
        .iter()
        .map(|fault| format!("also: {}; expected: {}", fault.observed, fault.expected));
    let hints = hints.map(|hint| format!("hint: {hint}"));
    std::iter::once(first).chain(others).chain(hints).collect()
}
