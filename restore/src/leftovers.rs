//! What restores that were killed left behind: finished, or removed.

use crate::choice::Choice;
use crate::target::Targets;
use crate::{database, files};
use anyhow::Result;
use serde_json::json;
use std::path::{Path, PathBuf};
use toolkit::application::{Application, Postgres, Redis};
use toolkit::redis;
use toolkit::run::{Outcome, Run};

/// `--sweep`: that alone.
pub(crate) fn run(run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock("data")?;
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let postgres = application.postgres()?;
    let redis = application.redis()?;
    let entries = config.file.files.values();
    let folders: Vec<_> = entries.map(|entry| config.resolve(&entry.path)).collect();
    let folders = folders.iter().map(PathBuf::as_path);
    let found = of(postgres.as_ref(), redis.as_ref(), folders)?;
    let summary = match found.as_slice() {
        [] => "no restore left anything behind".to_owned(),
        found => found.join("; "),
    };
    Ok(Outcome::ok(summary, json!({ "found": found })))
}

/// What there is where the chosen parts belong, in words.
pub(crate) fn of_parts(choice: &Choice, targets: &Targets) -> Result<Vec<String>> {
    let roots = choice.parts.iter().flat_map(|chosen| targets.roots(chosen));
    let folders: Vec<_> = roots.map(|roots| roots.target).collect();
    let folders = folders.iter().map(PathBuf::as_path);
    of(targets.postgres.as_ref(), targets.redis.as_ref(), folders)
}

fn of<'a>(
    postgres: Option<&Postgres>,
    redis: Option<&Redis>,
    folders: impl Iterator<Item = &'a Path>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    if let Some(postgres) = postgres {
        found.extend(database::sweep(&postgres.server, &postgres.database)?);
    }
    if let Some(redis) = redis {
        redis::repair(&redis.server, &redis.place)?;
    }
    for folder in folders {
        found.extend(files::sweep(folder)?);
    }
    Ok(found)
}
