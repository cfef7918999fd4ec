//! Questions to a server, asked the same way wherever it is.

use super::cancel;
use super::error::Refusal;
use super::place::{Place, Server};
use super::psql::Psql;
use super::wire::Wire;
use crate::command::Group;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;

/// Settings as `pg_dump` makes them, so that what is asked means the same in
/// every database; those that a server does not have are left out.
///
/// A user's own query wants `RESET search_path` first.
const SETTINGS: &str = "\
SELECT pg_catalog.set_config(s.name, v.value, false) \
FROM (VALUES \
  ('search_path', ''), \
  ('client_encoding', CASE pg_catalog.getdatabaseencoding() \
     WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END), \
  ('client_min_messages', 'error'), \
  ('standard_conforming_strings', 'on'), \
  ('datestyle', 'ISO'), \
  ('intervalstyle', 'postgres'), \
  ('extra_float_digits', '3'), \
  ('bytea_output', 'hex'), \
  ('synchronize_seqscans', 'off'), \
  ('row_security', 'off'), \
  ('statement_timeout', '0'), \
  ('lock_timeout', '0'), \
  ('idle_in_transaction_session_timeout', '0'), \
  ('idle_session_timeout', '0'), \
  ('transaction_timeout', '0'), \
  ('client_connection_check_interval', '10s') \
) AS v(name, value) \
JOIN pg_catalog.pg_settings AS s ON pg_catalog.lower(s.name) = v.name";

/// One connection to one database.
///
/// It ends when dropped. A signal to this tool cancels what it is asked.
#[derive(Debug)]
pub struct Session {
    link: Link,
    server: Server,
}

#[derive(Debug)]
enum Link {
    Wire(Box<Wire>),
    Psql(Box<Psql>),
}

impl Session {
    /// Connects to `database`, with the settings that `pg_dump` uses.
    ///
    /// # Errors
    /// `pg_unreachable`, `pg_starting`, `pg_auth`, `pg_tls`, `pg_no_database`,
    /// `pg_too_many_connections`, `missing_program`, `interrupted`.
    pub fn open(server: &Server, database: &str) -> Result<Self> {
        let link = match &server.place {
            Place::Direct(params) => Link::Wire(Box::new(Wire::connect(server, params, database)?)),
            Place::Container { .. } => Link::Psql(Box::new(Psql::start(server, database)?)),
        };
        let mut session = Self {
            link,
            server: server.clone(),
        };
        session.rows(SETTINGS)?;
        if let Link::Wire(wire) = &mut session.link {
            wire.note_encoding()?;
        }
        Ok(session)
    }

    /// The rows that one statement returns: text as the server writes it, none
    /// for NULL.
    ///
    /// `sql` is one complete statement, from this tool or its configuration;
    /// names and values from elsewhere are quoted with [`super::quote`]. Bytes
    /// that are no UTF-8, which only a database in `SQL_ASCII` returns, are
    /// replaced.
    ///
    /// # Errors
    /// What the server refused: `pg_query`, `pg_permission`,
    /// `pg_lock_timeout`…; `pg_unreachable` when it is gone; `interrupted`.
    pub fn rows(&mut self, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
        signals::check()?;
        let asked = match &mut self.link {
            Link::Wire(wire) => wire.rows(sql),
            Link::Psql(psql) => psql.rows(sql),
        };
        asked.map_err(|error| self.explain(error))
    }

    /// Runs one statement whose rows, if any, are of no interest.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn execute(&mut self, sql: &str) -> Result<()> {
        signals::check()?;
        let asked = match &mut self.link {
            Link::Wire(wire) => wire.execute(sql),
            Link::Psql(psql) => psql.rows(sql).map(drop),
        };
        asked.map_err(|error| self.explain(error))
    }

    /// The first column of the first row, for questions with one answer.
    ///
    /// # Errors
    /// As [`Session::rows`].
    pub fn value(&mut self, sql: &str) -> Result<Option<String>> {
        let first = self.rows(sql)?.into_iter().next();
        Ok(first.and_then(|row| row.into_iter().next()).flatten())
    }

    /// The first column of the first row, a whole number of zero or more.
    ///
    /// # Errors
    /// As [`Session::rows`], and `pg_query` when it is no such number.
    pub fn number(&mut self, sql: &str) -> Result<u64> {
        let value = self.value(sql)?;
        let number = value.as_deref().and_then(|text| text.parse().ok());
        number.ok_or_else(|| {
            let answer = value.unwrap_or_else(|| "nothing".into());
            let server = &self.server;
            let message = format!("{server} answered `{answer}` where a number was asked for");
            Failure::new("pg_query", message).into()
        })
    }

    /// What ends a question of this connection from another thread.
    pub fn canceller(&self) -> Canceller {
        Canceller(match &self.link {
            Link::Wire(wire) => How::Request(Box::new(wire.canceller())),
            Link::Psql(psql) => How::Group(psql.group()),
        })
    }

    /// The server that it is connected to.
    pub fn server(&self) -> &Server {
        &self.server
    }

    fn explain(&self, error: Trouble) -> anyhow::Error {
        // Whatever broke after a signal broke because of it.
        if let Err(interrupted) = signals::check() {
            return interrupted.into();
        }
        match error {
            Trouble::Refused(refusal) => refusal.failure(&self.server).into(),
            Trouble::Other(error) => error,
        }
    }
}

/// Cancels what a [`Session`] is asked at that moment. In a container the
/// whole connection ends.
#[derive(Debug, Clone)]
pub struct Canceller(How);

#[derive(Debug, Clone)]
enum How {
    Request(Box<cancel::Canceller>),
    Group(Group),
}

impl Canceller {
    /// Asks for the end, without waiting for it.
    pub fn cancel(&self) {
        match &self.0 {
            How::Request(request) => request.send(),
            How::Group(group) => group.terminate(),
        }
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server refused it.
    Refused(Refusal),
    /// The way to the server broke.
    Other(anyhow::Error),
}

impl From<anyhow::Error> for Trouble {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.into())
    }
}
