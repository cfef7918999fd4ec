//! RDB files: whether one is whole, and what is in it.
//!
//! The format is that of `rdb.c` up to Redis 8.0 (RDB version 12): a header,
//! opcodes and keys, and the CRC64 of all before it. Everything is read once,
//! in order, and in constant memory; values are walked over, not decoded.

mod source;
#[cfg(test)]
mod tests;
mod value;

use super::keys::{Keys, Keyspace};
use crate::failure::Failure;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use source::Source;
use std::collections::BTreeSet;
use std::io::Read;
use value::Walk;

/// More databases than any server is set up with; a hostile file could
/// otherwise fill the memory with their counts.
const MOST_DATABASES: usize = 65_536;
/// The same for the names of modules.
const MOST_MODULES: usize = 256;

/// What is known of an RDB file that is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rdb {
    /// The version of the format.
    pub version: u32,
    /// The version of the server that wrote it, where it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis_version: Option<String>,
    /// Its length.
    pub bytes: u64,
    /// Whether the checksum proves it.
    pub checksum: Checksum,
    /// The keys of each database, counted one by one; nothing when the file
    /// holds what this version of the tool does not know.
    pub databases: Option<Keyspace>,
    /// Why nothing was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncounted: Option<String>,
    /// The libraries of functions.
    pub functions: u64,
    /// The types that modules brought, such as `ReJSON-RL`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub modules: BTreeSet<String>,
}

/// What an RDB file's checksum says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// It is that of the content.
    Verified,
    /// The server writes none (`rdbchecksum no`): the structure is all that
    /// was verified.
    Disabled,
}

/// Reads an RDB file to its end.
///
/// # Errors
/// `rdb_truncated` when it ends too early; `rdb_damaged` when it is no RDB file,
/// contradicts its checksum, or goes on after it; any error of `reader`.
pub fn inspect(reader: impl Read) -> Result<Rdb> {
    let mut source = Source::new(reader);
    let version = header(&mut source)?;
    let mut content = Content::default();
    let (stored, uncounted) = match content.walk(&mut source) {
        Ok(()) => (source.rest()?, content.contradiction()),
        Err(Walk::Unknown(what)) => (source.trailer()?, Some(what)),
        Err(Walk::Failed(error)) => return Err(error),
    };
    let stored = u64::from_le_bytes(stored);
    let checksum = match stored {
        0 => Checksum::Disabled,
        sum if sum == source.checksum() => Checksum::Verified,
        _ => return Err(damaged("it contradicts its checksum").into()),
    };
    Ok(Rdb {
        version,
        redis_version: content.redis_version,
        bytes: source.position(),
        checksum,
        databases: uncounted.is_none().then_some(content.databases),
        uncounted,
        functions: content.functions,
        modules: content.modules,
    })
}

/// `REDIS` and four digits.
fn header(source: &mut Source<impl Read>) -> Result<u32> {
    let header: [u8; 9] = source.take()?;
    let digits = header.strip_prefix(b"REDIS").unwrap_or_default();
    let digits = std::str::from_utf8(digits).unwrap_or_default();
    let version: u32 = match digits.parse() {
        Ok(version) if digits.bytes().all(|byte| byte.is_ascii_digit()) => version,
        _ => return Err(damaged("it does not begin as one").into()),
    };
    // Version 5 (Redis 2.6) brought the checksum.
    if version < 5 {
        return Err(Failure::new(
            "rdb_too_old",
            format!("an RDB file of version {version} has no checksum"),
        )
        .hint("load it into a Redis of version 2.6 or newer, and save it again")
        .into());
    }
    Ok(version)
}

fn damaged(why: &str) -> Failure {
    Failure::new("rdb_damaged", format!("the RDB file is damaged: {why}"))
        .hint("take another copy: this one cannot be trusted")
}

#[derive(Default)]
struct Content {
    databases: Keyspace,
    /// What the file itself says that the databases hold.
    announced: Keyspace,
    database: u32,
    redis_version: Option<String>,
    functions: u64,
    modules: BTreeSet<String>,
}

impl Content {
    /// Walks over everything up to the end's opcode.
    fn walk<R: Read>(&mut self, source: &mut Source<R>) -> Result<(), Walk> {
        let mut expires = false;
        loop {
            match source.byte()? {
                255 => return Ok(()),
                // Expiry, in milliseconds or seconds, of the key that follows.
                252 => {
                    source.skip(8)?;
                    expires = true;
                }
                253 => {
                    source.skip(4)?;
                    expires = true;
                }
                // How lately (LRU) and how often (LFU) that key was used.
                248 => drop(source.length()?),
                249 => source.skip(1)?,
                250 => self.auxiliary(source)?,
                254 => {
                    let number = source.length()?;
                    self.database = u32::try_from(number)
                        .map_err(|_| damaged(&format!("it names database {number}")))?;
                }
                251 => {
                    let announced = Keys {
                        keys: source.length()?,
                        expires: source.length()?,
                        subexpiry: 0,
                    };
                    self.limit()?;
                    self.announced.insert(self.database, announced);
                }
                // Sizes of a cluster's slots.
                244 => (0..3).try_for_each(|_| source.length().map(drop))?,
                245 => {
                    source.string()?;
                    self.functions += 1;
                }
                247 => {
                    let name = value::module_auxiliary(source)?;
                    self.module(name);
                }
                kind => {
                    self.key(source, kind, expires)?;
                    expires = false;
                }
            }
        }
    }

    fn key<R: Read>(
        &mut self,
        source: &mut Source<R>,
        kind: u8,
        expires: bool,
    ) -> Result<(), Walk> {
        // An opcode of a later version is no key.
        if !value::is_known(kind) {
            return Err(Walk::Unknown(format!("type {kind} is not known")));
        }
        source.string()?;
        let seen = value::walk(source, kind)?;
        self.limit()?;
        let keys = self.databases.entry(self.database).or_default();
        keys.keys += 1;
        keys.expires += u64::from(expires);
        keys.subexpiry += u64::from(seen.fields_expire);
        if let Some(name) = seen.module {
            self.module(name);
        }
        Ok(())
    }

    fn auxiliary<R: Read>(&mut self, source: &mut Source<R>) -> Result<()> {
        let name = source.short_string()?;
        let value = source.short_string()?;
        if name.as_deref() == Some(b"redis-ver") {
            self.redis_version = value.map(|text| String::from_utf8_lossy(&text).into_owned());
        }
        Ok(())
    }

    fn module(&mut self, name: String) {
        if self.modules.len() < MOST_MODULES {
            self.modules.insert(name);
        }
    }

    fn limit(&self) -> Result<(), Walk> {
        if self.databases.len().max(self.announced.len()) < MOST_DATABASES {
            return Ok(());
        }
        let what = format!("it has {MOST_DATABASES} databases or more");
        Err(Walk::Unknown(what))
    }

    /// How the keys differ from what the file itself announced.
    fn contradiction(&self) -> Option<String> {
        self.announced.iter().find_map(|(database, announced)| {
            let found = self.databases.get(database).copied().unwrap_or_default();
            let same = (found.keys, found.expires) == (announced.keys, announced.expires);
            (!same).then(|| {
                format!(
                    "database {database} announces {} keys ({} expire) and holds {} ({} expire)",
                    announced.keys, announced.expires, found.keys, found.expires
                )
            })
        })
    }
}
