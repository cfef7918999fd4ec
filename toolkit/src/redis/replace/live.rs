//! The live server, while its data are replaced.

use super::super::keys::Keyspace;
use super::super::link::{Info, Link};
use super::super::scratch;
use super::super::server::Server;
use crate::failure::Failure;
use anyhow::Result;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

/// How long writers are held without being asked again: as long as they wait
/// when this process dies.
const PAUSE: &str = "20000";
/// How often a server that is busy is asked.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// A connection that signals do not cut, so that everything can be put back.
pub(super) struct Live {
    pub(super) link: Link,
}

impl Live {
    pub(super) fn open(server: &Server) -> Result<Self> {
        let link = Link::steadfast(server)?;
        Ok(Self { link })
    }

    pub(super) fn name(&self) -> String {
        self.link.server().to_string()
    }

    pub(super) fn info(&mut self, section: &str) -> Result<Info> {
        self.link.info(section)
    }

    pub(super) fn keyspace(&mut self) -> Result<Keyspace> {
        self.link.keyspace()
    }

    /// Holds writers back for a while; again and again, for longer.
    pub(super) fn hold_writers(&mut self) -> Result<()> {
        self.link.command(&["CLIENT", "PAUSE", PAUSE, "WRITE"])?;
        Ok(())
    }

    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        self.link.command(&["CONFIG", "SET", name, value])?;
        Ok(())
    }

    /// Whether it is a replica of what listens on this port of 127.0.0.1.
    pub(super) fn follows(&mut self, port: u16) -> Result<bool> {
        let info = self.info("replication")?;
        let is = |name: &str, value: &str| info.get(name).is_some_and(|found| found == value);
        Ok(is("role", "slave")
            && is("master_host", "127.0.0.1")
            && is("master_port", &port.to_string()))
    }

    /// Makes it what it was: a primary with these settings, whose writers go
    /// on. What is already so stays so.
    pub(super) fn settle(
        &mut self,
        settings: &BTreeMap<String, String>,
        port: u16,
        bytes: u64,
    ) -> Result<()> {
        let deadline = Instant::now() + scratch::loading_time(bytes);
        while self.follows(port)? {
            match self.link.command(&["REPLICAOF", "NO", "ONE"]) {
                Ok(_) => {}
                // It takes this order only once it has read what it was sent.
                Err(error) if Failure::of(&error).reason == "redis_loading" => {
                    if Instant::now() > deadline {
                        return Err(error);
                    }
                    // A signal must not leave it half done.
                    thread::sleep(TICK);
                }
                Err(error) => return Err(error),
            }
        }
        for (name, value) in settings {
            self.set(name, value)?;
        }
        self.link.command(&["CLIENT", "UNPAUSE"])?;
        Ok(())
    }
}
