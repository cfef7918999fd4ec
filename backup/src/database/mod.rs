//! One database as plain SQL, and the proof that all of it is there.

use crate::program::{self, Sink};
use anyhow::Result;
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;
use toolkit::command::Command;
use toolkit::failure::Failure;
use toolkit::postgres::{Counts, Properties, Server, Session, Snapshot, Version};

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
}

/// Dumps `database` of `server` to `sink`.
///
/// The dump and the counts see the same moment. No lock is waited for longer
/// than `wait`.
///
/// # Errors
/// As [`Snapshot::take`]; `pg_dump_too_old` before anything is written;
/// `dump_failed` with `pg_dump`'s last words; `dump_truncated` when its last
/// line is missing; `dump_empty`; `dump_rows_differ`, naming tables; what
/// `sink` returns.
pub(crate) fn dump(
    server: &Server,
    database: &str,
    wait: Duration,
    sink: impl Sink,
) -> Result<Dumped> {
    let version = Version::of_program(server, "pg_dump")?;
    let mut session = Session::open(server, database)?;
    version.can_dump(Version::of_server(&mut session)?)?;
    drop(session);
    let mut snapshot = Snapshot::take(server, database, wait)?;
    let command = command(server, database, snapshot.id(), wait);
    let canceller = snapshot.canceller();
    thread::scope(|scope| {
        let counting = thread::Builder::new()
            .name("count rows".into())
            .spawn_scoped(scope, || Seen::by(&mut snapshot))?;
        let written = program::run(&command, sink);
        if written.is_err() {
            canceller.cancel();
        }
        let seen = counting.join();
        let found = written?.rows;
        let seen = seen.map_err(|_| anyhow::anyhow!("counting rows ended unexpectedly"))??;
        Ok((found, seen))
    })
    .and_then(|(found, seen)| {
        agree(database, &seen.counts, &found)?;
        Ok(Dumped {
            counts: seen.counts,
            materialized_views: seen.materialized_views,
            sequences: seen.sequences,
            large_objects: snapshot.large_objects(),
            server: snapshot.version(),
            program: version,
            properties: snapshot.properties().clone(),
        })
    })
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

/// `pg_dump` in the moment that `snapshot` holds.
fn command(server: &Server, database: &str, snapshot: &str, wait: Duration) -> Command {
    let wait = wait.as_millis().clamp(1, i32::MAX as u128);
    server.tied_program("pg_dump", database).args([
        "--format=plain".to_owned(),
        format!("--snapshot={snapshot}"),
        format!("--lock-wait-timeout={wait}"),
    ])
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
            counts: snapshot.count_rows(|_, _| {})?,
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
