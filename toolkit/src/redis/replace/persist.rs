//! The new data made to survive a restart of the live server.

use super::super::link::Info;
use super::super::rdb::Rdb;
use super::super::scratch;
use super::live::{Live, TICK};
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// How a server's data survive its restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Persisted {
    /// In its append-only file, which was rewritten.
    Aof,
    /// In a snapshot that was taken.
    Rdb,
    /// Not at all: it is set up so.
    Nothing,
}

/// Waits until the data are where the server will look for them.
pub(super) fn wait(live: &mut Live, saved: &Rdb) -> Result<Persisted> {
    let deadline = Instant::now() + scratch::loading_time(saved.bytes);
    let info = live.info("persistence")?;
    if is(&info, "aof_enabled", "1") {
        // The server itself began to rewrite it when it had the data.
        let info = until(
            live,
            deadline,
            "aof_rewrite_in_progress",
            "aof_rewrite_scheduled",
        )?;
        if !is(&info, "aof_last_bgrewrite_status", "ok") {
            return Err(unsaved("redis_aof_rewrite", live, "append-only file").into());
        }
        return Ok(Persisted::Aof);
    }
    if live.link.setting("save")?.unwrap_or_default().is_empty() {
        return Ok(Persisted::Nothing);
    }
    // One that already runs may be of the old data.
    until(
        live,
        deadline,
        "rdb_bgsave_in_progress",
        "aof_rewrite_in_progress",
    )?;
    live.link.command(&["BGSAVE", "SCHEDULE"])?;
    let info = until(
        live,
        deadline,
        "rdb_bgsave_in_progress",
        "aof_rewrite_in_progress",
    )?;
    if !is(&info, "rdb_last_bgsave_status", "ok") {
        return Err(unsaved("redis_bgsave", live, "snapshot").into());
    }
    Ok(Persisted::Rdb)
}

fn is(info: &Info, name: &str, value: &str) -> bool {
    info.get(name).is_some_and(|found| found == value)
}

/// Waits until neither is the case any more.
fn until(live: &mut Live, deadline: Instant, first: &str, second: &str) -> Result<Info> {
    loop {
        let info = live.info("persistence")?;
        if is(&info, first, "0") && is(&info, second, "0") {
            return Ok(info);
        }
        if Instant::now() > deadline {
            let failure = unsaved("redis_persistence_slow", live, "data on its disk");
            return Err(failure.into());
        }
        signals::sleep(TICK)?;
    }
}

fn unsaved(reason: &'static str, live: &Live, what: &str) -> Failure {
    Failure::new(
        reason,
        format!(
            "`{}` has the data, but could not complete its {what}",
            live.name()
        ),
    )
    .hint("see the server's log; until it succeeds, a restart brings the old data back")
}
