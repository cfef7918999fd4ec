//! Which of the steps are wanted.

use crate::scenario::Step;
use std::collections::BTreeSet;
use toolkit::failure::Failure;

/// The steps that one of `wanted` names, by name, `calls` or group, or one of
/// `only` by name, with those that they need; all where nothing is wanted. What
/// a chosen step makes is cleaned up too.
///
/// # Errors
/// `no_step` when a word names none.
pub(crate) fn of(
    steps: Vec<Step>,
    wanted: &[String],
    only: &[String],
) -> Result<Vec<Step>, Failure> {
    if wanted.is_empty() && only.is_empty() {
        return Ok(steps);
    }
    let is_named = |step: &Step, word: &String| {
        step.name == *word || step.block.as_ref().is_some_and(|block| block == word)
    };
    let missing = wanted
        .iter()
        .find(|word| !steps.iter().any(|step| step.is(word)))
        .or_else(|| {
            let mut only = only.iter();
            only.find(|word| !steps.iter().any(|step| is_named(step, word)))
        });
    if let Some(word) = missing {
        let message = format!("no step and no group is called `{word}`");
        return Err(Failure::not_started("no_step", message)
            .hint("`smoketest --list` shows all steps; a file is named with its `/` or `.toml`"));
    }
    let is_wanted = |step: &&Step| {
        wanted.iter().any(|word| step.is(word)) || only.iter().any(|word| is_named(step, word))
    };
    let mut chosen: BTreeSet<String> = BTreeSet::new();
    let mut next: Vec<&Step> = steps.iter().filter(is_wanted).collect();
    while let Some(step) = next.pop() {
        if chosen.insert(step.name.clone()) {
            let needed = |other: &&Step| step.needs.iter().any(|name| other.is(name));
            next.extend(steps.iter().filter(needed));
        }
    }
    let finds = |name: &String| {
        let mut found = steps.iter().filter(|step| chosen.contains(&step.name));
        found.any(|step| step.finds(name))
    };
    let cleans =
        |step: &&Step| step.is_cleanup && !step.uses.is_empty() && step.uses.iter().all(finds);
    let cleanup: Vec<_> = steps
        .iter()
        .filter(cleans)
        .map(|step| step.name.clone())
        .collect();
    chosen.extend(cleanup);
    let is_chosen = |step: &Step| chosen.contains(&step.name);
    Ok(steps.into_iter().filter(is_chosen).collect())
}
