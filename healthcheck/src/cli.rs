//! The arguments of `healthcheck`.

use crate::exit::Style;
use crate::render::Shape;
use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;
use toolkit::arguments::{Arguments, Common, value_of};
use toolkit::output::Format;
use toolkit::record::Status;

/// Look at everything that the application needs, all at once: its services,
/// PostgreSQL, Redis, its ports, the machine, and what sextant.toml adds
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown)] // help is read as it is
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// Which checks to run, by name, kind or tag [default: all]
    #[arg(value_name = "NAME|KIND|TAG")]
    pub(crate) wanted: Vec<String>,

    /// Show the checks and what each expects; run none
    #[arg(long)]
    pub(crate) list: bool,

    /// How many checks run at a time
    #[arg(long, short, value_name = "N", default_value_t = 64,
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,

    /// Repeat what failed until all is well, for at most this long: `60s`, `5m`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,

    /// Tell nobody, and take no note of incidents
    #[arg(long)]
    pub(crate) no_alert: bool,

    /// Tell nobody of anything new for this long, and why; `0s` ends it; no
    /// check is run
    #[arg(long, num_args = 2, value_names = ["DURATION", "REASON"], conflicts_with_all = ["wanted", "list"])]
    pub(crate) silence: Option<Vec<String>>,

    /// How stdout is written [default: text on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Shape>,

    /// Whose exit statuses to end with, in place of the pipeline's own
    #[arg(long, value_name = "STYLE", value_enum)]
    pub(crate) exit: Option<Style>,

    /// Also write this file for the textfile collector of node_exporter
    #[arg(long, value_name = "FILE.prom", value_parser = textfile)]
    pub(crate) textfile: Option<PathBuf>,

    /// Also write this file: JSON with `timestamp`, `errors`, `status` and every result
    #[arg(long, value_name = "FILE")]
    pub(crate) status_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// A name that `node_exporter` would not read is a mistake.
fn textfile(name: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    if path.extension().is_none_or(|extension| extension != "prom") {
        return Err("node_exporter reads only files that end in `.prom`".to_owned());
    }
    Ok(path)
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn format(&self) -> Option<Format> {
        self.format.map(Shape::format)
    }

    fn rescued(words: &[OsString]) -> Option<Self> {
        let kept = ["--format", "--exit"].map(|option| {
            let value = value_of(words, option)?;
            Some(format!("{option}={value}"))
        });
        // One of the two may be the mistake.
        let each = kept.iter().flatten().cloned();
        let both: Vec<_> = each.clone().collect();
        std::iter::once(both)
            .chain(each.map(|one| vec![one]))
            .find_map(|options| {
                let line = std::iter::once("healthcheck".to_owned()).chain(options);
                Self::try_parse_from(line).ok()
            })
    }

    fn exit(&self, code: u8, status: Status) -> u8 {
        self.exit.map_or(code, |style| style.of(code, status))
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
    fn a_mistake_does_not_hide_how_it_is_to_be_told() {
        let rescued = |line: &str| {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            Args::rescued(&words).map(|args| (args.format, args.exit))
        };
        let both = Some((Some(Shape::Nagios), Some(Style::Nagios)));
        assert_eq!(rescued("--zap --exit nagios --format=nagios"), both);
        assert_eq!(
            rescued("--format zap --exit docker"),
            Some((None, Some(Style::Docker)))
        );
        assert_eq!(
            rescued("--exit zap --format tap"),
            Some((Some(Shape::Tap), None))
        );
        assert_eq!(rescued("--jobs x"), Some((None, None)));
        assert_eq!(rescued("-- --exit nagios"), Some((None, None)));
    }
}
