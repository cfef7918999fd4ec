//! What came of the checks, for people and for other programs: one file a
//! format, all of the same findings.

mod health;
mod nagios;
pub(crate) mod prometheus;
pub(crate) mod table;

use crate::cli::Args;
use clap::ValueEnum;
use probe::Finding;
use probe::render::{Told, junit, tap};
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

/// The document that `args` ask for, of a run that ended with `code` and
/// `record`, having found `findings`.
pub(crate) fn document(
    args: &Args,
    record: &Record,
    code: u8,
    findings: Option<&[Finding]>,
) -> String {
    let told = Told::new(record, code, findings);
    match args.format {
        Some(Shape::Json) => serde_json::to_string_pretty(record).unwrap_or_default(),
        Some(Shape::Nagios) => nagios::of(&told),
        Some(Shape::Junit) => junit(&told),
        Some(Shape::Tap) => tap(&told),
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
