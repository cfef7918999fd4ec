//! Databases and Redis, as checks and backups saw them.

use super::finding::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use toolkit::record::Record;

/// A PostgreSQL database, as one record saw it.
#[allow(clippy::struct_field_names)] // `database` is its name on the server
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Database {
    /// `check` or `backup`.
    pub(crate) seen_by: &'static str,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) superseded: bool,
    /// The check's name, or the part's.
    pub(crate) name: String,
    pub(crate) database: Option<String>,
    /// The server's version.
    pub(crate) version: Option<String>,
    /// `primary` or `replica`.
    pub(crate) role: Option<String>,
    /// In bytes.
    pub(crate) size: Option<f64>,
    pub(crate) connections: Option<f64>,
    pub(crate) connections_max: Option<f64>,
    /// How many tables were counted.
    pub(crate) tables: usize,
    pub(crate) rows: Vec<Rows>,
}

/// A table and its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Rows {
    pub(crate) table: String,
    pub(crate) rows: u64,
}

/// A Redis server, as one record saw it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Redis {
    /// `check` or `backup`.
    pub(crate) seen_by: &'static str,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) superseded: bool,
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) role: Option<String>,
    /// In bytes.
    pub(crate) memory: Option<f64>,
    pub(crate) keys: Option<f64>,
    pub(crate) clients: Option<f64>,
    /// Whether each write goes to a file.
    pub(crate) aof: Option<bool>,
}

/// The kinds of checks that look at data.
pub(super) const KINDS: [&str; 2] = ["postgres", "redis"];

/// The databases that checks and backups saw.
pub(super) fn databases(findings: &[Finding], backups: &[&Record]) -> Vec<Database> {
    let checked = findings.iter().filter(|finding| finding.kind == "postgres");
    let checked = checked.filter(|finding| finding.facts.contains_key("version"));
    let saved = backups.iter().flat_map(|record| parts(record, "database"));
    checked
        .map(checked_database)
        .chain(saved.map(|(record, part)| saved_database(record, part)))
        .collect()
}

/// The Redis servers that checks and backups saw.
pub(super) fn redis(findings: &[Finding], backups: &[&Record]) -> Vec<Redis> {
    let checked = findings.iter().filter(|finding| finding.kind == "redis");
    let checked = checked.filter(|finding| finding.facts.contains_key("version"));
    let saved = backups.iter().flat_map(|record| parts(record, "redis"));
    checked
        .map(checked_redis)
        .chain(saved.map(|(record, part)| saved_redis(record, part)))
        .collect()
}

/// The parts of a set that hold `kind`.
fn parts<'r>(record: &&'r Record, kind: &'r str) -> impl Iterator<Item = (&'r Record, &'r Value)> {
    let record = *record;
    let parts = record.data["parts"].as_array().into_iter().flatten();
    parts
        .filter(move |part| part[kind].is_object())
        .map(move |part| (record, part))
}

fn checked_database(finding: &Finding) -> Database {
    let rows = finding.measures.iter().filter_map(|measure| {
        let table = measure.name.strip_prefix("rows_")?;
        Some(Rows {
            table: table.to_owned(),
            rows: whole(measure.value)?,
        })
    });
    let rows: Vec<_> = rows.collect();
    Database {
        seen_by: "check",
        at: finding.at,
        superseded: finding.superseded,
        name: finding.name.clone(),
        database: finding.fact("database"),
        version: finding.fact("version"),
        role: finding.fact("role"),
        size: finding.measured("size"),
        connections: finding.measured("connections"),
        connections_max: finding
            .measure("connections")
            .and_then(|measure| measure.max),
        tables: rows.len(),
        rows,
    }
}

fn saved_database(record: &Record, part: &Value) -> Database {
    let proof = &part["database"];
    let text = |key: &str| proof[key].as_str().map(str::to_owned);
    let counted = proof["counts"]["rows"].as_object().into_iter().flatten();
    let rows = counted.filter_map(|(table, rows)| {
        Some(Rows {
            table: table.clone(),
            rows: rows.as_u64()?,
        })
    });
    let rows: Vec<_> = rows.collect();
    Database {
        seen_by: "backup",
        at: super::moment(&record.at),
        name: part["name"].as_str().unwrap_or_default().to_owned(),
        database: text("database"),
        version: text("server"),
        tables: rows.len(),
        rows,
        ..Database::default()
    }
}

fn checked_redis(finding: &Finding) -> Redis {
    Redis {
        seen_by: "check",
        at: finding.at,
        superseded: finding.superseded,
        name: finding.name.clone(),
        version: finding.fact("version"),
        role: finding.fact("role"),
        memory: finding.measured("memory"),
        keys: finding.measured("keys"),
        clients: finding.measured("clients"),
        aof: finding.facts.get("aof").and_then(Value::as_bool),
    }
}

fn saved_redis(record: &Record, part: &Value) -> Redis {
    let proof = &part["redis"];
    let counted = proof["databases"].as_object();
    let keys = counted.map(|databases| {
        let each = databases.values().filter_map(|keys| keys["keys"].as_f64());
        each.sum::<f64>()
    });
    Redis {
        seen_by: "backup",
        at: super::moment(&record.at),
        name: part["name"].as_str().unwrap_or_default().to_owned(),
        version: proof["redis_version"].as_str().map(str::to_owned),
        keys: keys.map(|keys| if keys == 0.0 { 0.0 } else { keys }),
        ..Redis::default()
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // checked before
fn whole(number: f64) -> Option<u64> {
    (0.0..9e15).contains(&number).then(|| number.round() as u64)
}
