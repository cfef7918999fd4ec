//! What a restore asks of a server beside questions: a program that reads a
//! dump, and what a database is without its contents.

use super::place::Server;
use super::properties::Properties;
use super::session::Session;
use super::version::Version;
use crate::command::Command;
use anyhow::Result;

/// Runs a program that reads stdin itself; when stdin has ended, a `psql` runs
/// the statement in `$2`, which ends what the program's connection is busy
/// with. The shell says `$1` and the program's exit status on a line of their
/// own, once the program has ended; it goes on itself until stdin ends.
const TIED_FILTER: &str = "word=$1; end=$2; shift 2; \
    { cat 2>/dev/null; psql --no-psqlrc --no-password --command=\"$end\" >/dev/null 2>&1; } | \
    { \"$@\"; status=$?; echo; echo \"$word $status\"; }";

impl Server {
    /// One of PostgreSQL's client programs that reads the stdin given to it,
    /// such as a `psql` that is fed a dump. Its connection and running query
    /// end when stdin does, and so with this tool, even by SIGKILL: hold stdin
    /// open until the program has ended.
    ///
    /// When it has, `word` and its exit status are on stdout, on a line of
    /// their own. `word` is plain letters and digits; the program sets it as
    /// its connection's application name.
    pub fn tied_filter(&self, name: &str, database: &str, word: &str) -> Command {
        let end = format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE application_name = '{word}'"
        );
        self.run(&[], "sh", database).args([
            "-c",
            TIED_FILTER,
            "sh",
            word,
            &end,
            name,
            "--no-password",
        ])
    }
}

impl Properties {
    /// Those of `database`, without a look at its contents.
    ///
    /// # Errors
    /// As [`Session::open`].
    pub fn of(server: &Server, database: &str) -> Result<Self> {
        let mut session = Session::open(server, database)?;
        let version = Version::of_server(&mut session)?;
        Self::read(&mut session, version)
    }
}
