//! Database and Redis: saved as they are, and brought back as they were.

use super::services;
use crate::ahead::Ahead;
use crate::engine::Work;
use crate::siblings;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toolkit::operation::Mark;
use toolkit::set::{Set, State};

/// Whether what was there before is in a set that is whole.
pub(super) fn is_saved(work: &Work<'_>) -> bool {
    let last = work.journal.last("save");
    let Some(entry) = last.filter(|entry| entry.mark == Mark::Done) else {
        return false;
    };
    entry.data["set"]
        .as_str()
        .is_none_or(|path| Set::open(Path::new(path)).is_ok_and(|set| set.state == State::Complete))
}

/// Saves database, roles, Redis and configuration as they are.
pub(super) fn save(work: &mut Work<'_>) -> Result<Value> {
    if work.plan.data.is_none() {
        return Ok(json!({ "set": null }));
    }
    services::start_servers(work)?;
    let application = work.application()?;
    let mut parts = Vec::new();
    if application.postgres()?.is_some() {
        parts.extend(["database", "globals"]);
    }
    if application.redis()?.is_some() {
        parts.push("redis");
    }
    let parts: Vec<_> = parts.into_iter().map(str::to_owned).collect();
    if parts.is_empty() {
        return Ok(json!({ "set": null }));
    }
    let record = siblings::call("backup", &parts, work.run)?;
    let path = record.data["path"]
        .as_str()
        .context("`backup` names no set")?;
    work.from.set = Some(PathBuf::from(path));
    work.releases.write(&work.from)?;
    Ok(json!({ "set": path, "tool": siblings::digest(&record) }))
}

/// Whether the data are back: only what was seen to end counts. Bringing them
/// back once more brings back the same.
pub(super) fn is_back(work: &Work<'_>) -> bool {
    let last = work.journal.last("data");
    last.is_some_and(|entry| entry.mark == Mark::Done)
}

/// Loads the data of the earlier release beside the live ones. What cannot be
/// loaded is found out while nothing has been stopped yet.
pub(super) fn load(work: &mut Work<'_>) -> Result<Value> {
    services::start_servers(work)?;
    work.ahead = Some(Ahead::load(&what(work)?, work.run)?);
    Ok(Value::Null)
}

/// Brings the data of the earlier release back.
pub(super) fn bring_back(work: &mut Work<'_>) -> Result<Value> {
    services::start_servers(work)?;
    let args = what(work)?;
    let record = match work.ahead.take() {
        Some(ahead) => ahead.exchange()?,
        None => siblings::call("restore", &args, work.run)?,
    };
    let data = work.plan.data.as_ref().context("no data are planned")?;
    Ok(json!({ "set": data.set, "parts": data.parts, "tool": siblings::digest(&record) }))
}

/// What `restore` is asked for.
fn what(work: &Work<'_>) -> Result<Vec<String>> {
    let data = work.plan.data.as_ref().context("no data are planned")?;
    let mut args = vec![data.set.display().to_string()];
    args.extend(data.parts.iter().cloned());
    args.push("--yes".to_owned());
    Ok(args)
}
