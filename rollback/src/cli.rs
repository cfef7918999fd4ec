//! The arguments of `rollback`.

use clap::{Args as ClapArgs, Parser, ValueEnum};
use toolkit::arguments::{Arguments, Common};
use toolkit::output::Format;

/// Return code, images, database, Redis and configuration to an earlier
/// release, and prove that it serves
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools)] // help is read as it is; flags are bools
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// The release: its version, its date, or the name of a backup set [default: the last that
    /// ended well before the current one; within a deployment, what served before it]
    #[arg(value_name = "VERSION")]
    pub(crate) release: Option<String>,

    /// Return this service alone: its code and its image; no data
    #[arg(long, value_name = "NAME", requires = "release")]
    pub(crate) service: Option<String>,

    /// Leave database and Redis as they are
    #[arg(long)]
    pub(crate) keep_database: bool,

    /// Show what would be done, and what would be lost; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Do not ask; `ROLLBACK_AUTO=true` in the environment says the same
    #[arg(long, short)]
    pub(crate) force: bool,

    #[command(flatten)]
    pub(crate) instead: Instead,

    /// How stdout is written [default: text on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What else it does, in place of a rollback to VERSION.
#[derive(Debug, Clone, Default, ClapArgs)]
#[allow(clippy::struct_excessive_bools)] // flags are bools
#[command(next_help_heading = "Instead of a return to VERSION")]
#[group(multiple = false)]
pub(crate) struct Instead {
    /// List the releases and backup sets that there is a way back to
    #[arg(long, short, conflicts_with_all = ["release", "dry_run"])]
    pub(crate) list: bool,

    /// Say where things stand
    #[arg(long, conflicts_with_all = ["release", "dry_run"])]
    pub(crate) status: bool,

    /// End what was interrupted: go on with a rollback, or go back from a deployment
    #[arg(long, conflicts_with = "release")]
    pub(crate) resume: bool,

    /// Return to where things stood before the last rollback, data included
    #[arg(long, conflicts_with = "release")]
    pub(crate) undo: bool,

    /// The first link of a deployment: keep what serves now as the release to come back to
    #[arg(long, conflicts_with_all = ["release", "dry_run"])]
    pub(crate) prepare: bool,

    /// The last link of a deployment: note what serves now as a release that ended well
    #[arg(long, conflicts_with_all = ["release", "dry_run"])]
    pub(crate) record: bool,

    /// Switch maintenance mode on or off, or say whether it is on
    #[arg(long, value_name = "MODE", value_enum, conflicts_with_all = ["release", "dry_run"])]
    pub(crate) maintenance: Option<Mode>,
}

/// What is done with maintenance mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    On,
    Off,
    Status,
}

impl Arguments for Args {
    fn common(&self) -> &Common {
        &self.common
    }

    fn format(&self) -> Option<Format> {
        self.format
    }

    // A pipeline has several of them, each of which ends its own record.
    fn subject(&self) -> Option<&str> {
        match &self.instead {
            Instead { prepare: true, .. } => Some("prepare"),
            Instead { record: true, .. } => Some("record"),
            Instead {
                maintenance: Some(mode),
                ..
            } => Some(match mode {
                Mode::On => "maintenance on",
                Mode::Off => "maintenance off",
                Mode::Status => "maintenance",
            }),
            _ => None,
        }
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
