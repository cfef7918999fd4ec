//! The steps in their order: one after the other, groups side by side where they
//! may be, and cleanup last, whatever happened.

use crate::act::{self, Done};
use crate::scenario::{Step, after};
use crate::scope::Scope;
use anyhow::{Context, Result};
use probe::{Around, Finding};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use toolkit::signals;

/// What the run waits for.
enum Event {
    Ended(usize, Box<Done>),
    Interrupted,
}

/// Runs the steps and returns what came of each, in their order; `seen` is told
/// of each as it ends.
///
/// A signal leaves behind what is being asked, and goes on to the cleanup; a
/// second one ends that too.
///
/// # Errors
/// Where no thread can be started.
pub(crate) fn run(
    steps: &[&'static Step],
    scope: &'static Scope,
    around: Around<'static>,
    mut seen: impl FnMut(&'static Step, &Done),
) -> Result<Vec<Finding>> {
    let after = after(steps);
    let mut found: BTreeMap<usize, Finding> = BTreeMap::new();
    let mut failed: BTreeSet<usize> = BTreeSet::new();
    let mut running: Vec<usize> = Vec::new();
    let (events, received) = channel();
    let interrupt = events.clone();
    let _guard = signals::on_interrupt(move |_| {
        let _ = interrupt.send(Event::Interrupted);
    });
    let mut is_interrupted = false;
    loop {
        for (at, step) in steps.iter().enumerate() {
            let is_open = !found.contains_key(&at) && !running.contains(&at);
            if !is_open || !after[at].iter().all(|before| found.contains_key(before)) {
                continue;
            }
            let why = if is_interrupted && !step.is_cleanup {
                Some("the run was interrupted".to_owned())
            } else {
                broken(step, steps, &failed).or_else(|| unknown(step, scope, &around))
            };
            if let Some(why) = why {
                found.insert(at, act::skipped(step, &why));
                failed.insert(at);
                continue;
            }
            start(at, step, scope, around, events.clone())?;
            running.push(at);
        }
        if running.is_empty() {
            if found.len() == steps.len() {
                break;
            }
            // What was skipped may have been what others came after.
            continue;
        }
        match received.recv().context("a step ended unexpectedly")? {
            Event::Ended(at, done) => {
                // One that was left behind has ended for us already.
                if running.contains(&at) {
                    running.retain(|other| *other != at);
                    seen(steps[at], &done);
                    if done.has_failed {
                        failed.insert(at);
                    }
                    found.insert(at, done.finding);
                }
            }
            Event::Interrupted => {
                // A second one ends the process.
                is_interrupted = true;
                signals::begin_cleanup();
                for at in running.drain(..) {
                    found.insert(at, act::skipped(steps[at], "the run was interrupted"));
                    failed.insert(at);
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

fn start(
    at: usize,
    step: &'static Step,
    scope: &'static Scope,
    around: Around<'static>,
    events: Sender<Event>,
) -> Result<()> {
    let run = move || {
        let done = Box::new(act::run(step, scope, &around));
        let _ = events.send(Event::Ended(at, done));
    };
    let thread = thread::Builder::new().name(step.kind.into());
    thread.spawn(run).context("cannot start a thread")?;
    Ok(())
}

/// The step that it needs, and that did not succeed.
fn broken(step: &Step, steps: &[&'static Step], failed: &BTreeSet<usize>) -> Option<String> {
    let needed = |other: &&&Step| step.needs.iter().any(|name| other.is(name));
    let by = failed.iter().map(|at| &steps[*at]).find(needed)?;
    Some(format!("`{}` failed", by.name))
}

/// What a cleanup has nothing to clean up without.
fn unknown(step: &Step, scope: &Scope, around: &Around<'_>) -> Option<String> {
    if !step.is_cleanup {
        return None;
    }
    let known = scope.captured();
    let missing = step.uses.iter().find(|name| !known.contains_key(*name))?;
    let has_default = scope
        .value(missing, &step.shared.vars, around.config)
        .is_some();
    (!has_default).then(|| format!("`{missing}` was never found out"))
}
