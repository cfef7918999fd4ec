//! The live server as a replica of the throwaway one, for as long as it takes.

use super::super::keys::Keyspace;
use super::super::rdb::Rdb;
use super::super::scratch::{self, Scratch};
use super::compare;
use super::live::{Live, TICK};
use super::survey::Survey;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use std::time::{Duration, Instant};

/// How long the live server may do nothing about the data: it tries every
/// second, and writers are held meanwhile.
const IDLE: Duration = Duration::from_secs(15);

/// Lets the live server take the data, makes it a primary again, and returns
/// its keys. After an error it may still be a replica.
pub(super) fn take(
    live: &mut Live,
    scratch: &Scratch,
    survey: &Survey,
    saved: &Rdb,
) -> Result<Keyspace> {
    signals::check()?;
    let loaded = scratch.keyspace()?;
    let identity = scratch.info()?.remove("master_replid").unwrap_or_default();
    for (name, value) in survey.wanted(scratch) {
        live.set(name, value)?;
    }
    live.hold_writers()?;
    let port = scratch.port().to_string();
    live.link.command(&["REPLICAOF", "127.0.0.1", &port])?;
    wait(live, &identity, saved)?;
    live.link.command(&["REPLICAOF", "NO", "ONE"])?;
    // Writers are still held, and no key expires meanwhile.
    let found = live.keyspace()?;
    compare(&loaded, &found, &format!("`{}`", live.name()))?;
    Ok(found)
}

/// Waits until it has all data of the server with this replication id. The
/// link is up once they are loaded, and nobody writes to the throwaway server.
fn wait(live: &mut Live, identity: &str, saved: &Rdb) -> Result<()> {
    let deadline = Instant::now() + scratch::loading_time(saved.bytes);
    let mut busy = Instant::now();
    loop {
        signals::sleep(TICK)?;
        live.hold_writers()?;
        let info = live.info("replication")?;
        let field = |name: &str| info.get(name).map_or("", String::as_str);
        let syncing = field("master_sync_in_progress") == "1";
        let up = field("master_link_status") == "up" && !syncing;
        if up && field("master_replid") == identity {
            return Ok(());
        }
        if up || field("role") != "slave" {
            return Err(failed(live, "somebody else told it to follow another server").into());
        }
        if syncing {
            busy = Instant::now();
        }
        if busy.elapsed() > IDLE || Instant::now() > deadline {
            return Err(failed(live, "it did not take the data in time").into());
        }
    }
}

fn failed(live: &Live, why: &str) -> Failure {
    Failure::new(
        "redis_sync_failed",
        format!("`{}` has no new data: {why}", live.name()),
    )
    .hint("see the server's log; its folder must be writable, and have room for the dump once more")
}
