//! A part's content, decompressed.

use crate::choice::Chosen;
use crate::unpack::{Limited, Unpacker};
use anyhow::{Context, Result};
use std::fs::File;
use std::io::{BufReader, Read};
use toolkit::failure::Failure;
use toolkit::redis::rdb::{self, Rdb};

/// The part's content: its members side by side where they were recorded, and
/// no more of it than was recorded.
pub(crate) fn open(chosen: &Chosen, jobs: usize) -> Result<Box<dyn Read + Send>> {
    let cannot = || format!("cannot read `{}`", chosen.path.display());
    match &chosen.part {
        Some(part) if !part.members.is_empty() => {
            let members =
                Unpacker::open_members(&chosen.path, &part.members, jobs).with_context(cannot)?;
            Ok(Box::new(Limited::new(members, part.raw_bytes)))
        }
        _ => Ok(Box::new(Unpacker::open(&chosen.path).with_context(cannot)?)),
    }
}

/// Reads an RDB file to its end: it is whole, and has the keys that were
/// recorded.
///
/// # Errors
/// Those of [`rdb::inspect`]; `damaged` when the keys differ.
pub(crate) fn inspect_redis(chosen: &Chosen) -> Result<Rdb> {
    let file = File::open(&chosen.path)
        .with_context(|| format!("cannot read `{}`", chosen.path.display()))?;
    let found = rdb::inspect(BufReader::new(file))?;
    let Some(part) = &chosen.part else {
        return Ok(found);
    };
    let toolkit::set::Proof::Redis(proof) = &part.proof else {
        return Ok(found);
    };
    let recorded: Rdb = serde_json::from_value(proof.clone())
        .context("the proof of `redis` cannot be understood")?;
    if recorded.databases == found.databases {
        return Ok(found);
    }
    Err(Failure::not_started(
        "damaged",
        format!(
            "`{}` has not the keys that were saved",
            chosen.path.display()
        ),
    )
    .into())
}
