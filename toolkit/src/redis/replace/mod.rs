//! A live server's data replaced by that of an RDB file, without a restart.
//!
//! With AOF on, a server that starts ignores its `dump.rdb`, so the file cannot
//! just be put there. Instead a throwaway server beside it loads the file, and
//! the live one becomes its replica for as long as it takes to have the data,
//! which its own AOF rewrite then makes durable.
//!
//! What holds if this process, the throwaway server or the live one dies at any
//! moment:
//!
//! - The file has been loaded by a server of the same kind before the live one
//!   is touched. A replica drops its old data only once it has received all of
//!   the new ones.
//! - As a replica it stays writable and serves what it has, so the application
//!   works on if nobody makes it a primary again. The next run does, by the
//!   throwaway server's [`Tag`](super::scratch::Tag).
//! - Nothing is written to its configuration file, and the old AOF is in place
//!   until the new one is complete, so that a restart brings up a primary with
//!   the old data or with the new ones.
//! - Writers are held (`CLIENT PAUSE … WRITE`), not refused, for as long as what
//!   they write would be lost. The pause ends by itself.

mod follow;
mod live;
mod persist;
mod survey;

use super::keys::{self, Keyspace};
use super::rdb::{self, Rdb};
use super::scratch::{self, Scratch, Serving};
use super::server::Server;
use crate::failure::{Exit, Failure};
use anyhow::{Context, Result};
use live::Live;
pub use persist::Persisted;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::Path;
use survey::Survey;

/// Where a live server runs, which is where it must find the throwaway one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a container.
    Container {
        /// The container's id.
        id: String,
        /// The id of the image that it was made from.
        image: String,
    },
    /// On this machine, in no container.
    Host,
}

/// What a server holds after its data were replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// The keys of each database before.
    pub before: Keyspace,
    /// The keys of each database when all was there and before any writer
    /// went on.
    pub databases: Keyspace,
    /// How the data survive a restart.
    pub persisted: Persisted,
}

/// An RDB file that a throwaway server has loaded beside the live one, which is
/// not touched yet. Dropped, that server is removed.
pub struct Prepared {
    server: Server,
    saved: Rdb,
    survey: Survey,
    scratch: Scratch,
}

/// Replaces all data of a live server by those of an RDB file, and returns once
/// they survive its restart.
///
/// # Errors
/// Those of [`prepare`], and of [`Prepared::exchange`].
pub fn replace(server: &Server, place: &Place, rdb: &Path) -> Result<Replaced> {
    prepare(server, place, rdb)?.exchange()
}

/// Loads an RDB file beside a live server.
///
/// # Errors
/// What [`rdb::inspect`], [`Scratch::beside`] and [`Link`](super::Link) return;
/// `redis_replica`, `redis_cluster`, `redis_sentinel`, `redis_too_old`,
/// `redis_version`, `redis_databases`, `redis_maxmemory`, `redis_elsewhere`,
/// `redis_no_permission`, `redis_unsupported`, `redis_count_mismatch` for a server
/// or a file that this cannot be done with.
pub fn prepare(server: &Server, place: &Place, rdb: &Path) -> Result<Prepared> {
    repair(server, place)?;
    let file = File::open(rdb).with_context(|| format!("cannot open `{}`", rdb.display()))?;
    let saved = rdb::inspect(file)?;
    let mut live = Live::open(server)?;
    let survey = Survey::of(&mut live, place)?;
    survey.fits(&saved)?;
    let scratch = serve(server, place, rdb, &survey)?;
    check(&scratch, &saved, &survey, place)?;
    survey.admit_to(&scratch)?;
    Ok(Prepared {
        server: server.clone(),
        saved,
        survey,
        scratch,
    })
}

impl Prepared {
    /// Has the live server take the data, and returns once they survive its
    /// restart.
    ///
    /// # Errors
    /// With the live server as it was: `redis_sync_failed`, `interrupted`; with
    /// the new data in it: `redis_count_mismatch`, `redis_aof_rewrite`,
    /// `redis_bgsave`. Where the live server could not be put right:
    /// `redis_left_following`.
    pub fn exchange(self) -> Result<Replaced> {
        let Self {
            server,
            saved,
            survey,
            scratch,
        } = self;
        // What was connected at first may have been idle for too long.
        let mut live = Live::open(&server)?;
        let before = live.keyspace()?;
        let followed = follow::take(&mut live, &scratch, &survey, &saved);
        // Whatever happened, the live server is a primary with its own settings
        // before the throwaway one goes.
        let settled = live.settle(&survey.originals(), scratch.port(), saved.bytes);
        let databases = match (followed, settled) {
            (Ok(databases), Ok(())) => databases,
            (Err(error), Ok(())) => return Err(error),
            (_, Err(error)) => return Err(left_following(&server, &error).into()),
        };
        drop(scratch);
        let persisted = persist::wait(&mut live, &saved)?;
        Ok(Replaced {
            before,
            databases,
            persisted,
        })
    }
}

/// Puts right what a killed [`replace`] left of a live server, and removes its
/// throwaway server. It does nothing where nothing was left.
///
/// # Errors
/// `redis_busy` while another run is at it; `redis_left_following`; what
/// [`Link`](super::Link) returns.
pub fn repair(server: &Server, place: &Place) -> Result<()> {
    let container = match place {
        Place::Container { id, .. } => Some(id.as_str()),
        Place::Host => None,
    };
    for left in scratch::abandoned(container)? {
        let Some(serving) = &left.tag.serving else {
            continue;
        };
        // Another server of this machine may be the one that it serves.
        if container.is_none() && serving.live != server.to_string() {
            continue;
        }
        if left.tag.owner.is_alive() {
            let message = format!("another run is replacing the data of `{server}`");
            return Err(Failure::new("redis_busy", message)
                .hint("wait until it has ended")
                .exit(Exit::Locked)
                .into());
        }
        let mut live = Live::open(server)?;
        live.settle(&serving.settings, serving.port, 0)
            .map_err(|error| left_following(server, &error))?;
        left.remove()?;
    }
    Ok(())
}

fn serve(server: &Server, place: &Place, rdb: &Path, survey: &Survey) -> Result<Scratch> {
    let serving = Serving {
        live: server.to_string(),
        port: 0,
        settings: survey.originals(),
    };
    match place {
        Place::Container { id, image } => {
            Scratch::serving_container(id, image, rdb, &survey.modules, &serving)
        }
        Place::Host => Scratch::serving_host(rdb, &survey.modules, &serving),
    }
}

/// Whether what was loaded is what was saved, and fits into the live server.
fn check(scratch: &Scratch, saved: &Rdb, survey: &Survey, place: &Place) -> Result<()> {
    if let Some(expected) = &saved.databases {
        compare(expected, &scratch.keyspace()?, "the throwaway server")?;
    }
    let info = scratch.info()?;
    survey.holds(&info)?;
    if *place == Place::Host {
        survey.understands(&info)?;
    }
    Ok(())
}

fn compare(saved: &Keyspace, found: &Keyspace, whose: &str) -> Result<(), Failure> {
    match keys::difference(saved, found) {
        None => Ok(()),
        Some(difference) => Err(Failure::new(
            "redis_count_mismatch",
            format!("in {whose}, {difference}"),
        )),
    }
}

fn left_following(server: &Server, error: &anyhow::Error) -> Failure {
    Failure::new(
        "redis_left_following",
        format!("`{server}` could not be made a primary again: {error:#}"),
    )
    .hint("it still serves and takes writes; run this again once it answers")
}
