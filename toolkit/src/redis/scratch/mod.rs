//! A throwaway Redis that has loaded an RDB file: proof that it can be loaded,
//! and the primary that a live server takes its data from.
//!
//! It runs beside a container, from the same image, or as a process of this
//! machine. It never touches the file, keeps nothing, and is gone with the
//! value; what a killed run left is removed by [`Scratch::sweep`].

mod beside;
mod local;
mod settings;
mod tag;
mod words;

use super::keys::Keyspace;
use super::link::{self, Info, Link};
use super::owner::Owner;
use super::server::Server;
use crate::{redact, signals};
use anyhow::{Context, Result};
use redis::Value;
pub(super) use settings::loaded;
use settings::quoted;
pub use settings::{Module, modules};
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};
use tag::Tag;
pub(super) use tag::{Serving, abandoned};
use words::{Start, failed};

/// How often a server that loads is asked.
const TICK: Duration = Duration::from_millis(50);
/// How many ports are tried.
const ATTEMPTS: u8 = 5;

/// A running Redis that has loaded an RDB file.
pub struct Scratch {
    host: Host,
    /// Where it listens on 127.0.0.1; a mere check listens nowhere.
    port: u16,
    password: String,
}

enum Host {
    Beside(beside::Container),
    Local(local::Process),
}

impl Scratch {
    /// Loads an RDB file into a Redis from the image of a container, with no
    /// network at all. `modules` are those of the live server ([`modules`]),
    /// which a file with their data cannot be loaded without.
    ///
    /// # Errors
    /// `rdb_rejected`, `rdb_too_new`, `rdb_needs_module` when it cannot be
    /// loaded; `scratch_failed` when the server does not come up.
    pub fn beside(container: &str, image: &str, rdb: &Path, modules: &[Module]) -> Result<Self> {
        beside::sweep()?;
        let place = beside::Beside { container, image };
        Self::started(rdb, None, |plan| {
            beside::Container::start(&place, plan, modules).map(Host::Beside)
        })
    }

    /// Loads an RDB file into the `redis-server` of this machine, behind a
    /// socket in a private folder.
    ///
    /// # Errors
    /// As [`Scratch::beside`]; `missing_program` without a `redis-server`.
    pub fn local(rdb: &Path) -> Result<Self> {
        local::sweep();
        Self::started(rdb, None, |plan| {
            local::Process::start(plan, &[]).map(Host::Local)
        })
    }

    /// The same as [`Scratch::beside`], but found by that container on
    /// 127.0.0.1.
    pub(super) fn serving_container(
        container: &str,
        image: &str,
        rdb: &Path,
        modules: &[Module],
        serving: &Serving,
    ) -> Result<Self> {
        beside::sweep()?;
        let place = beside::Beside { container, image };
        Self::started(rdb, Some(serving), |plan| {
            beside::Container::start(&place, plan, modules).map(Host::Beside)
        })
    }

    /// The same as [`Scratch::local`], but found on 127.0.0.1.
    pub(super) fn serving_host(rdb: &Path, modules: &[Module], serving: &Serving) -> Result<Self> {
        local::sweep();
        Self::started(rdb, Some(serving), |plan| {
            local::Process::start(plan, modules).map(Host::Local)
        })
    }

    fn started(
        rdb: &Path,
        serving: Option<&Serving>,
        start: impl Fn(&Plan<'_>) -> Result<Host>,
    ) -> Result<Self> {
        let file = || File::open(rdb).with_context(|| format!("cannot open `{}`", rdb.display()));
        let saved = super::rdb::inspect(file()?)?;
        let last = saved
            .databases
            .as_ref()
            .and_then(|saved| saved.last_key_value());
        let mut attempt = 1;
        loop {
            let password = settings::random_password()?;
            redact::learn(&password);
            let port = serving.map_or(Ok(0), |_| settings::random_port())?;
            let plan = Plan {
                rdb,
                bytes: saved.bytes,
                written_by: saved.redis_version.as_deref(),
                databases: last
                    .map_or(0, |(number, _)| number.saturating_add(1))
                    .max(16),
                port,
                password: &password,
                serving: serving.map(|serving| Serving {
                    port,
                    ..serving.clone()
                }),
            };
            let host = start(&plan)?;
            let scratch = Self {
                host,
                port,
                password: password.clone(),
            };
            match scratch.wait(&plan)? {
                Start::Ready => return Ok(scratch),
                Start::PortTaken if attempt < ATTEMPTS => attempt += 1,
                Start::PortTaken => return Err(failed("it finds no free port").into()),
            }
        }
    }

    /// Waits until it has loaded the file.
    fn wait(&self, plan: &Plan<'_>) -> Result<Start> {
        let deadline = Instant::now() + loading_time(plan.bytes);
        loop {
            if let Ok(info) = self.info()
                && info.get("loading").is_some_and(|loading| loading == "0")
            {
                return Ok(Start::Ready);
            }
            signals::check()?;
            if let Some(words) = self.last_words()? {
                return words::meaning(&words, plan);
            }
            if Instant::now() > deadline {
                return Err(failed("it takes too long to load the RDB file").into());
            }
            signals::sleep(TICK)?;
        }
    }

    /// All fields of its `INFO`.
    pub(super) fn info(&self) -> Result<Info> {
        Ok(link::parse_info(&self.ask(&["INFO"])?))
    }

    /// The keys of each database.
    pub fn keyspace(&self) -> Result<Keyspace> {
        Ok(link::keyspace(&self.info()?))
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn password(&self) -> &str {
        &self.password
    }

    /// Lets a replica in by these credentials too; the user is the default one
    /// without a name.
    pub(super) fn admit(&self, user: &str, password: &str) -> Result<()> {
        let user = if user.is_empty() { "default" } else { user };
        let password = format!(">{password}");
        let answer = self.ask(&["ACL", "SETUSER", user, "on", &password, "~*", "&*", "+@all"])?;
        if answer.trim() != "OK" {
            return Err(failed(answer.trim()).into());
        }
        Ok(())
    }

    fn ask(&self, words: &[&str]) -> Result<String> {
        match &self.host {
            Host::Beside(container) => container.ask(&self.password, words),
            Host::Local(process) => {
                let server = Server::unix(process.socket()).password(&self.password);
                let answer = Link::open(&server)?.command(words)?;
                Ok(match answer {
                    Value::Okay => "OK".to_owned(),
                    other => redis::from_redis_value(other).context("no text")?,
                })
            }
        }
    }

    /// The last lines of its log, once it has ended.
    fn last_words(&self) -> Result<Option<Vec<String>>> {
        match &self.host {
            Host::Beside(container) => container.last_words(),
            Host::Local(process) => process.last_words(),
        }
    }

    /// Removes what killed runs left, except what a live server may still be
    /// following: that is put right by [`super::repair`] first.
    pub fn sweep() -> Result<()> {
        local::sweep();
        beside::sweep()
    }
}

/// What a scratch server is started with.
struct Plan<'a> {
    rdb: &'a Path,
    bytes: u64,
    written_by: Option<&'a str>,
    databases: u32,
    port: u16,
    password: &'a str,
    serving: Option<Serving>,
}

impl Plan<'_> {
    fn tag(&self, beside: Option<&str>) -> Result<Tag> {
        Ok(Tag {
            owner: Owner::this()?,
            beside: beside.map(str::to_owned),
            serving: self.serving.clone(),
        })
    }

    /// Its `redis.conf`, for this folder.
    fn configuration(&self, folder: &str, modules: &[Module]) -> String {
        settings::configuration(folder, self.port, self.password, self.databases, modules)
    }
}

/// How long a server may take to load as many bytes: a slow disk's speed, and
/// time to start.
pub(super) fn loading_time(bytes: u64) -> Duration {
    Duration::from_secs(60 + bytes / (4 * 1024 * 1024))
}
