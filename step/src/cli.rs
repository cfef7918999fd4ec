//! The arguments of `step`.

use clap::Parser;
use std::ffi::OsString;
use std::time::Duration;
use toolkit::arguments::{Arguments, Common};
use toolkit::output::Format;

/// Run any command as one link of a pipeline: gate it, time it, keep what it
/// said, and write what came of it as a record
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// What this step is called in its records, and in `[step.NAME]`
    #[arg(value_name = "NAME")]
    pub(crate) name: String,

    /// The command and its arguments [default: `run` of `[step.NAME]` in sextant.toml; for `pull`,
    /// `build`, `drain`, `up` and `prune`, else, what a Compose project takes]
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) command: Vec<OsString>,

    /// End the command, and all that it started, after this long: `90s`, `10m`, `1h 30m`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Try again, up to this many times, when the command fails
    #[arg(long, value_name = "N")]
    pub(crate) retry: Option<u32>,

    /// Wait this long before each further try [default: 1s]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) delay: Option<Duration>,

    /// COMMAND is a subcommand of Compose: run it with the project and files of the application
    #[arg(long, requires = "command")]
    pub(crate) compose: bool,

    /// Build images without Docker's cache, where `step build` has no other command
    #[arg(long, conflicts_with = "command")]
    pub(crate) no_cache: bool,

    /// First ask for this word on the terminal
    #[arg(long, value_name = "WORD")]
    pub(crate) confirm: Option<String>,

    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,

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

    fn subject(&self) -> Option<&str> {
        Some(&self.name)
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
