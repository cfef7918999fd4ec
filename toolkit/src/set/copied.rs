//! Where the rows of tables stand in a database's file.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// A table whose rows were copied apart from `pg_dump`: they fill whole members
/// of the file, with nothing else in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Its key in the counts.
    pub table: String,
    /// The statement that takes the rows in. The member before its first row
    /// ends with it, and the member after its last begins with `\.`.
    pub copy: String,
    /// Which of the file's members holds its first row, counted from 0.
    pub member: u64,
    /// Its ranges of pages, in their order, one after the other.
    #[serde(with = "line")]
    pub ranges: Vec<Range>,
}

/// Rows of one table that were copied at once: `[page, members, rows]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64)", into = "(u64, u64, u64)")]
pub struct Range {
    /// The table's first page of the range, which goes on to the next one.
    pub page: u64,
    /// How many members its rows take.
    pub members: u64,
    /// How many rows it has.
    pub rows: u64,
}

impl From<(u64, u64, u64)> for Range {
    fn from((page, members, rows): (u64, u64, u64)) -> Self {
        Self {
            page,
            members,
            rows,
        }
    }
}

impl From<Range> for (u64, u64, u64) {
    fn from(range: Range) -> Self {
        (range.page, range.members, range.rows)
    }
}

/// How the large tables of a database were copied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copying {
    /// How many connections copied tables beside `pg_dump`.
    pub connections: u64,
    /// How many tables they copied.
    pub tables: u64,
    /// Why `pg_dump` wrote a large table itself, by the table's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, String>,
    /// Why it wrote all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
}

/// All ranges on one line, since there is one for every few MiB.
mod line {
    use super::{Deserialize, Deserializer, Range, RawValue, Serialize, Serializer};
    use serde::ser::Error as _;

    pub(super) fn serialize<S: Serializer>(
        ranges: &[Range],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let line = serde_json::to_string(ranges).and_then(RawValue::from_string);
        line.map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Range>, D::Error> {
        Vec::deserialize(deserializer)
    }
}
