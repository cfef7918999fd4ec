//! One database as plain SQL, and the proof that all of it is there.

pub(crate) mod parallel;

use crate::program::{self, Sink};
use anyhow::Result;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;
use toolkit::command::Command;
use toolkit::failure::Failure;
use toolkit::postgres::{Counts, Properties, Server, Session, Snapshot, Version};
use toolkit::set::Copying;

/// How many differing tables a message names.
const NAMED: usize = 3;

/// What was seen of a dump that is whole.
#[derive(Debug)]
pub(crate) struct Dumped {
    /// Rows of each table, counted by the server and found in the dump.
    pub(crate) counts: Counts,
    /// Rows of each populated materialized view, which a restore computes.
    pub(crate) materialized_views: BTreeMap<String, u64>,
    /// Large objects.
    pub(crate) large_objects: u64,
    /// The last value of each sequence.
    pub(crate) sequences: BTreeMap<String, Option<String>>,
    /// The server's version.
    pub(crate) server: Version,
    /// The version of the `pg_dump` that wrote it.
    pub(crate) program: Version,
    /// What the database is beside its contents.
    pub(crate) properties: Properties,
    /// How its large tables were copied.
    pub(crate) copying: Copying,
}

/// A moment of a database that is held still, to be dumped.
#[derive(Debug)]
pub(crate) struct Moment {
    server: Server,
    database: String,
    snapshot: Snapshot,
    program: Version,
    wait: Duration,
}

impl Moment {
    /// Holds `database` of `server`. No lock is waited for longer than `wait`.
    ///
    /// # Errors
    /// As [`Snapshot::take`]; `pg_dump_too_old`.
    pub(crate) fn hold(server: &Server, database: &str, wait: Duration) -> Result<Self> {
        let program = Version::of_program(server, "pg_dump")?;
        let mut session = Session::open(server, database)?;
        program.can_dump(Version::of_server(&mut session)?)?;
        drop(session);
        Ok(Self {
            server: server.clone(),
            database: database.to_owned(),
            snapshot: Snapshot::take(server, database, wait)?,
            program,
            wait,
        })
    }

    /// `pg_dump` in this moment.
    fn command(&self) -> Command {
        let wait = self.wait.as_millis().clamp(1, i32::MAX as u128);
        let program = self.server.tied_program("pg_dump", &self.database);
        program.args([
            "--format=plain".to_owned(),
            format!("--snapshot={}", self.snapshot.id()),
            format!("--lock-wait-timeout={wait}"),
        ])
    }

    /// What is known once the dump is whole.
    ///
    /// # Errors
    /// `dump_rows_differ` when `found` in the dump is not what was seen.
    fn dumped(self, seen: Seen, found: &BTreeMap<String, u64>, copying: Copying) -> Result<Dumped> {
        agree(&self.database, &seen.counts, found)?;
        Ok(Dumped {
            counts: seen.counts,
            materialized_views: seen.materialized_views,
            sequences: seen.sequences,
            large_objects: self.snapshot.large_objects(),
            server: self.snapshot.version(),
            program: self.program,
            properties: self.snapshot.properties().clone(),
            copying,
        })
    }
}

/// Dumps `moment` to `sink`, all of it by `pg_dump`.
///
/// The dump and the counts see the same moment.
///
/// # Errors
/// `dump_failed` with `pg_dump`'s last words; `dump_truncated` when its last
/// line is missing; `dump_empty`; `dump_rows_differ`, naming tables; what
/// `sink` returns.
pub(crate) fn dump(mut moment: Moment, copying: Copying, sink: impl Sink) -> Result<Dumped> {
    let command = moment.command();
    let canceller = moment.snapshot.canceller();
    let (found, seen) = thread::scope(|scope| {
        let snapshot = &mut moment.snapshot;
        let counting = thread::Builder::new()
            .name("count rows".into())
            .spawn_scoped(scope, || Seen::by(snapshot))?;
        let written = program::run(&command, sink);
        if written.is_err() {
            canceller.cancel();
        }
        let seen = counting.join();
        let found = written?.rows;
        let seen = seen.map_err(|_| anyhow::anyhow!("counting rows ended unexpectedly"))??;
        Ok::<_, anyhow::Error>((found, seen))
    })?;
    moment.dumped(seen, &found, copying)
}

/// The databases that can be dumped: those that let people in, without
/// templates.
pub(crate) fn list(server: &Server, through: &str) -> Result<Vec<String>> {
    let mut session = Session::open(server, through)?;
    let rows = session.rows(
        "SELECT datname FROM pg_catalog.pg_database \
         WHERE datallowconn AND NOT datistemplate AND datconnlimit <> -2 ORDER BY 1",
    )?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// What the server says about the moment that is dumped.
struct Seen {
    counts: Counts,
    materialized_views: BTreeMap<String, u64>,
    sequences: BTreeMap<String, Option<String>>,
}

impl Seen {
    fn by(snapshot: &mut Snapshot) -> Result<Self> {
        // Sequences are in no snapshot. `pg_dump` reads them last: read first,
        // they are not ahead of the dump.
        let sequences = snapshot.sequences()?;
        Ok(Self {
            sequences,
            counts: snapshot.count_rows()?,
            materialized_views: snapshot.count_materialized_views()?,
        })
    }
}

/// Whether the dump has the rows that the server counted.
fn agree(database: &str, counts: &Counts, found: &BTreeMap<String, u64>) -> Result<(), Failure> {
    let differences = counts.differences(found);
    if differences.is_empty() {
        return Ok(());
    }
    let named = differences.iter().take(NAMED).map(ToString::to_string);
    let mut words: Vec<_> = named.collect();
    if differences.len() > NAMED {
        words.push(format!("{} more tables", differences.len() - NAMED));
    }
    Err(Failure::new(
        "dump_rows_differ",
        format!(
            "the dump of `{database}` has not the rows that the server counted: {}",
            words.join(", ")
        ),
    )
    .hint("run it again; if it persists, check the tables with `pg_amcheck`"))
}

#[cfg(test)]
mod tests;
