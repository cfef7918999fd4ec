//! One moment of a database held still.

use super::counts::Counts;
use super::place::Server;
use super::properties::Properties;
use super::quote;
use super::session::{Canceller, Session};
use super::tables::{self, Table};
use super::version::Version;
use crate::failure::Failure;
use anyhow::Result;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often the tables may change under our hands before we give up.
const ATTEMPTS: usize = 5;

/// The SQL of a relation's name in the database's own bytes.
const NAMES: &str = "encode(convert_to(n.nspname::text, getdatabaseencoding()), 'hex'), \
    encode(convert_to(c.relname::text, getdatabaseencoding()), 'hex')";

/// A transaction that sees the database as it was at one moment, and whose
/// locks keep its tables from being dropped, emptied or rewritten.
///
/// It lasts until it is dropped. `pg_dump --snapshot` joins it by its id, and
/// sees the same rows that are counted here.
#[derive(Debug)]
pub struct Snapshot {
    session: Session,
    id: String,
    tables: Vec<Table>,
    version: Version,
    properties: Properties,
    large_objects: u64,
}

impl Snapshot {
    /// Takes one of `database`. No lock is waited for longer than `wait`.
    ///
    /// Tables are locked before the moment is fixed: `TRUNCATE` and rewrites
    /// ignore snapshots, and one between the two would empty a table.
    ///
    /// # Errors
    /// As [`Session::open`]; `pg_lock_timeout`, naming the table and who holds
    /// it; `pg_rls` when row security would hide rows; `pg_permission`;
    /// `pg_tables_changing` when tables come and go all the time.
    pub fn take(server: &Server, database: &str, wait: Duration) -> Result<Self> {
        let mut session = Session::open(server, database)?;
        let version = Version::of_server(&mut session)?;
        let milliseconds = wait.as_millis().clamp(1, i32::MAX as u128);
        session.execute(&format!("SET lock_timeout = {milliseconds}"))?;
        // Counting is the dump's companion, not a reason to fill the server.
        session.execute("SET max_parallel_workers_per_gather = 0")?;
        for _ in 0..ATTEMPTS {
            if let Some((id, tables)) = hold(&mut session, wait)? {
                tables::check_row_security(&tables, server.user())?;
                let properties = Properties::read(&mut session, version)?;
                let large_objects =
                    session.number("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")?;
                return Ok(Self {
                    session,
                    id,
                    tables,
                    version,
                    properties,
                    large_objects,
                });
            }
            session.execute("ROLLBACK")?;
        }
        let message = format!("tables of `{database}` come and go faster than they are locked");
        Err(Failure::new("pg_tables_changing", message)
            .hint("run it when no migration runs")
            .into())
    }

    /// What `pg_dump --snapshot` takes.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The tables that are locked, by key.
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The server's version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the database is beside its contents.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// How many large objects it has.
    pub fn large_objects(&self) -> u64 {
        self.large_objects
    }

    /// What stops a count from another thread.
    pub fn canceller(&self) -> Canceller {
        self.session.canceller()
    }

    /// Counts the rows that a dump of this moment has, table by table. `each`
    /// is told the key and the rows of every table, for progress.
    pub fn count_rows(&mut self, mut each: impl FnMut(&str, u64)) -> Result<Counts> {
        let mut counts = Counts::default();
        for table in self.tables.iter().filter(|table| table.has_rows) {
            let rows = self.session.number(&table.count())?;
            each(&table.key, rows);
            if let Some(root) = &table.root {
                counts.roots.insert(table.key.clone(), root.clone());
            }
            let key = table.root.as_ref().unwrap_or(&table.key);
            *counts.rows.entry(key.clone()).or_insert(0) += rows;
        }
        Ok(counts)
    }

    /// Counts the rows of materialized views that hold any, which a restore
    /// computes anew. Those of extensions are left out, as `pg_dump` does.
    pub fn count_materialized_views(&mut self) -> Result<BTreeMap<String, u64>> {
        let views = self.named(
            "quote_ident(n.nspname) || '.' || quote_ident(c.relname)",
            "c.relkind = 'm' AND c.relispopulated",
        )?;
        let mut counts = BTreeMap::new();
        for (key, name) in views {
            let name = name.unwrap_or_default();
            let sql = format!("SELECT pg_catalog.count(*) FROM {name}");
            counts.insert(key, self.session.number(&sql)?);
        }
        Ok(counts)
    }

    /// The last value of each sequence; none where it was never used.
    pub fn sequences(&mut self) -> Result<BTreeMap<String, Option<String>>> {
        self.named("pg_sequence_last_value(c.oid)::text", "c.relkind = 'S'")
    }

    /// `column` of each relation under `condition`, by key.
    fn named(&mut self, column: &str, condition: &str) -> Result<BTreeMap<String, Option<String>>> {
        let rows = self.session.rows(&format!(
            "SELECT {NAMES}, {column} FROM pg_catalog.pg_class AS c \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE {condition} AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d \
                 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass \
                   AND d.objid = c.oid AND d.deptype = 'e')"
        ))?;
        let entry = |row: Vec<Option<String>>| {
            let mut values = row.into_iter();
            let schema = tables::unhex(&values.next()??)?;
            let name = tables::unhex(&values.next()??)?;
            Some((quote::key(&schema, &name), values.next()?))
        };
        Ok(rows.into_iter().filter_map(entry).collect())
    }
}

/// Locks all tables, then fixes the moment; none when the tables of that
/// moment are not those that were locked.
fn hold(session: &mut Session, wait: Duration) -> Result<Option<(String, Vec<Table>)>> {
    let wanted = tables::list(session)?;
    session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
    // LOCK needs no snapshot; the first query after it takes it.
    if let Err(error) = tables::lock(session, &wanted, wait) {
        // Dropped since it was listed?
        let gone = Failure::of(&error).reason == "pg_no_table";
        return if gone { Ok(None) } else { Err(error) };
    }
    let id = session.value("SELECT pg_catalog.pg_export_snapshot()")?;
    let id = id.ok_or_else(|| Failure::new("pg_query", "the server exported no snapshot"))?;
    let seen = tables::list(session)?;
    Ok((seen == wanted).then_some((id, seen)))
}
