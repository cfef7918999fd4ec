//! Whether there is room, judged by the last set of the same parts.

use crate::backup::Job;
use crate::folder::Draft;
use crate::plan::Planned;
use anyhow::{Context, Result};
use rustix::fs::statvfs;
use toolkit::failure::Failure;
use toolkit::render;
use toolkit::set::{self, Set, State};

/// The newest complete set that has all of these parts.
pub(crate) fn last_of(job: &Job, parts: &[Planned]) -> Result<Option<Set>> {
    let sets = set::list(&job.folder)?.into_iter();
    let has_all = |set: &Set| {
        let names = set.parts();
        parts.iter().all(|part| names.contains(&part.name))
    };
    Ok(sets
        .rev()
        .find(|set| set.state == State::Complete && has_all(set)))
}

/// The size of a part, uncompressed, in the last set.
pub(crate) fn raw_bytes(last: Option<&Set>, name: &str) -> Option<u64> {
    let parts = &last?.info.as_ref()?.parts;
    parts
        .iter()
        .find(|part| part.name == name)
        .map(|part| part.raw_bytes)
}

/// Fails before a byte is written when the last set would not fit again.
///
/// # Errors
/// `no_space`, with what there is and what is needed.
pub(crate) fn enough(draft: &Draft, last: Option<&Set>) -> Result<()> {
    let folder = draft.folder();
    let room = statvfs(folder)
        .with_context(|| format!("cannot tell how much room `{}` has", folder.display()))?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let Some(last) = last else { return Ok(()) };
    if free >= last.bytes {
        return Ok(());
    }
    let message = format!(
        "`{}` has {} free, and the last set took {}",
        folder.display(),
        render::size(free),
        render::size(last.bytes)
    );
    Err(Failure::not_started("no_space", message)
        .hint("make room there, or tighten the `--keep-…` rules")
        .into())
}
