//! Whether the server has room for what will be loaded: a full disk would harm
//! the live databases too.

use super::side;
use crate::choice::Chosen;
use anyhow::Result;
use std::fs;
use toolkit::failure::Failure;
use toolkit::postgres::{Room, Server, Session, quote};
use toolkit::render;
use toolkit::signals;

/// What loading takes beside the data: the server's log is a segment further
/// before it reuses one, and an empty database has 8 MiB. A server that cannot
/// write its log stops, with all that is live. A segment is of 16 MiB unless
/// `initdb` was told otherwise.
const SPARE: u64 = 2 * (16 << 20);

/// A database that will be loaded, and what is known of its size in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Need {
    name: String,
    /// It will hardly take less.
    least: u64,
    /// Its indexes aside, it will hardly take more; none where that is unknown.
    most: Option<u64>,
}

impl Need {
    /// What a part will need as the database `name`.
    ///
    /// The dump, uncompressed, is what goes in. The server may need half of
    /// that: a dump has `bytea` in hexadecimal digits, and long values
    /// decompressed. Where its size was not recorded, it is at least as large
    /// as its file.
    pub(crate) fn of(chosen: &Chosen, name: String) -> Self {
        let on_disk = || fs::metadata(&chosen.path).map_or(0, |found| found.len());
        let is_plain = chosen
            .path
            .extension()
            .is_some_and(|ending| ending == "sql");
        let raw = match &chosen.part {
            Some(part) => Some(part.raw_bytes),
            None => is_plain.then(on_disk),
        };
        Self {
            name,
            least: raw.map_or_else(on_disk, |raw| raw / 2),
            most: raw,
        }
    }

    /// What it will roughly take, given the size of the live one. That may be
    /// bloated, or all but empty after an accident: the dump sets the limits.
    fn bytes(&self, live: Option<u64>) -> u64 {
        let most = self.most.unwrap_or(u64::MAX);
        let unknown = self.most.unwrap_or(self.least);
        live.unwrap_or(unknown).clamp(self.least, most)
    }
}

/// Refuses databases that together would not fit beside what is there.
///
/// # Errors
/// `no_space`, with what is free and needed; `interrupted`. What cannot be
/// learned is no error.
pub(crate) fn check_room(server: &Server, maintenance: &str, needs: &[Need]) -> Result<()> {
    // Whoever loads says better why nobody is let in.
    let Ok((_, mut session)) = side::connect(server, maintenance, "", &[]) else {
        return Ok(signals::check()?);
    };
    let Some(room) = Room::of(&mut session)? else {
        return Ok(());
    };
    let mut needed = SPARE;
    for need in needs {
        needed = needed.saturating_add(need.bytes(size(&mut session, &need.name)?));
    }
    if room.free >= needed {
        return Ok(());
    }
    let names: Vec<_> = needs
        .iter()
        .map(|need| format!("`{}`", need.name))
        .collect();
    let message = format!(
        "{server} has {} free in `{}`, and {} needs about {}",
        render::size(room.free),
        room.folder.display(),
        names.join(" with "),
        render::size(needed)
    );
    Err(Failure::not_started("no_space", message)
        .hint("make room there: the database is loaded beside what is live; nothing was touched")
        .into())
}

/// The size of a database; none where there is none, or it is not for this role
/// to know.
fn size(session: &mut Session, name: &str) -> Result<Option<u64>> {
    let sql = format!(
        "SELECT pg_catalog.pg_database_size(oid) FROM pg_catalog.pg_database \
         WHERE datname = {} AND (pg_catalog.has_database_privilege(oid, 'CONNECT') \
           OR pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))",
        quote::literal(name)
    );
    let size = session.value(&sql);
    signals::check()?;
    Ok(size.ok().flatten().and_then(|size| size.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::Need;

    #[test]
    fn the_dump_limits_what_the_live_one_says() {
        let known = Need {
            name: "shop".into(),
            least: 50,
            most: Some(100),
        };
        for (live, bytes) in [
            (None, 100),
            (Some(0), 50),
            (Some(70), 70),
            (Some(5000), 100),
        ] {
            assert_eq!(known.bytes(live), bytes, "{live:?}");
        }
        let unknown = Need {
            most: None,
            ..known
        };
        for (live, bytes) in [(None, 50), (Some(7), 50), (Some(5000), 5000)] {
            assert_eq!(unknown.bytes(live), bytes, "{live:?}");
        }
    }
}
