//! What must be true of a live server before its data are replaced.

use super::super::link::{Info, Link};
use super::super::rdb::Rdb;
use super::super::scratch::{self, Module, Scratch};
use super::Place;
use super::live::Live;
use crate::command::Command;
use crate::failure::Failure;
use crate::redact;
use anyhow::Result;
use std::collections::BTreeMap;
use std::fs;

/// What is known of the live server.
pub(super) struct Survey {
    /// What it calls itself in messages.
    server: String,
    version: (u32, u32),
    databases: u64,
    maxmemory: u64,
    pub(super) modules: Vec<Module>,
    masteruser: String,
    masterauth: String,
    /// The settings that are changed, as they are.
    changed: BTreeMap<String, String>,
}

/// What each setting must be while the server is a replica: it goes on working
/// for the application, and speaks to a primary without TLS.
const WANTED: &[(&str, &str)] = &[
    ("replica-read-only", "no"),
    ("replica-serve-stale-data", "yes"),
    ("tls-replication", "no"),
];

impl Survey {
    /// Asks the server; changes nothing.
    pub(super) fn of(live: &mut Live, place: &Place) -> Result<Self> {
        let server = live.name();
        let info = live.info("everything")?;
        role(&server, &info)?;
        let version = version(&info);
        if version < (6, 2) {
            let found = info.get("redis_version").map_or("?", String::as_str);
            return Err(Failure::new(
                "redis_too_old",
                format!("`{server}` is Redis {found}, which cannot hold writers back"),
            )
            .hint("update it to 6.2 or newer")
            .into());
        }
        reaches(&server, &live.link, &info, place)?;
        watched(&server, &mut live.link)?;
        permitted(&mut live.link)?;
        Self::with_settings(server, version, &info, &mut live.link)
    }

    fn with_settings(
        server: String,
        version: (u32, u32),
        info: &Info,
        link: &mut Link,
    ) -> Result<Self> {
        let mut setting = |name: &str| link.setting(name);
        let masterauth = setting("masterauth")?.unwrap_or_default();
        redact::learn(&masterauth);
        let masteruser = setting("masteruser")?.unwrap_or_default();
        let databases = setting("databases")?;
        let mut changed = BTreeMap::new();
        for (name, wanted) in WANTED {
            if let Some(value) = setting(name)?
                && value != *wanted
            {
                changed.insert((*name).to_owned(), value);
            }
        }
        // One that is set stays: the throwaway server accepts it instead.
        if masterauth.is_empty() {
            changed.insert("masterauth".to_owned(), String::new());
        }
        Ok(Self {
            version,
            databases: databases.and_then(|text| text.parse().ok()).unwrap_or(16),
            maxmemory: number(info, "maxmemory"),
            modules: scratch::loaded(link)?,
            masteruser,
            masterauth,
            changed,
            server,
        })
    }

    /// The settings that are changed, as they were.
    pub(super) fn originals(&self) -> BTreeMap<String, String> {
        self.changed.clone()
    }

    /// The settings that are changed, as they must be to follow `scratch`.
    pub(super) fn wanted<'a>(&'a self, scratch: &'a Scratch) -> Vec<(&'a str, &'a str)> {
        let wanted = self.changed.keys().map(|name| {
            let fixed = WANTED.iter().find(|(wanted, _)| wanted == name);
            (
                name.as_str(),
                fixed.map_or(scratch.password(), |(_, value)| value),
            )
        });
        wanted.collect()
    }

    /// Lets the live server in by the credentials that it sends a primary.
    pub(super) fn admit_to(&self, scratch: &Scratch) -> Result<()> {
        match (self.masteruser.as_str(), self.masterauth.as_str()) {
            ("", "") => Ok(()),
            (user, "") => scratch.admit(user, scratch.password()),
            (user, password) => scratch.admit(user, password),
        }
    }

    /// A server that meets a database with a higher number than it has exits.
    pub(super) fn fits(&self, saved: &Rdb) -> Result<(), Failure> {
        let last = saved
            .databases
            .as_ref()
            .and_then(|saved| saved.last_key_value());
        match last {
            Some((&last, _)) if u64::from(last) >= self.databases => Err(Failure::new(
                "redis_databases",
                format!(
                    "the dump has keys in database {last}, and `{}` has {} databases",
                    self.server, self.databases
                ),
            )
            .hint("raise `databases` in the server's configuration, and restart it")),
            _ => Ok(()),
        }
    }

    /// A server that has more than its limit evicts keys as soon as it may.
    pub(super) fn holds(&self, scratch: &Info) -> Result<(), Failure> {
        let needed = number(scratch, "used_memory");
        if self.maxmemory == 0 || needed <= self.maxmemory {
            return Ok(());
        }
        Err(Failure::new(
            "redis_maxmemory",
            format!(
                "the dump takes {needed} bytes in memory, and `{}` is limited to {}",
                self.server, self.maxmemory
            ),
        )
        .hint("raise `maxmemory` in the server's configuration"))
    }

    /// A replica may be newer than its primary, never older.
    pub(super) fn understands(&self, scratch: &Info) -> Result<(), Failure> {
        let theirs = version(scratch);
        if theirs <= self.version {
            return Ok(());
        }
        let (major, minor) = theirs;
        let (old_major, old_minor) = self.version;
        Err(Failure::new(
            "redis_version",
            format!(
                "the `redis-server` of this machine is version {major}.{minor}, newer than \
                 `{}` ({old_major}.{old_minor})",
                self.server
            ),
        )
        .hint("put the server's own `redis-server` first in PATH"))
    }
}

fn number(info: &Info, name: &str) -> u64 {
    let value = info.get(name).and_then(|value| value.parse().ok());
    value.unwrap_or_default()
}

fn version(info: &Info) -> (u32, u32) {
    let text = info.get("redis_version").map_or("", String::as_str);
    let mut parts = text.split('.').map(|part| part.parse().unwrap_or_default());
    (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    )
}

/// Only a primary on its own can be given other data.
fn role(server: &str, info: &Info) -> Result<(), Failure> {
    let is = |name: &str, value: &str| info.get(name).is_some_and(|found| found == value);
    if is("loading", "1") || is("async_loading", "1") {
        return Err(
            Failure::new("redis_loading", format!("`{server}` is loading its data"))
                .hint("wait until it has read them"),
        );
    }
    if is("cluster_enabled", "1") {
        return Err(Failure::new(
            "redis_cluster",
            format!("`{server}` is part of a cluster, whose nodes follow no one else"),
        )
        .hint("restore each node's own file while the node is stopped"));
    }
    if is("redis_mode", "sentinel") {
        return Err(Failure::new(
            "redis_sentinel",
            format!("`{server}` is a Sentinel, which has no data"),
        )
        .hint("name the server that it watches"));
    }
    if !is("role", "master") {
        let host = info.get("master_host").map_or("?", String::as_str);
        let port = info.get("master_port").map_or("?", String::as_str);
        return Err(Failure::new(
            "redis_replica",
            format!("`{server}` is a replica of `{host}:{port}`, and would lose what it is given"),
        )
        .hint("restore into the primary; `REPLICAOF NO ONE` makes this one independent"));
    }
    Ok(())
}

/// Sentinels take a primary that becomes a replica for a failover.
fn watched(server: &str, link: &mut Link) -> Result<()> {
    let clients = link.command(&["CLIENT", "LIST"])?;
    let clients: String = redis::from_redis_value(clients).unwrap_or_default();
    if clients.contains(" name=sentinel-") {
        return Err(Failure::new(
            "redis_sentinel",
            format!("`{server}` is watched by Sentinel, which would take this for a failover"),
        )
        .hint("stop the Sentinels, or `SENTINEL REMOVE` this primary, until it is done")
        .into());
    }
    Ok(())
}

/// Tries, in forms that change nothing, whether this user may do what is to be
/// done, and undone.
fn permitted(link: &mut Link) -> Result<()> {
    link.command(&["CLIENT", "PAUSE", "1", "WRITE"])?;
    link.command(&["REPLICAOF", "NO", "ONE"])?;
    let value = link.setting("replica-read-only")?.unwrap_or_default();
    link.command(&["CONFIG", "SET", "replica-read-only", &value])?;
    Ok(())
}

/// Whether the server will find 127.0.0.1 to be where the throwaway one is.
fn reaches(server: &str, link: &Link, info: &Info, place: &Place) -> Result<()> {
    match place {
        Place::Container { id, .. } => {
            let inspect = ["inspect", "--format", "{{.State.Running}}", id];
            let state = Command::new("docker").args(inspect).read()?;
            if state.trim_ascii() == b"true" {
                return Ok(());
            }
            Err(elsewhere(server, &format!("container `{id}` does not run")).into())
        }
        Place::Host if !link.is_local() => {
            Err(elsewhere(server, "it is on another machine").into())
        }
        Place::Host if !is_our_neighbour(info) => {
            Err(elsewhere(server, "its process is in a container, or another user's").into())
        }
        Place::Host => Ok(()),
    }
}

/// Whether the process that the server says it is runs here and, where that can
/// be seen, in the same network namespace.
fn is_our_neighbour(info: &Info) -> bool {
    let process = number(info, "process_id");
    let name = fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net"));
    let same = match (network("self"), network(&process.to_string())) {
        (Ok(ours), Ok(theirs)) => ours == theirs,
        _ => true,
    };
    same && (name.starts_with("redis") || name.starts_with("valkey"))
}

fn elsewhere(server: &str, why: &str) -> Failure {
    Failure::new(
        "redis_elsewhere",
        format!("`{server}` cannot be given data from here: {why}"),
    )
    .hint("run this on the server's own machine, or name its container")
}
