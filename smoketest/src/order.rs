//! The steps in their order: one after the other, groups side by side where they
//! may be, and cleanup last, whatever happened.
//!
//! A thread that has ended a step goes on with the next itself, over the same
//! connections, and leaves what came of it for later where nothing is to be told:
//! on a busy machine it takes longer to wake another one up than to ask a server.

use crate::act::{self, Done};
use crate::scenario::{Step, after};
use crate::scope::Scope;
use anyhow::{Context, Result};
use probe::http::Connections;
use probe::{Around, Finding};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use toolkit::signals;

/// What the run waits for.
enum Event {
    /// Steps ended, whose outcome is on the board.
    Ended,
    Skipped(usize, String),
    Interrupted,
    Broken(anyhow::Error),
}

/// What every thread of a run works from.
#[derive(Clone)]
struct Work {
    steps: Arc<[&'static Step]>,
    scope: &'static Scope,
    around: Around<'static>,
    board: Arc<Mutex<Board>>,
    events: Sender<Event>,
}

/// How far the run is.
#[derive(Default)]
struct Board {
    /// For each step, the ones that come before it.
    after: Vec<Vec<usize>>,
    running: BTreeSet<usize>,
    ended: BTreeSet<usize>,
    /// What came of those that nobody was told of yet.
    untold: Vec<(usize, Done)>,
    /// Those that did not succeed.
    failed: BTreeSet<usize>,
    is_interrupted: bool,
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
    let (events, received) = channel();
    let interrupt = events.clone();
    let _guard = signals::on_interrupt(move |_| {
        let _ = interrupt.send(Event::Interrupted);
    });
    let board = Board {
        after: after(steps),
        ..Board::default()
    };
    let work = Work {
        steps: steps.into(),
        scope,
        around,
        board: Arc::new(Mutex::new(board)),
        events,
    };
    let ready = work.next();
    work.start(ready)?;
    let mut found: BTreeMap<usize, Finding> = BTreeMap::new();
    while found.len() < steps.len() {
        match received.recv().context("a step ended unexpectedly")? {
            Event::Ended => {}
            Event::Skipped(at, why) => {
                found.insert(at, act::skipped(steps[at], &why));
            }
            Event::Broken(error) => return Err(error),
            // A second one ends the process.
            Event::Interrupted => {
                signals::begin_cleanup();
                work.interrupt();
                let ready = work.next();
                work.start(ready)?;
            }
        }
        let untold = std::mem::take(&mut work.board().untold);
        for (at, done) in untold {
            seen(steps[at], &done);
            found.insert(at, done.finding);
        }
    }
    Ok(found.into_values().collect())
}

impl Work {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The steps that can run now; they are taken to be running from then on.
    /// Those that cannot run any more are skipped.
    fn next(&self) -> Vec<usize> {
        let mut board = self.board();
        let mut ready = Vec::new();
        // A step comes after those before it in the list: one pass will do.
        for (at, step) in self.steps.iter().enumerate() {
            if !board.is_open(at) {
                continue;
            }
            let why = if board.is_interrupted && !step.is_cleanup {
                Some(INTERRUPTED.to_owned())
            } else {
                let broken = self.broken(step, &board);
                broken.or_else(|| unknown(step, self.scope, &self.around))
            };
            if let Some(why) = why {
                self.skip(at, why, &mut board);
            } else {
                board.running.insert(at);
                ready.push(at);
            }
        }
        ready
    }

    fn skip(&self, at: usize, why: String, board: &mut Board) {
        board.ended.insert(at);
        board.failed.insert(at);
        let _ = self.events.send(Event::Skipped(at, why));
    }

    /// Leaves behind what is being asked.
    fn interrupt(&self) {
        let mut board = self.board();
        board.is_interrupted = true;
        for at in std::mem::take(&mut board.running) {
            self.skip(at, INTERRUPTED.to_owned(), &mut board);
        }
    }

    /// Starts a thread for each of the steps.
    fn start(&self, ready: Vec<usize>) -> Result<()> {
        for at in ready {
            let work = self.clone();
            let thread = thread::Builder::new().name("step".into());
            thread
                .spawn(move || work.go_on(at))
                .context("cannot start a thread")?;
        }
        Ok(())
    }

    /// Runs the step, and then what can run after it.
    fn go_on(&self, first: usize) {
        let mut connections = Connections::kept();
        let mut next = Some(first);
        while let Some(at) = next.take() {
            let done = act::run(self.steps[at], self.scope, &self.around, &mut connections);
            let has_failed = done.has_failed;
            if !self.board().end(at, done) {
                return;
            }
            let mut ready = self.next();
            if !ready.is_empty() {
                next = Some(ready.remove(0));
            }
            if has_failed || next.is_none() {
                let _ = self.events.send(Event::Ended);
            }
            if let Err(error) = self.start(ready) {
                let _ = self.events.send(Event::Broken(error));
            }
        }
    }

    /// The step that it needs, and that did not succeed.
    fn broken(&self, step: &Step, board: &Board) -> Option<String> {
        let needed = |other: &&&Step| step.needs.iter().any(|name| other.is(name));
        let by = board
            .failed
            .iter()
            .map(|at| &self.steps[*at])
            .find(needed)?;
        Some(format!("`{}` failed", by.name))
    }
}

const INTERRUPTED: &str = "the run was interrupted";

impl Board {
    /// Whether the step has not begun, and all before it has ended.
    fn is_open(&self, at: usize) -> bool {
        let is_new = !self.ended.contains(&at) && !self.running.contains(&at);
        is_new
            && self.after[at]
                .iter()
                .all(|before| self.ended.contains(before))
    }

    /// Notes what came of a step; false for one that was left behind, and has
    /// ended already.
    fn end(&mut self, at: usize, done: Done) -> bool {
        if !self.running.remove(&at) {
            return false;
        }
        self.ended.insert(at);
        if done.has_failed {
            self.failed.insert(at);
        }
        self.untold.push((at, done));
        true
    }
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
