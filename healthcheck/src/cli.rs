//! The arguments of `healthcheck`.

use clap::Parser;
use toolkit::arguments::{Arguments, Common};
use toolkit::output::Format;

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
    #[arg(long, short, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: u16,

    /// Tell nobody, and take no note of incidents
    #[arg(long)]
    pub(crate) no_alert: bool,

    /// Tell nobody of anything new for this long, and why; `0s` ends it; no
    /// check is run
    #[arg(long, num_args = 2, value_names = ["DURATION", "REASON"], conflicts_with_all = ["wanted", "list"])]
    pub(crate) silence: Option<Vec<String>>,

    /// How stdout is written [default: text on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    #[command(flatten)]
    pub(crate) common: Common,
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn format(&self) -> Option<Format> {
        self.format
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
