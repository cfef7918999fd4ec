//! `postgres`: whether a database answers, and holds what it must.

mod ask;
mod judge;

use super::{Probe, Written};
use crate::{Amount, Around, Limits, Report, Text, aside};
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;
use toolkit::application::{self, Application};
use toolkit::failure::Failure;
use toolkit::postgres::{Params, Server};

/// How many of its connections may be used where nothing else is said.
const CONNECTIONS: (f64, f64) = (80.0, 95.0);

/// A PostgreSQL server and one database of it. By default it is the
/// application's, and has connections to spare.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// Another server than the application's: `postgres://user@host/database`.
    pub url: Option<String>,
    /// Another database than the application's, on the same server.
    pub database: Option<String>,
    /// How new the server is, by its major version: `{ min = 15 }`.
    pub version: Option<Amount>,
    /// One statement that returns rows, of less than 128 KiB each. It can change
    /// nothing.
    pub query: Option<String>,
    /// How many rows the query returns.
    pub rows: Option<Amount>,
    /// What the first value of the query's first row is, as text.
    pub value: Option<Text>,
    /// Which number the first value of the query's first row is.
    pub number: Option<Amount>,
    /// Tables, or views, that are there: `users`, `audit.log`.
    pub tables: Vec<String>,
    /// How many rows each of these tables has.
    pub count: BTreeMap<String, Amount>,
    /// Extensions that are installed in the database.
    pub extensions: Vec<String>,
    /// Settings, and what they are.
    pub settings: BTreeMap<String, Text>,
    /// `primary` or `replica`.
    pub role: Option<Role>,
    /// How many hundredths of its connections may be used.
    pub connections: Limits,
    /// What the database may take: `{ warn = "20 GiB" }`.
    #[serde(deserialize_with = "crate::size::limits")]
    pub size: Limits,
    /// How many seconds a replica may be behind: this one, or each of this
    /// primary's.
    pub replication_lag: Limits,
    /// How many seconds a transaction may be open.
    pub oldest_transaction: Limits,
}

/// What a server is to those that copy each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It takes writes.
    Primary,
    /// It copies another.
    Replica,
}

impl Postgres {
    fn connections(&self) -> Limits {
        let (warn, fail) = CONNECTIONS;
        self.connections.or(Limits::new(warn, fail))
    }

    /// The server, and the database that is meant.
    fn find(&self, around: &Around<'_>) -> Result<(Server, String)> {
        // A method's path would fix the lifetime that the closure leaves open.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let find = |application: &Application<'_>| application.postgres();
        let found = match &self.url {
            None => around.find(find)?,
            Some(url) => {
                let (url, config) = (url.clone(), around.config.clone());
                let at = move || {
                    let params = Params::resolve(Some(&url), &|name| config.var(name))?;
                    let params = params.reached()?;
                    Ok(Some(application::Postgres {
                        database: params.database.clone(),
                        server: Server::direct(params),
                    }))
                };
                aside::ask(around.deadline, at)?
            }
        };
        let Some(found) = found else {
            let failure = Failure::new("no_postgres", "the application has no PostgreSQL");
            return Err(failure
                .hint("name it with `url`, in `[database]` of sextant.toml, or in DATABASE_URL")
                .into());
        };
        let database = self.database.clone().unwrap_or(found.database);
        Ok((found.server, database))
    }
}

impl Written for Postgres {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let answer = [
            ("rows", self.rows.is_some()),
            ("value", self.value.is_some()),
            ("number", self.number.is_some()),
        ];
        let answer = answer.into_iter().find(|(_, is_given)| *is_given);
        match (&self.query, answer) {
            (Some(query), _) if query.trim().is_empty() => {
                return Some(("query", "the query is empty".to_owned()));
            }
            (Some(_), None) => {
                let message =
                    "nothing is expected of the query's answer: add `rows`, `value` or `number`";
                return Some(("query", message.to_owned()));
            }
            (None, Some((key, _))) => {
                return Some((key, format!("`{key}` is of the answer to a `query`")));
            }
            _ => {}
        }
        None
    }
}

impl Probe for Postgres {
    fn expects(&self) -> String {
        let database = match (&self.database, &self.url) {
            (Some(name), _) => format!("database `{name}` answers"),
            (None, Some(_)) => "the database of `url` answers".to_owned(),
            (None, None) => "the application's database answers".to_owned(),
        };
        match &self.query {
            Some(_) => format!("{database}, and its answer is as expected"),
            None => database,
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let (server, database) = self.find(around)?;
        let (wanted, deadline) = (self.clone(), around.deadline);
        let seen = aside::ask(deadline, move || {
            ask::about(&wanted, &server, &database, deadline)
        })?;
        Ok(judge::of(&seen, self))
    }
}
