//! `redis`: whether a Redis answers, and keeps what it is given.

mod ask;
mod judge;

use super::{Probe, Written};
use crate::{Amount, Around, Limits, Report, aside};
use anyhow::Result;
use serde::Deserialize;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::redis::Server;

/// How much of `maxmemory` may be used where nothing else is said.
const MEMORY: (f64, f64) = (80.0, 95.0);

/// A Redis server. By default it is the application's, answers PING, and says
/// nothing bad of its memory, its files and its replication.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {
    /// Another server than the application's: `redis://:password@host:6379`.
    pub url: Option<String>,
    /// How new the server is, by its major version: `{ min = 7 }`.
    pub version: Option<Amount>,
    /// How many seconds PING may take.
    pub seconds: Limits,
    /// How many hundredths of `maxmemory` may be used.
    pub memory: Option<Limits>,
    /// How many seconds ago the last RDB file may have been saved, where keys
    /// have changed since.
    pub saved: Limits,
    /// Whether an append-only file is kept.
    pub aof: Option<bool>,
    /// How many keys may have been evicted since its start.
    pub evicted: Limits,
    /// How many keys there are, in all its databases.
    pub keys: Option<Amount>,
    /// `primary` or `replica`.
    pub role: Option<Role>,
    /// How many replicas are connected.
    pub replicas: Option<Amount>,
    /// How many seconds ago a replica last heard from its primary: this one, or
    /// each of this primary's.
    pub replication_lag: Limits,
    /// Whether it is a node of a cluster.
    pub cluster: Option<bool>,
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

impl Redis {
    fn memory(&self) -> Limits {
        self.memory.unwrap_or(Limits::new(MEMORY.0, MEMORY.1))
    }

    fn find(&self, around: &Around<'_>) -> Result<Server> {
        if let Some(url) = &self.url {
            return Ok(Server::from_url(url)?);
        }
        // A method's path would fix the lifetime that the closure leaves open.
        #[allow(clippy::redundant_closure_for_method_calls)]
        let find = |application: &Application<'_>| application.redis();
        let Some(found) = around.find(find)? else {
            let failure = Failure::new("no_redis", "the application has no Redis");
            return Err(failure
                .hint("name it with `url`, in `[redis]` of sextant.toml, or in REDIS_URL")
                .into());
        };
        Ok(found.server)
    }
}

impl Written for Redis {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if let Some(Err(failure)) = self.url.as_deref().map(Server::from_url) {
            return Some(("url", failure.message));
        }
        None
    }
}

impl Probe for Redis {
    fn expects(&self) -> String {
        match &self.url {
            None => "the application's Redis answers PONG".to_owned(),
            Some(url) => match Server::from_url(url) {
                Ok(server) => format!("`{server}` answers PONG"),
                Err(_) => "it answers PONG".to_owned(),
            },
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let server = self.find(around)?;
        let seen = aside::ask(around.deadline, move || ask::about(&server))?;
        Ok(judge::of(&seen, self))
    }
}
