//! How a database beside a live one says what it is, and whether the run that
//! made it still lives.
//!
//! The mark is the database's comment. That a run lives is known by an
//! advisory lock, which the server releases when the run's connection ends,
//! however it does and on whatever machine the run was.

use anyhow::Result;
use serde::{Deserialize, Serialize};
use toolkit::postgres::{Session, quote};

/// How the comment begins; the rest is JSON.
const PREFIX: &str = "sextant restore ";

/// What a marked database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// It is being loaded.
    Side,
    /// It was live until the restore.
    Before,
}

/// The comment on a database beside a live one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) role: Role,
    /// The live database's name.
    pub(super) of: String,
    /// The name that the run's lock is made of: its side database's.
    pub(super) run: String,
    /// Where the run was, for people.
    pub(super) host: String,
    /// Its process there, for people.
    pub(super) pid: u32,
}

impl Mark {
    /// The mark of this run's side database.
    pub(super) fn side(of: &str, side: &str) -> Self {
        Self {
            role: Role::Side,
            of: of.to_owned(),
            run: side.to_owned(),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            pid: std::process::id(),
        }
    }

    /// The mark of the database that this run replaced.
    pub(super) fn before(&self) -> Self {
        Self {
            role: Role::Before,
            ..self.clone()
        }
    }

    /// Reads a comment; none when it is not a mark.
    pub(super) fn parse(comment: &str) -> Option<Self> {
        serde_json::from_str(comment.strip_prefix(PREFIX)?).ok()
    }

    /// The statement that marks `database`.
    pub(super) fn statement(&self, database: &str) -> Result<String> {
        let text = format!("{PREFIX}{}", serde_json::to_string(self)?);
        Ok(comment(database, Some(&text)))
    }
}

/// `COMMENT ON DATABASE`.
pub(super) fn comment(database: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), quote::literal);
    let database = quote::identifier(database);
    format!("COMMENT ON DATABASE {database} IS {text}")
}

/// Takes the lock of the run that `side` belongs to, until `session` ends;
/// whether nobody else has it.
pub(super) fn lock(session: &mut Session, side: &str) -> Result<bool> {
    let sql = format!("SELECT pg_catalog.pg_try_advisory_lock({})", key(side));
    Ok(session.value(&sql)?.as_deref() == Some("t"))
}

/// Whether the run that `side` belongs to lives. An advisory lock belongs to
/// one database, but is seen from all.
pub(super) fn lives(session: &mut Session, side: &str) -> Result<bool> {
    let sql = format!(
        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks AS l, \
           (VALUES ({})) AS k(high, low) \
         WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted \
           AND l.classid::bigint = k.high::bigint & 4294967295 \
           AND l.objid::bigint = k.low::bigint & 4294967295",
        key(side)
    );
    Ok(session.number(&sql)? > 0)
}

/// The two numbers of a run's lock, as SQL.
fn key(side: &str) -> String {
    let side = quote::literal(side);
    format!("pg_catalog.hashtext('sextant restore'), pg_catalog.hashtext({side})")
}
