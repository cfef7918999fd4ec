//! Removes the sets that no rule keeps, once a new one is whole.

use crate::backup::Job;
use crate::retention::{Candidate, Decision};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use toolkit::durable;
use toolkit::run::Run;
use toolkit::set::{self, Set, State};

/// Removes what the rules give up; returns the names of what is gone.
///
/// The set just `made` stays: where a clock was ahead once, it is not the
/// newest by date.
pub(crate) fn prune(job: &Job, made: &Path, run: &Run) -> Result<Vec<String>> {
    if job.policy.is_empty() {
        return Ok(Vec::new());
    }
    let made = made.canonicalize();
    let made = made.context("cannot find the set that was just made")?;
    let sets = set::list(&job.folder)?;
    let mut removed = Vec::new();
    for decision in decide(job)?.into_iter().filter(|decision| !decision.keep) {
        let given_up = sets.iter().find(|set| set.name() == decision.name);
        if let Some(set) = given_up.filter(|set| set.path() != made) {
            remove(set)?;
            run.note(&format!(
                "removed `{}`: {}",
                decision.name,
                decision.reasons.join(", ")
            ));
            removed.push(decision.name);
        }
    }
    Ok(removed)
}

/// What the rules say of every set that they may judge, oldest first: those
/// that are complete, among others of the same project and parts. What is
/// damaged, partial or foreign is never removed.
pub(crate) fn decide(job: &Job) -> Result<Vec<Decision>> {
    let mut alike: BTreeMap<_, Vec<Candidate>> = BTreeMap::new();
    for set in set::list(&job.folder)? {
        let info = set.info.as_ref().filter(|_| set.state == State::Complete);
        if let Some((info, time)) = info.and_then(|info| Some((info, info.time()?))) {
            let prefix = set.is_flat().then(|| {
                set.name()
                    .rsplit_once('-')
                    .map(|(prefix, _)| prefix.to_owned())
            });
            let mut parts = set.parts();
            parts.sort();
            let candidate = Candidate {
                name: set.name(),
                time,
            };
            alike
                .entry((info.project.clone(), prefix, parts))
                .or_default()
                .push(candidate);
        }
    }
    let mut decisions: Vec<_> = alike
        .into_values()
        .flat_map(|sets| job.policy.decide(&sets))
        .collect();
    decisions.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(decisions)
}

/// A removal that is cut short leaves nothing that looks whole: a folder first
/// takes the name of an unfinished one, which the next run sweeps away; a flat
/// set loses its proof first.
fn remove(set: &Set) -> Result<()> {
    let removed = || -> Result<()> {
        if !set.is_flat() {
            let doomed = set.folder.with_file_name(set::partial_name(&set.stamp));
            durable::rename(&set.folder, &doomed)?;
            return Ok(fs::remove_dir_all(&doomed)?);
        }
        fs::remove_file(&set.proof)?;
        durable::sync_folder(&set.folder)?;
        let parts = set.info.iter().flat_map(|info| &info.parts);
        Ok(parts
            .map(|part| set.file(part))
            .try_for_each(fs::remove_file)?)
    };
    removed().with_context(|| format!("cannot remove `{}`", set.path().display()))
}
