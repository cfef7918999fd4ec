//! Whether a restored database holds what was saved.

use anyhow::Result;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::postgres::{Counts, Difference, Server, Session, Snapshot, quote};
use toolkit::set::DatabaseProof;
use toolkit::sql::tally::Tally;

/// Nobody else holds locks in a database that nobody knows.
const LOCK_WAIT: Duration = Duration::from_secs(60);
/// How many differences a message names.
const NAMED: usize = 5;

/// What was found in a restored database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Verified {
    /// How many tables it has.
    pub(crate) tables: u64,
    /// How many rows they have.
    pub(crate) rows: u64,
    /// How many large objects it has.
    pub(crate) large_objects: u64,
    /// Whether there was a proof to compare with; otherwise it was compared
    /// with what its dump holds.
    pub(crate) proven: bool,
    /// The size of the dump, uncompressed.
    pub(crate) bytes: u64,
    /// How long loading and comparing took, in milliseconds.
    pub(crate) ms: u64,
    /// What is not as it was, and needs no second restore.
    pub(crate) warnings: Vec<String>,
}

/// Compares `database` with the proof, or without one with the dump's own
/// rows.
///
/// # Errors
/// `rows_differ`, naming tables with both numbers.
pub(super) fn verify(
    server: &Server,
    database: &str,
    proof: Option<&DatabaseProof>,
    tally: &Tally,
) -> Result<Verified> {
    let mut snapshot = Snapshot::take(server, database, LOCK_WAIT)?;
    let found = snapshot.count_rows(|_, _| {})?;
    let mut warnings = Vec::new();
    match proof {
        Some(proof) => {
            differ(&proof.counts.differences(&found.rows))?;
            large_objects(proof.large_objects, snapshot.large_objects())?;
            views(proof, &snapshot.count_materialized_views()?, &mut warnings)?;
            sequences(proof, &snapshot.sequences()?, &mut warnings)?;
        }
        None => differ(&with_dump(server, database, tally, &found)?)?,
    }
    Ok(Verified {
        tables: found.rows.len() as u64,
        rows: found.total(),
        large_objects: snapshot.large_objects(),
        proven: proof.is_some(),
        warnings,
        ..Verified::default()
    })
}

/// Where the tables that the dump has data of have another number of rows.
/// Of a partitioned table, the rows of all partitions count.
fn with_dump(
    server: &Server,
    database: &str,
    tally: &Tally,
    found: &Counts,
) -> Result<Vec<Difference>> {
    let mut session = Session::open(server, database)?;
    let mut differences = Vec::new();
    for (name, expected) in &tally.rows {
        let table = quote::key_of(name.as_bytes()).unwrap_or_else(|| name.clone());
        let rows = match found.rows.get(&table) {
            Some(rows) => *rows,
            None => session.number(&format!("SELECT pg_catalog.count(*) FROM {name}"))?,
        };
        if rows != *expected {
            differences.push(Difference {
                table,
                expected: Some(*expected),
                found: Some(rows),
            });
        }
    }
    Ok(differences)
}

/// Fails with the first few differences.
pub(super) fn differ(differences: &[Difference]) -> Result<(), Failure> {
    if differences.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = differences
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = match differences.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let message = format!(
        "the rows are not those that were saved: {}{more}",
        named.join(", ")
    );
    Err(Failure::new("rows_differ", message)
        .hint("the live database is as it was; restore from another set"))
}

fn large_objects(expected: u64, found: u64) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    let message = format!("{expected} large objects were saved, and {found} are restored");
    Err(Failure::new("rows_differ", message)
        .hint("the live database is as it was; restore from another set"))
}

/// A restore computes materialized views anew: one that had not been refreshed
/// for a while rightly has other rows.
fn views(
    proof: &DatabaseProof,
    found: &BTreeMap<String, u64>,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for (view, expected) in &proof.materialized_views {
        match found.get(view) {
            Some(rows) if rows == expected => {}
            Some(rows) => warnings.push(format!(
                "the materialized view `{view}` had {expected} rows and, refreshed, has {rows}"
            )),
            None => missing.push(Difference {
                table: view.clone(),
                expected: Some(*expected),
                found: None,
            }),
        }
    }
    differ(&missing)
}

/// Sequences go on while a backup runs: one may be ahead of its proof, for
/// `pg_dump` reads it later, but none is behind.
fn sequences(
    proof: &DatabaseProof,
    found: &BTreeMap<String, Option<String>>,
    warnings: &mut Vec<String>,
) -> Result<(), Failure> {
    let number =
        |value: &Option<String>| value.as_deref().and_then(|text| text.parse::<i64>().ok());
    for (sequence, expected) in &proof.sequences {
        let Some(value) = found.get(sequence) else {
            let message = format!("the sequence `{sequence}` was saved, and is not restored");
            return Err(Failure::new("rows_differ", message)
                .hint("the live database is as it was; restore from another set"));
        };
        let (Some(expected), value) = (number(expected), number(value)) else {
            continue;
        };
        // Descending ones count away from zero too.
        if value.is_none_or(|value| value.unsigned_abs() < expected.unsigned_abs()) {
            let value = value.map_or_else(|| "unused".to_owned(), |value| value.to_string());
            warnings.push(format!(
                "the sequence `{sequence}` was at {expected} and is {value}"
            ));
        }
    }
    Ok(())
}
