//! Roles and tablespaces, which belong to the whole server.
//!
//! There is no aside for them: what exists stays as it is unless asked
//! otherwise, nothing is ever dropped, and the role that we are connected as is
//! never changed.

mod statement;

use super::side;
use anyhow::{Context, Result};
use serde::Serialize;
use statement::{Statement, Subject};
use std::collections::BTreeSet;
use std::io::Read;
use toolkit::failure::Failure;
use toolkit::postgres::{Server, Session};

/// Longer than the roles of any server; what is longer is no such dump.
const LONGEST: u64 = 64 << 20;

/// Which roles are made like those of the dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Globals {
    /// Those that do not exist.
    Missing,
    /// All of them.
    All,
}

/// What became of the roles and tablespaces of a dump.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Made {
    /// Roles and tablespaces that were created.
    pub(crate) created: Vec<String>,
    /// Those that existed.
    pub(crate) existing: Vec<String>,
    /// What could not be made, and does not stand in the way: tablespaces.
    pub(crate) warnings: Vec<String>,
}

/// What exists, and what this run has made.
struct Known {
    me: String,
    roles: BTreeSet<String>,
    tablespaces: BTreeSet<String>,
}

/// Makes the roles and tablespaces of a dump by `pg_dumpall --globals-only`.
///
/// # Errors
/// `hostile_dump`, `truncated_dump` before anything is executed; `pg_globals`,
/// naming each statement that failed, after the others were executed.
pub(crate) fn globals(
    server: &Server,
    maintenance: &str,
    sql: impl Read,
    how: Globals,
) -> Result<Made> {
    let mut text = Vec::new();
    let read = sql.take(LONGEST).read_to_end(&mut text);
    read.context("cannot read the roles")?;
    let statements = statement::read(&text)?;
    let (_, mut session) = side::connect(server, maintenance, "", &[])?;
    session.execute("SET default_transaction_read_only = off")?;
    let known = Known::ask(&mut session)?;
    let mut made = Made::default();
    let mut failed = Vec::new();
    for statement in &statements {
        known.note(statement, &mut made);
        if !known.wants(statement, how) {
            continue;
        }
        let done = session.execute(&statement.sql);
        match (&statement.subject, done) {
            (Subject::Role(name), Ok(())) if statement.creates => made.created.push(name.clone()),
            (Subject::Tablespace(name), Ok(())) if statement.creates => {
                made.created.push(name.clone());
            }
            (_, Ok(())) => {}
            (subject, Err(error)) => {
                toolkit::signals::check()?;
                let words = format!("`{}`: {error:#}", statement.words);
                match subject {
                    // The databases in it come back elsewhere.
                    Subject::Tablespace(_) => made.warnings.push(words),
                    _ => failed.push(words),
                }
            }
        }
    }
    if failed.is_empty() {
        return Ok(made);
    }
    let count = failed.len();
    let message = format!(
        "{count} of the statements about roles failed: {}",
        failed.join("; ")
    );
    Err(Failure::new("pg_globals", message)
        .hint("connect as a superuser; or create the roles by hand, and restore the database alone")
        .data(serde_json::to_value(made)?)
        .into())
}

impl Known {
    fn ask(session: &mut Session) -> Result<Self> {
        let mut list = |sql: &str| -> Result<BTreeSet<String>> {
            let rows = session.rows(sql)?;
            Ok(rows.into_iter().flatten().flatten().collect())
        };
        Ok(Self {
            roles: list("SELECT rolname FROM pg_catalog.pg_roles")?,
            tablespaces: list("SELECT spcname FROM pg_catalog.pg_tablespace")?,
            me: list("SELECT current_user")?
                .into_iter()
                .next()
                .unwrap_or_default(),
        })
    }

    fn has(&self, subject: &Subject) -> bool {
        match subject {
            Subject::Role(name) => self.roles.contains(name),
            Subject::Tablespace(name) => self.tablespaces.contains(name),
            Subject::Membership { group, member } => {
                self.roles.contains(group) && self.roles.contains(member)
            }
            Subject::Everybody => true,
            Subject::Connection => false,
        }
    }

    fn note(&self, statement: &Statement, made: &mut Made) {
        if let (true, Subject::Role(name) | Subject::Tablespace(name)) =
            (statement.creates, &statement.subject)
            && self.has(&statement.subject)
        {
            made.existing.push(name.clone());
        }
    }

    /// Whether a statement is to be executed.
    fn wants(&self, statement: &Statement, how: Globals) -> bool {
        let changes_me = match &statement.subject {
            Subject::Role(name) => *name == self.me,
            Subject::Membership { member, .. } => *member == self.me,
            // What the connection is like is ours to say.
            Subject::Connection => true,
            Subject::Tablespace(_) | Subject::Everybody => false,
        };
        if changes_me {
            return false;
        }
        !self.has(&statement.subject) || (how == Globals::All && !statement.creates)
    }
}
