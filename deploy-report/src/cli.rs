//! The arguments of `deploy-report`.

use crate::language::{Lang, Zone};
use crate::period::Length;
use chrono::NaiveDate;
use clap::{Parser, ValueEnum};
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use toolkit::arguments::{Arguments, Common};
use toolkit::output::Format;

/// Turn records into a report that a person can read and sign: what was
/// deployed, what was seen, what to do next
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown)] // help is read as it is
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// Report on this run of the history: its id, the end of its id, or `latest`
    #[arg(long, value_name = "ID", conflicts_with_all = ["since", "from"])]
    pub(crate) run: Option<String>,

    /// Report on the deployments and rollbacks of the history since then: `2h`,
    /// `7d`, `2026-11-20` or a time as records have it
    #[arg(long, value_name = "WHEN", conflicts_with = "from")]
    pub(crate) since: Option<String>,

    /// Report on the last day, week or month that had ended when the history's
    /// newest record was written: availability, incidents, response times,
    /// resources, backups, certificates, deployments
    #[arg(long, value_name = "LENGTH", value_enum, conflicts_with = "run")]
    pub(crate) period: Option<Period>,

    /// With `--period`: the one that this day is in
    #[arg(long, value_name = "YYYY-MM-DD", requires = "period")]
    pub(crate) of: Option<NaiveDate>,

    /// Report on the records in this file: NDJSON, or a report in HTML, which
    /// holds the records that it was made of
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,

    /// How the report is written; with `--out` several may be named [default: html
    /// with `--out`; else text on a terminal, and records elsewhere]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Vec<Shape>,

    /// Write the report into this folder, as `deployment-YYYYMMDD_HHMMSS.*`, and
    /// let `latest.*` lead to it
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// The report's language [default: that of LC_ALL, LC_MESSAGES or LANG, else
    /// en]
    #[arg(long, value_name = "LANG", value_enum)]
    pub(crate) lang: Option<Lang>,

    /// The time zone of dates and times: `UTC`, `+01:00` or `Europe/Paris`
    #[arg(
        long,
        value_name = "ZONE",
        default_value = "UTC",
        env = "SEXTANT_TIMEZONE",
        hide_env_values = true
    )]
    pub(crate) timezone: Zone,

    /// Write the report with this template instead of the built-in one of the format
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,

    /// Show the built-in template of the format, as a start for one's own
    #[arg(long, conflicts_with_all = ["out", "template"])]
    pub(crate) print_template: bool,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Period {
    /// From midnight to midnight, in the time zone
    Day,
    /// From Monday to Sunday
    Week,
    /// A calendar month
    Month,
    /// From the day of `--since` to that of `--of`, else of the newest record
    Days,
}

impl From<Period> for Length {
    fn from(period: Period) -> Self {
        match period {
            Period::Day => Self::Day,
            Period::Week => Self::Week,
            Period::Month => Self::Month,
            Period::Days => Self::Days,
        }
    }
}

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// For a terminal: the default there
    Text,
    /// GitHub's Markdown
    Markdown,
    /// One file, for a browser, a phone and a printer
    Html,
    /// What the other formats are made of, for programs
    Json,
    /// The HTML as an installed Chromium prints it; with `--out` only
    Pdf,
    /// No report on stdout, but one JSON record a line, those that were read
    /// first: the default where stdout is no terminal
    Ndjson,
}

impl Shape {
    /// The ending of a file's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Ndjson => "ndjson",
        }
    }
}

impl Args {
    /// The formats of the report: those that were named, else what fits.
    pub(crate) fn shapes(&self) -> Vec<Shape> {
        let mut shapes: Vec<Shape> = Vec::new();
        for shape in &self.format {
            if *shape != Shape::Ndjson && !shapes.contains(shape) {
                shapes.push(*shape);
            }
        }
        if shapes.is_empty() && self.out.is_some() {
            shapes.push(Shape::Html);
        }
        if shapes.is_empty() && self.format() == Some(Format::Document) {
            shapes.push(Shape::Text);
        }
        shapes
    }
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn format(&self) -> Option<Format> {
        if self.print_template {
            return Some(Format::Document);
        }
        if self.format.contains(&Shape::Ndjson) {
            return Some(Format::Ndjson);
        }
        // The report goes into the folder, and stdout is what it always is.
        if self.out.is_some() {
            return None;
        }
        let is_document = !self.format.is_empty() || io::stdout().is_terminal();
        is_document.then_some(Format::Document)
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

    #[test]
    fn stdout_is_the_report_or_the_records() {
        let read = |words: &[&str]| {
            let words = ["deploy-report"].iter().chain(words);
            Args::try_parse_from(words).unwrap()
        };
        assert_eq!(read(&["--format", "html"]).format(), Some(Format::Document));
        let both = read(&["--out", "a", "--format", "html", "--format", "ndjson"]);
        assert_eq!(both.format(), Some(Format::Ndjson));
        assert_eq!(both.shapes(), [Shape::Html]);
        assert_eq!(read(&["--out", "a"]).format(), None);
        assert_eq!(read(&["--out", "a"]).shapes(), [Shape::Html]);
    }
}
