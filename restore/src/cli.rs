//! The arguments of `restore`.

use clap::Parser;
use std::path::PathBuf;
use toolkit::arguments::{Arguments, Common};
use toolkit::output::Format;

/// Bring a backup set back, or prove that it can be brought back
///
/// Everything is checked and loaded aside first; what is live is then
/// exchanged in a moment, and stays as it is when anything fails before.
#[derive(Debug, Parser)]
#[allow(clippy::doc_markdown, clippy::struct_excessive_bools)] // help is read as it is; flags are bools
#[command(version, max_term_width = 100)]
pub(crate) struct Args {
    /// The set: `latest`, a set's name or folder, or a `.sql`, `.sql.gz`, `.sql.zst` or `.rdb`
    /// file [default: the set that a `backup` record on stdin names; with --check, `latest`]
    #[arg(value_name = "SET")]
    pub(crate) set: Option<String>,

    /// What to bring back: `database`, `globals`, `redis`, `config`, or the name of a
    /// `[files]` entry [default: all that the set holds]
    #[arg(value_name = "PART")]
    pub(crate) parts: Vec<String>,

    /// The folder that holds the sets [default: $BACKUP_DIR, else /backup/deployments]
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,

    /// Restore into a scratch database and a scratch Redis, compare, and drop them again
    #[arg(long, conflicts_with_all = ["yes", "in_place", "into", "keep_old"])]
    pub(crate) check: bool,

    /// Restore the database under this name
    #[arg(long, value_name = "NAME")]
    pub(crate) into: Option<String>,

    /// Empty and refill the database in one transaction, where no other may be created
    #[arg(long, conflicts_with_all = ["into", "keep_old"])]
    pub(crate) in_place: bool,

    /// Load aside while the tools before this one still work, and exchange what is live once they
    /// have ended; none of them may be a backup of the same application
    #[arg(long, requires = "set", conflicts_with_all = ["check", "in_place"])]
    pub(crate) ahead: bool,

    /// Only remove what restores that were killed left behind
    #[arg(long, conflicts_with_all = ["set", "check", "into", "in_place", "ahead", "keep_old"])]
    pub(crate) sweep: bool,

    /// Keep the database and the files from before
    #[arg(long)]
    pub(crate) keep_old: bool,

    /// How many blocks are decompressed side by side [default: the number of cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,

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

    fn begins_ahead(&self) -> bool {
        self.ahead
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
