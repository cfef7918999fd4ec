//! The arguments of `smoketest`.

use crate::smoketest::Made;
use clap::{Parser, ValueEnum};
use probe::render::{Told, junit, tap};
use std::ffi::OsString;
use std::path::PathBuf;
use toolkit::arguments::{Arguments, Common, value_of};
use toolkit::output::Format;
use toolkit::record::Record;

/// Exercise the deployed application as its users do: log in, keep the token,
/// call the endpoints, look into the database
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown)] // help is read as it is
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// A scenario's file (with a `/` or `.toml`), or the name of a group or a
    /// step, which is run with what it needs [default: all of `[smoke]`]
    #[arg(value_name = "FILE|GROUP|STEP")]
    pub(crate) wanted: Vec<String>,

    /// Where the application is, instead of the scenario's `base`: a URL, or
    /// `host:port`
    #[arg(long, value_name = "URL")]
    pub(crate) base: Option<String>,

    /// Run this step, with what it needs; may be repeated
    #[arg(long, value_name = "STEP")]
    pub(crate) only: Vec<String>,

    /// Show the steps; run none
    #[arg(long, conflicts_with_all = ["dry_run", "curl"])]
    pub(crate) list: bool,

    /// Show what would be done, in its order; ask nothing
    #[arg(long, conflicts_with = "curl")]
    pub(crate) dry_run: bool,

    /// Write the scenario as a shell script of curl and jq; ask nothing
    #[arg(long)]
    pub(crate) curl: bool,

    /// Keep the bodies that failed steps were answered with in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,

    /// How stdout is written [default: text on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_enum, conflicts_with = "curl")]
    pub(crate) format: Option<Shape>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// How stdout is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// A table for people: the default on a terminal
    Text,
    /// One JSON record a line, those that were read first: the default elsewhere
    Ndjson,
    /// The final record alone, indented
    Json,
    /// A `JUnit` report, a test case a step
    Junit,
    /// The Test Anything Protocol, version 14
    Tap,
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn format(&self) -> Option<Format> {
        if self.curl {
            return Some(Format::Document);
        }
        self.format.map(|shape| match shape {
            Shape::Text => Format::Text,
            Shape::Ndjson => Format::Ndjson,
            Shape::Json | Shape::Junit | Shape::Tap => Format::Document,
        })
    }

    fn rescued(words: &[OsString]) -> Option<Self> {
        let format = value_of(words, "--format")?;
        Self::try_parse_from(["smoketest", "--format", format]).ok()
    }
}

/// The document that `args` ask for, of a run that ended with `code` and
/// `record`, and made `made`.
pub(crate) fn document(args: &Args, record: &Record, code: u8, made: &Made) -> String {
    if args.curl {
        return made.script.get().cloned().unwrap_or_default();
    }
    let told = Told::new(record, code, made.findings.get().map(Vec::as_slice));
    match args.format {
        Some(Shape::Json) => serde_json::to_string_pretty(record).unwrap_or_default(),
        Some(Shape::Junit) => junit(&told),
        Some(Shape::Tap) => tap(&told),
        Some(Shape::Text | Shape::Ndjson) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn manual_and_completions_say_what_the_arguments_are() {
        toolkit::testing::manual::check(Args::command());
    }
}
