//! The arguments of `backup`.

use clap::{Args as ClapArgs, Parser};
use std::path::PathBuf;
use std::time::Duration;
use toolkit::arguments::{Arguments, Common};
use toolkit::config::Compression;
use toolkit::output::Format;

/// Save databases, roles, Redis and files into one dated, checksummed set, and
/// prune old sets
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools)] // help is read as it is; flags are bools
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// What to save: `database`, `globals`, `redis`, `config`, or the name of a
    /// `[files]` entry [default: all that is found]
    #[arg(value_name = "PART")]
    pub(crate) parts: Vec<String>,

    /// The folder that holds the sets [default: $BACKUP_DIR, else /backup/deployments]
    #[arg(long, value_name = "DIR")]
    pub(crate) to: Option<PathBuf>,

    /// Save this database; may be given several times [default: the application's]
    #[arg(long, value_name = "NAME", conflicts_with = "all_databases")]
    pub(crate) database: Vec<String>,

    /// Save every database of the server
    #[arg(long)]
    pub(crate) all_databases: bool,

    /// How many blocks are compressed side by side [default: the number of cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,

    /// How to compress: `gzip:1` to `gzip:12`, or `zstd:1` to `zstd:19` [default: gzip:6]
    #[arg(long, value_name = "METHOD")]
    pub(crate) compress: Option<Compression>,

    /// Write one part as DIR/PREFIX-YYYYMMDD_HHMMSS.sql.gz, its proof beside it
    #[arg(long, value_name = "PREFIX")]
    pub(crate) flat: Option<String>,

    /// Show what would be saved and removed, and why; change nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    #[command(flatten)]
    pub(crate) keep: Keep,

    #[command(flatten)]
    pub(crate) ask: Ask,

    /// How stdout is written [default: text on a terminal, else ndjson]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(crate) format: Option<Format>,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// Which sets stay. With none of these, all do.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Retention, after success (a set stays when any rule keeps it)")]
pub(crate) struct Keep {
    /// Keep the sets made within this time before the newest: `30d`, `12h`
    #[arg(long = "keep-within", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) within: Option<Duration>,

    /// Keep the newest N sets
    #[arg(long = "keep-last", value_name = "N")]
    pub(crate) last: Option<u32>,

    /// Keep the newest set of each of the last N days that have one
    #[arg(long = "keep-daily", value_name = "N")]
    pub(crate) daily: Option<u32>,

    /// Keep the newest set of each of the last N weeks that have one
    #[arg(long = "keep-weekly", value_name = "N")]
    pub(crate) weekly: Option<u32>,

    /// Keep the newest set of each of the last N months that have one
    #[arg(long = "keep-monthly", value_name = "N")]
    pub(crate) monthly: Option<u32>,

    /// Keep the newest set of each of the last N years that have one
    #[arg(long = "keep-yearly", value_name = "N")]
    pub(crate) yearly: Option<u32>,
}

/// Questions: nothing is saved.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Questions (nothing is saved)")]
#[group(multiple = false)]
pub(crate) struct Ask {
    /// List the sets: date, version, size, status, age, parts
    #[arg(long)]
    pub(crate) list: bool,

    /// Read a set again and compare its checksums [default: the newest]
    #[arg(long, value_name = "SET", num_args = 0..=1, default_missing_value = "latest")]
    pub(crate) check: Option<String>,

    /// Fail when the newest complete set is older than this: `26h`
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) fresh: Option<Duration>,
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
