//! What a database's dump is proven by.

use crate::postgres::{Counts, Properties};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was seen of a database in the moment that its dump shows, and what a
/// restored copy is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseProof {
    /// Its name.
    pub database: String,
    /// The server's version.
    pub server: String,
    /// The version of the `pg_dump` that wrote it.
    pub pg_dump: String,
    /// What it is beside its contents.
    pub properties: Properties,
    /// Rows of each table.
    pub counts: Counts,
    /// Rows of each populated materialized view.
    pub materialized_views: BTreeMap<String, u64>,
    /// The last value of each sequence; none where it was never used.
    pub sequences: BTreeMap<String, Option<String>>,
    /// Large objects.
    pub large_objects: u64,
}
