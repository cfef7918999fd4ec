//! How many rows each table has, and whether another count agrees.

use super::quote;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Rows by table, under the keys of [`quote::key`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows of each table; partitions that are dumped as their root's rows
    /// count there.
    pub rows: BTreeMap<String, u64>,
    /// The root that stands for each such partition, whose rows another
    /// version of `pg_dump` writes as the partition's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub roots: BTreeMap<String, String>,
}

/// A table with two different counts; none where it is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The table's key.
    pub table: String,
    /// Rows in these counts.
    pub expected: Option<u64>,
    /// Rows in the others.
    pub found: Option<u64>,
}

impl Counts {
    /// All rows.
    pub fn total(&self) -> u64 {
        self.rows.values().sum()
    }

    /// Where `found` differs, by qualified names as `pg_dump` quotes them
    /// (raw or as keys) or as another [`Counts`] has them.
    pub fn differences<'a>(
        &self,
        found: impl IntoIterator<Item = (&'a String, &'a u64)>,
    ) -> Vec<Difference> {
        let mut others = BTreeMap::new();
        for (name, rows) in found {
            let key = quote::key_of(name.as_bytes()).unwrap_or_else(|| name.clone());
            let key = self.roots.get(&key).cloned().unwrap_or(key);
            *others.entry(key).or_insert(0) += rows;
        }
        let tables: BTreeSet<_> = self.rows.keys().chain(others.keys()).collect();
        let differences = tables.into_iter().map(|table| Difference {
            table: table.clone(),
            expected: self.rows.get(table).copied(),
            found: others.get(table).copied(),
        });
        differences
            .filter(|difference| difference.expected != difference.found)
            .collect()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = |rows: Option<u64>| rows.map_or("none".to_owned(), |rows| rows.to_string());
        let (expected, found) = (rows(self.expected), rows(self.found));
        write!(f, "`{}`: {expected} expected, {found} found", self.table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        pairs
            .iter()
            .map(|(name, rows)| ((*name).to_owned(), *rows))
            .collect()
    }

    #[test]
    fn quoting_and_roots_do_not_matter() {
        let counts = Counts {
            rows: rows(&[("public.select", 2), ("public.root", 5)]),
            roots: [("public.leaf".to_owned(), "public.root".to_owned())].into(),
        };
        let dumped = rows(&[
            ("public.\"select\"", 2),
            ("public.leaf", 3),
            ("public.root", 2),
        ]);
        assert_eq!(counts.differences(&dumped), []);
    }

    #[test]
    fn missing_and_short_tables_are_named() {
        let counts = Counts {
            rows: rows(&[("public.a", 0), ("public.b", 2)]),
            roots: BTreeMap::new(),
        };
        let found = rows(&[("public.b", 1), ("public.c", 0)]);
        let words: Vec<_> = counts
            .differences(&found)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            words,
            [
                "`public.a`: 0 expected, none found",
                "`public.b`: 2 expected, 1 found",
                "`public.c`: none expected, 0 found",
            ]
        );
    }
}
