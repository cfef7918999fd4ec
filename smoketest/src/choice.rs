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
    let mut chosen = BTreeSet::new();
    choose(
        &steps,
        steps.iter().filter(is_wanted).collect(),
        &mut chosen,
    );
    let made = |step: &&Step| step.is_cleanup && cleans(step, &steps, &chosen);
    let cleanup: Vec<_> = steps.iter().filter(made).collect();
    for step in cleanup {
        // The token that it is asked with may be found out elsewhere.
        let found = |name: &String| steps.iter().rfind(|step| step.finds(name));
        let with = step.uses.iter().filter_map(found).chain([step]);
        choose(&steps, with.collect(), &mut chosen);
    }
    let is_chosen = |step: &Step| chosen.contains(&step.name);
    Ok(steps.into_iter().filter(is_chosen).collect())
}

/// Adds steps, with those that they need, to the chosen ones.
fn choose<'a>(steps: &'a [Step], mut next: Vec<&'a Step>, chosen: &mut BTreeSet<String>) {
    while let Some(step) = next.pop() {
        if chosen.insert(step.name.clone()) {
            let needed = |other: &&Step| step.needs.iter().any(|name| other.is(name));
            next.extend(steps.iter().filter(needed));
        }
    }
}

/// Whether a cleanup is about what chosen steps make: what it needs, or the
/// variables that it names itself.
fn cleans(cleanup: &Step, steps: &[Step], chosen: &BTreeSet<String>) -> bool {
    let is_chosen = |fits: &dyn Fn(&Step) -> bool| {
        let mut all = steps.iter().filter(|step| chosen.contains(&step.name));
        all.any(fits)
    };
    let (needs, uses) = (&cleanup.needs, &cleanup.own_uses);
    !(needs.is_empty() && uses.is_empty())
        && needs.iter().all(|name| is_chosen(&|step| step.is(name)))
        && uses.iter().all(|name| is_chosen(&|step| step.finds(name)))
}
