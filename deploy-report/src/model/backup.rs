//! Backups: what was saved, and whether it can be brought back.

use super::release::text;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use toolkit::record::{Record, Status};

/// One backup that was tried.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Backup {
    pub(crate) status: Status,
    pub(crate) at: Option<DateTime<Utc>>,
    /// The set.
    pub(crate) path: Option<String>,
    /// In bytes.
    pub(crate) bytes: Option<u64>,
    pub(crate) ms: Option<u64>,
    /// The version that was deployed when it was made.
    pub(crate) version: Option<String>,
    pub(crate) parts: Vec<Part>,
    /// How many old sets were removed.
    pub(crate) removed: usize,
    /// Whether it was restored in a test; none where nobody tried.
    pub(crate) proven: Option<bool>,
}

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) file: Option<String>,
    /// In bytes, as it is on disk and uncompressed.
    pub(crate) bytes: Option<u64>,
    pub(crate) raw_bytes: Option<u64>,
}

/// The backups that were tried, in their order.
pub(super) fn of(records: &[Record]) -> Vec<Backup> {
    let tried = records
        .iter()
        .filter(|record| record.tool == "backup" && record.status != Status::Skip);
    tried.map(|record| one(record, records)).collect()
}

fn one(record: &Record, records: &[Record]) -> Backup {
    let data = &record.data;
    let path = text(&data["path"]);
    let parts = data["parts"].as_array().into_iter().flatten();
    let parts = parts.filter_map(|part| {
        Some(Part {
            name: text(&part["name"])?,
            file: text(&part["file"]),
            bytes: part["bytes"].as_u64(),
            raw_bytes: part["raw_bytes"].as_u64(),
        })
    });
    Backup {
        status: record.status,
        at: super::moment(&record.at),
        bytes: data["bytes"].as_u64(),
        ms: record.ms,
        version: text(&data["version"]),
        parts: parts.collect(),
        removed: data["removed"].as_array().map_or(0, Vec::len),
        proven: path.as_deref().and_then(|path| proof(records, path)),
        path,
    }
}

/// Whether `restore --check` brought the set at `path` back.
pub(super) fn proof(records: &[Record], path: &str) -> Option<bool> {
    let tried = records.iter().rev().find(|record| {
        let data = &record.data;
        record.tool == "restore" && data["checked"] == Value::Bool(true) && data["path"] == path
    })?;
    Some(tried.status == Status::Ok && tried.data["proven"] == Value::Bool(true))
}
