//! The tables whose rows `pg_dump` writes, and the locks that keep them.

use super::quote;
use super::session::Session;
use crate::failure::Failure;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How many tables one statement locks.
const BATCH: usize = 200;

/// The first object identifier that is not PostgreSQL's own: `pg_dump` leaves
/// extensions below it, such as `plpgsql`, to `initdb`.
const FIRST_OWN: u32 = 16_384;

/// Ordinary tables and leaf partitions, and what decides about their rows:
///
/// - schemas of the system are left out, as `selectDumpableNamespace` does;
/// - tables of an extension count only where it declares them configuration,
///   under its condition (`processExtensionTables`);
/// - rows of unlogged tables cannot be read on a standby;
/// - rows of a partition below a root hashed by an enum are written as the
///   root's (`forcePartitionRootLoad`);
/// - partitioned parents have no rows; they are locked too, so that their
///   partitions stay theirs.
const LIST: &str = "
WITH RECURSIVE above(leaf, parent) AS (
  SELECT i.inhrelid, i.inhparent
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
  WHERE c.relispartition
  UNION ALL
  SELECT above.leaf, i.inhparent
  FROM above
  JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = above.parent
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
  WHERE c.relispartition
), by_enum(oid) AS (
  SELECT p.partrelid
  FROM pg_catalog.pg_partitioned_table AS p
  WHERE (
    SELECT o.oid
    FROM pg_catalog.pg_opclass AS o
    JOIN pg_catalog.pg_am AS a ON a.oid = o.opcmethod
    WHERE o.opcname = 'enum_ops' AND a.amname = 'hash'
      AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace
  ) = ANY (p.partclass)
), root(leaf, oid) AS (
  SELECT above.leaf, max(above.parent) FILTER (WHERE NOT c.relispartition)
  FROM above
  JOIN pg_catalog.pg_class AS c ON c.oid = above.parent
  GROUP BY above.leaf
  HAVING bool_or(above.parent IN (SELECT by_enum.oid FROM by_enum))
)
SELECT c.oid,
  encode(convert_to(n.nspname::text, getdatabaseencoding()), 'hex'),
  encode(convert_to(c.relname::text, getdatabaseencoding()), 'hex'),
  quote_ident(n.nspname) || '.' || quote_ident(c.relname),
  c.relkind = 'r' AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery()),
  e.condition,
  row_security_active(c.oid),
  encode(convert_to(rn.nspname::text, getdatabaseencoding()), 'hex'),
  encode(convert_to(rc.relname::text, getdatabaseencoding()), 'hex')
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN root ON root.leaf = c.oid
LEFT JOIN pg_catalog.pg_class AS rc ON rc.oid = root.oid
LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = rc.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
  AND d.objsubid = 0 AND d.deptype = 'e'
  AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
LEFT JOIN (
  SELECT x.oid AS extension, t.oid, t.condition
  FROM pg_catalog.pg_extension AS x,
    unnest(x.extconfig, x.extcondition) AS t(oid, condition)
  WHERE x.oid >= {FIRST_OWN}
) AS e ON e.oid = c.oid AND e.extension = d.refobjid
WHERE c.relkind IN ('r', 'p')
  AND CASE WHEN d.objid IS NULL
    THEN n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ELSE e.oid IS NOT NULL END
ORDER BY 4";

/// One table that a dump is concerned with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its number in the catalogs.
    pub oid: u32,
    /// Its name as [`quote::key`] writes it.
    pub key: String,
    /// Its name as SQL.
    pub sql: String,
    /// Whether `pg_dump` writes its rows; a partitioned parent has none.
    pub has_rows: bool,
    /// The `WHERE` under which an extension declares rows configuration.
    pub condition: Option<String>,
    /// The key its rows are dumped under, when that is its root's.
    pub root: Option<String>,
    /// Whether this role is shown some of its rows only.
    pub(super) hides_rows: bool,
}

impl Table {
    /// The statement that counts what `pg_dump` writes of it.
    pub(super) fn count(&self) -> String {
        let condition = self.condition.as_deref().unwrap_or_default();
        format!(
            "SELECT pg_catalog.count(*) FROM ONLY {} {condition}",
            self.sql
        )
    }
}

/// Lists the tables that a dump is concerned with.
///
/// # Errors
/// `pg_name_encoding` when a name cannot be written in a statement.
pub(super) fn list(session: &mut Session) -> Result<Vec<Table>> {
    let sql = LIST
        .replace("{FIRST_OWN}", &FIRST_OWN.to_string())
        .replace('\n', " ");
    let rows = session.rows(&sql)?;
    rows.into_iter().map(|row| table(&row)).collect()
}

fn table(row: &[Option<String>]) -> Result<Table> {
    let text = |at: usize| row.get(at).and_then(Option::as_deref);
    let bytes = |at: usize| text(at).and_then(unhex);
    let flag = |at: usize| text(at) == Some("t");
    let read = || {
        let (schema, name) = (bytes(1)?, bytes(2)?);
        Some(Table {
            oid: text(0)?.parse().ok()?,
            key: quote::key(&schema, &name),
            sql: text(3)?.to_owned(),
            has_rows: flag(4),
            condition: text(5).map(str::to_owned),
            hides_rows: flag(6),
            root: bytes(7)
                .zip(bytes(8))
                .map(|(schema, name)| quote::key(&schema, &name)),
        })
    };
    let table = read().ok_or_else(|| Failure::new("pg_query", "a table's row is not as asked"))?;
    // The condition is SQL that an extension brought; a backslash would make
    // it a command of psql's.
    if table
        .condition
        .as_deref()
        .is_some_and(|text| text.contains('\\'))
    {
        let message = format!(
            "the condition under which an extension keeps rows of `{}` has a backslash",
            table.key
        );
        return Err(Failure::new("pg_query", message).into());
    }
    // Only `SQL_ASCII` databases have such names, and what is sent is UTF-8.
    if table.sql.contains('\u{fffd}') {
        let message = format!("the name of table `{}` is not in UTF-8", table.key);
        return Err(Failure::new("pg_name_encoding", message)
            .hint("rename it: this `SQL_ASCII` database holds names in another encoding")
            .into());
    }
    Ok(table)
}

/// Keeps every table from being dropped, emptied or changed until the
/// transaction ends.
///
/// # Errors
/// `pg_lock_timeout`, naming the table and who holds it.
pub(super) fn lock(session: &mut Session, tables: &[Table], wait: Duration) -> Result<()> {
    for batch in tables.chunks(BATCH) {
        let names: Vec<_> = batch
            .iter()
            .map(|table| format!("ONLY {}", table.sql))
            .collect();
        let sql = format!("LOCK TABLE {} IN ACCESS SHARE MODE", names.join(", "));
        if let Err(error) = session.execute(&sql) {
            if Failure::of(&error).reason != "pg_lock_timeout" {
                return Err(error);
            }
            session.execute("ROLLBACK")?;
            return Err(held(session, batch, wait)?.into());
        }
    }
    Ok(())
}

/// Who holds one of the tables, or waits for it alone.
fn held(session: &mut Session, batch: &[Table], wait: Duration) -> Result<Failure> {
    let mut oids = String::new();
    for table in batch {
        let separator = if oids.is_empty() { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(oids, "{separator}{}", table.oid);
    }
    let rows = session.rows(&format!(
        "SELECT l.relation, l.pid, coalesce(a.usename, ''), coalesce(a.application_name, ''), \
           coalesce(a.state, ''), coalesce(extract(epoch FROM now() - a.xact_start)::bigint, 0) \
         FROM pg_catalog.pg_locks AS l \
         LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' \
           AND l.relation IN ({oids}) AND l.pid <> pg_backend_pid() \
         ORDER BY l.granted DESC, a.xact_start LIMIT 1"
    ))?;
    let waited = wait.as_secs_f32();
    let by_oid: BTreeMap<_, _> = batch
        .iter()
        .map(|table| (table.oid.to_string(), &table.key))
        .collect();
    let holder = rows.first().map(|row| {
        let text = |at: usize| row.get(at).and_then(Option::as_deref).unwrap_or_default();
        (
            by_oid.get(text(0)),
            text(1),
            text(2),
            text(3),
            text(4),
            text(5),
        )
    });
    let Some((Some(table), pid, user, application, state, seconds)) = holder else {
        let server = session.server();
        let message = format!("{server}: tables could not be locked within {waited} s");
        return Ok(Failure::new("pg_lock_timeout", message)
            .hint("run it when nothing alters or truncates tables"));
    };
    let by = match application {
        "" => format!("process {pid} of `{user}`"),
        application => format!("process {pid} of `{user}` (`{application}`)"),
    };
    let message = format!(
        "table `{table}` could not be locked within {waited} s: {by}, {state} for {seconds} s, holds it"
    );
    Ok(Failure::new("pg_lock_timeout", message).hint(format!(
        "wait for it, or end it with `SELECT pg_terminate_backend({pid})`"
    )))
}

/// Fails when some rows of a table would be missing.
pub(super) fn check_row_security(tables: &[Table], user: &str) -> Result<(), Failure> {
    let hiding: Vec<_> = tables
        .iter()
        .filter(|table| table.has_rows && table.hides_rows)
        .map(|table| format!("`{}`", table.key))
        .collect();
    if hiding.is_empty() {
        return Ok(());
    }
    let message = format!(
        "row security hides rows of {} from `{user}`",
        hiding.join(", ")
    );
    Err(Failure::new("pg_rls", message).hint(format!(
        "connect as the tables' owner or a superuser, or `ALTER ROLE {} BYPASSRLS`",
        quote::identifier(user)
    )))
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}
