//! `--check` reads a set again; `--fresh` looks at the newest one's age.

use anyhow::Result;
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use toolkit::checksum;
use toolkit::failure::Failure;
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::set::{self, Part, Set, State};

/// Compares every part of a set with its recorded checksum.
///
/// # Errors
/// `damaged` when one differs; `no_proof` when none were recorded.
pub(crate) fn check(folder: &Path, name: &str, run: &Run) -> Result<Outcome> {
    let set = set::find(folder, name, &[])?;
    let path = set.path();
    let data = json!({ "path": path, "parts": set.parts(), "bytes": set.bytes });
    match (&set.info, set.state) {
        (Some(info), State::Complete) => {
            for part in &info.parts {
                part_holds(&set.file(part), part).map_err(|failure| failure.data(data.clone()))?;
                run.note(&format!("`{}` is what was written", part.file));
            }
            let summary = format!(
                "{} parts, {}: every checksum holds",
                info.parts.len(),
                render::size(set.bytes)
            );
            Ok(Outcome::ok(summary, data).query())
        }
        (_, State::Foreign) => {
            let failure = Failure::new(
                "no_proof",
                format!("`{}` has no checksums to compare", path.display()),
            );
            Err(failure
                .hint("`restore --check` restores it aside")
                .data(data)
                .into())
        }
        _ => Err(damaged(&set).data(data).into()),
    }
}

/// Whether a part is, byte for byte, what was written.
///
/// # Errors
/// `damaged`, saying how it differs.
pub(crate) fn part_holds(file: &Path, part: &Part) -> Result<(), Failure> {
    let read = checksum::of_file(file);
    let (bytes, sha256) = read.map_err(|error| Failure::new("damaged", format!("{error:#}")))?;

    if bytes != part.bytes {
        let message = format!(
            "`{}` has {bytes} bytes instead of {}",
            file.display(),
            part.bytes
        );
        return Err(Failure::new("damaged", message));
    }
    if sha256 != part.sha256 {
        let message = format!(
            "`{}` has the SHA-256 {sha256} instead of {}",
            file.display(),
            part.sha256
        );
        return Err(
            Failure::new("damaged", message).hint("look at the disk; restore from another set")
        );
    }
    Ok(())
}

/// Fails when no complete set is younger than `longest`.
///
/// # Errors
/// `stale`, saying how old the newest is.
pub(crate) fn fresh(folder: &Path, longest: Duration) -> Result<Outcome> {
    let allowed = render::duration(longest);
    let newest = set::list(folder)?
        .into_iter()
        .rfind(|set| set.state == State::Complete);
    let Some(set) = newest else {
        let failure = Failure::new(
            "stale",
            format!("there is no complete set in `{}`", folder.display()),
        );
        return Err(failure.hint("run `backup`").into());
    };
    let age = set.age();
    let data = json!({ "path": set.path(), "age_s": age.map(|age| age.as_secs()), "longest_s": longest.as_secs() });
    match age {
        Some(age) if age <= longest => Ok(Outcome::ok(
            format!("{} is {} old", set.name(), render::duration(age)),
            data,
        )
        .query()),
        Some(age) => {
            let age = render::duration(age);
            let message = format!(
                "the newest complete set, {}, is {age} old; {allowed} are allowed",
                set.name()
            );
            Err(Failure::new("stale", message)
                .hint("look at the last backup: `backup --list`, and its cron mail")
                .data(data)
                .into())
        }
        None => Err(Failure::new(
            "stale",
            format!("{} does not say when it was made", set.name()),
        )
        .data(data)
        .into()),
    }
}

fn damaged(set: &Set) -> Failure {
    let why = set.why.clone().unwrap_or_default();
    Failure::new(
        "damaged",
        format!("`{}` is {}: {why}", set.path().display(), set.state.word()),
    )
    .hint("`backup --list` shows the sets that are complete")
}
