//! The last words of a throwaway server, and what they mean.

use super::Plan;
use crate::failure::Failure;
use anyhow::Result;

/// How a start went that is no failure.
pub(super) enum Start {
    Ready,
    PortTaken,
}

/// What the last words of a server that has ended mean.
pub(super) fn meaning(words: &[String], plan: &Plan<'_>) -> Result<Start> {
    let said = |text: &str| words.iter().any(|line| line.contains(text));
    if said("Address already in use") {
        return Ok(Start::PortTaken);
    }
    // A line is `<pid>:<role> <date> <level> <text>`; `#` is the level of
    // warnings.
    let warnings = words.iter().filter_map(|line| line.split_once(" # "));
    let warnings: Vec<_> = warnings.map(|(_, text)| text.trim()).collect();
    let why = match warnings.as_slice() {
        [] => words
            .last()
            .map_or("it said nothing", |line| line.trim())
            .to_owned(),
        some => some.join("; "),
    };
    let message = format!(
        "`redis-server` does not load `{}`: {why}",
        plan.rdb.display()
    );
    let newer = plan.written_by.unwrap_or("a newer version");
    let failure = if said("Can't handle RDB format version") {
        Failure::new("rdb_too_new", message).hint(format!(
            "the file was written by Redis {newer}: restore it into that or a later one"
        ))
    } else if said("no matching module") {
        Failure::new("rdb_needs_module", message)
            .hint("load the module into the live server first, by `loadmodule` or its image")
    } else if said("RDB") || said("loading the DB") {
        Failure::new("rdb_rejected", message).hint("take another copy: this one cannot be loaded")
    } else {
        failed(&why)
    };
    Err(failure.into())
}

/// The failure of the throwaway server itself.
pub(super) fn failed(why: &str) -> Failure {
    Failure::new(
        "scratch_failed",
        format!("the throwaway `redis-server` does not come up: {why}"),
    )
}
