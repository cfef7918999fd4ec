//! `--check`: a real restore into a scratch database and a scratch Redis.

use crate::choice::{Choice, Chosen, Kind};
use crate::target::Targets;
use crate::{database, dump, files};
use anyhow::{Context, Result};
use chrono::{Local, Utc};
use serde_json::{Value, json};
use std::io::Read;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::record;
use toolkit::redis::{self, Place, Scratch};
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::set::{Proven, Stamp};
use toolkit::sql::tally::Counter;

/// Restores every part aside, compares it with its proof, removes it again,
/// and marks the set as proven.
pub(crate) fn run(choice: &Choice, targets: &Targets, jobs: usize, run: &Run) -> Result<Outcome> {
    let stamp = Stamp::at(Local::now()).to_string();
    sweep(targets)?;
    targets.check_room(choice, true)?;
    let begun = Instant::now();
    let mut parts = Vec::new();
    for chosen in &choice.parts {
        let at = Instant::now();
        let proven = match chosen.kind {
            Kind::Database => restore_database(chosen, targets, &stamp, jobs),
            Kind::Globals => read_globals(chosen),
            Kind::Redis => load_redis(chosen, targets),
            Kind::Files => read_files(chosen, jobs),
        };
        let proven = proven.with_context(|| format!("`{}` cannot be restored", chosen.name))?;
        let took = at.elapsed();
        run.note(&format!(
            "`{}` can be restored, in {}",
            chosen.name,
            render::duration(took)
        ));
        parts.push(json!({ "name": chosen.name, "kind": chosen.kind.word(), "ms": ms(took), "found": proven }));
    }
    let took = begun.elapsed();
    let marked = mark(choice, took)?;
    let count = if parts.len() == 1 {
        "1 part".to_owned()
    } else {
        format!("{} parts", parts.len())
    };
    let summary = format!(
        "{count} of {} can be restored, in about {}",
        choice.path.display(),
        render::duration(took)
    );
    let data = json!({ "path": choice.path, "checked": true, "proven": marked, "ms": ms(took), "parts": parts });
    Ok(Outcome::ok(summary, data))
}

fn sweep(targets: &Targets) -> Result<()> {
    if let Some(postgres) = &targets.postgres {
        database::sweep(&postgres.server, &postgres.database)?;
    }
    Scratch::sweep()
}

fn restore_database(chosen: &Chosen, targets: &Targets, stamp: &str, jobs: usize) -> Result<Value> {
    let verified = database::stage(targets.wanted(chosen, stamp, jobs)?)?.discard()?;
    Ok(serde_json::to_value(verified)?)
}

/// Roles belong to the whole server, and cannot be made aside: their dump is
/// read to its end.
fn read_globals(chosen: &Chosen) -> Result<Value> {
    let mut sql = dump::open(chosen, 1)?;
    let mut counter = Counter::new();
    let mut buffer = vec![0; 64 << 10];
    let mut bytes = 0;
    loop {
        let read = sql.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes += read;
        counter.feed(&buffer[..read]);
    }
    if counter.finish().complete {
        return Ok(json!({ "bytes": bytes }));
    }
    Err(Failure::new(
        "damaged",
        format!("`{}` lacks its last line", chosen.path.display()),
    )
    .into())
}

fn load_redis(chosen: &Chosen, targets: &Targets) -> Result<Value> {
    let saved = dump::inspect_redis(chosen)?;
    let live = targets.redis()?;
    let scratch = match &live.place {
        Place::Container { id, image } => {
            let modules = redis::modules(&live.server)?;
            Scratch::beside(id, image, &chosen.path, &modules)?
        }
        Place::Host => Scratch::local(&chosen.path)?,
    };
    let loaded = scratch.keyspace()?;
    if let Some(saved) = &saved.databases
        && let Some(difference) = redis::difference(saved, &loaded)
    {
        return Err(Failure::new(
            "redis_count_mismatch",
            format!("the keys that were saved are not those that load: {difference}"),
        )
        .into());
    }
    Ok(json!({ "databases": loaded }))
}

fn read_files(chosen: &Chosen, jobs: usize) -> Result<Value> {
    let entries = files::entries(dump::open(chosen, jobs)?)?;
    if let Some(part) = &chosen.part
        && let toolkit::set::Proof::Files(proof) = &part.proof
        && let Some(saved) = proof["entries"].as_u64()
        && saved != entries
    {
        return Err(Failure::new(
            "damaged",
            format!("{saved} files were saved, and {entries} are in the archive"),
        )
        .into());
    }
    Ok(json!({ "entries": entries }))
}

/// Marks the set as proven, when all of it was; whether it did.
fn mark(choice: &Choice, took: Duration) -> Result<bool> {
    let Some(set) = &choice.set else {
        return Ok(false);
    };
    let parts: Vec<_> = choice
        .parts
        .iter()
        .map(|chosen| chosen.name.clone())
        .collect();
    let Some(mut info) = set
        .info
        .clone()
        .filter(|info| info.format > 0 && info.parts.len() == parts.len())
    else {
        return Ok(false);
    };
    info.proven = Some(Proven {
        at: record::timestamp(Utc::now()),
        ms: ms(took),
        parts,
    });
    info.write(&set.proof)?;
    Ok(true)
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
