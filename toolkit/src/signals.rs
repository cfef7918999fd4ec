//! What Ctrl-C, a closed terminal and `kill` do to a tool.
//!
//! They reach every process of a pipeline at once. A tool that still waits for
//! its input notes a first signal and reads on, so that a rollback or a report
//! at the end of the pipeline does its work; a tool at work stops its children
//! and cleans up. A second signal ends either at once.

use crate::failure::{Exit, Failure};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

type Action = Box<dyn Fn(Urgency) + Send>;

/// How firmly running work is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// The first signal: end, and clean up.
    Stop,
    /// The second signal: end now; this process exits right after.
    Kill,
}

#[derive(Default)]
struct State {
    working: bool,
    /// The signal that came while the tool waited for its input.
    noted: Option<u8>,
    /// The signal that came while the tool was at work.
    interrupted: Option<u8>,
    /// Whether what is left to do is to clean up.
    cleaning: bool,
    actions: BTreeMap<u64, Action>,
    next: u64,
}

static STATE: Mutex<State> = Mutex::new(State {
    working: false,
    noted: None,
    interrupted: None,
    cleaning: false,
    actions: BTreeMap::new(),
    next: 0,
});

/// Starts to listen for SIGINT, SIGTERM and SIGHUP, on a thread of its own.
pub fn listen() -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            for number in signals.forever() {
                receive(u8::try_from(number).unwrap_or(0));
            }
        })?;
    Ok(())
}

/// From here on, a signal interrupts instead of being noted.
pub fn begin_work() {
    state().working = true;
}

/// From here on, what is started cleans up behind what a signal interrupted:
/// [`check`], [`sleep`], [`start`] and [`on_interrupt`] are as if none had come. A
/// second signal still ends all of it.
pub fn begin_cleanup() {
    state().cleaning = true;
}

/// The signal noted while the tool waited for its input.
pub fn noted() -> Option<u8> {
    state().noted
}

/// The signal that interrupted the work, if one did.
pub fn interrupted() -> Option<u8> {
    state().interrupted
}

/// Ends the work with reason `interrupted` once a signal has come.
pub fn check() -> Result<(), Failure> {
    state().ends().map_or(Ok(()), |number| Err(failure(number)))
}

/// Waits this long, or until a signal interrupts the work.
pub fn sleep(mut left: Duration) -> Result<(), Failure> {
    const TICK: Duration = Duration::from_millis(100);
    while !left.is_zero() {
        check()?;
        let slice = left.min(TICK);
        thread::sleep(slice);
        left -= slice;
    }
    check()
}

/// The failure that a signal causes.
pub fn failure(number: u8) -> Failure {
    let name = signal_hook::low_level::signal_name(number.into()).unwrap_or("a signal");
    Failure::new("interrupted", format!("interrupted by {name}")).exit(Exit::Signal(number))
}

/// Calls `action` when a signal interrupts the work, at once if one already
/// has, until the returned guard is dropped.
///
/// The action runs on the signal thread: it may stop a child or shut a
/// connection, and must not block.
pub fn on_interrupt(action: impl Fn(Urgency) + Send + 'static) -> Guard {
    let mut state = state();
    if state.ends().is_some() {
        action(Urgency::Stop);
    }
    state.register(Box::new(action))
}

/// Starts something that a signal has to end, with the action that ends it.
/// No signal is handled in between: a second one would end this process, and
/// leave running what nothing knows of yet.
///
/// # Errors
/// Those of `start`, which must not call this module; `interrupted`, and
/// nothing was started.
pub fn start<T, E: From<Failure>, A: Fn(Urgency) + Send + 'static>(
    start: impl FnOnce() -> Result<T, E>,
    action: impl FnOnce(&T) -> A,
) -> Result<(T, Guard), E> {
    let mut state = state();
    if let Some(number) = state.ends() {
        return Err(failure(number).into());
    }
    let started = start()?;
    let guard = state.register(Box::new(action(&started)));
    Ok((started, guard))
}

impl State {
    /// The signal that ends what is at work.
    fn ends(&self) -> Option<u8> {
        self.interrupted.filter(|_| !self.cleaning)
    }

    fn register(&mut self, action: Action) -> Guard {
        self.next += 1;
        self.actions.insert(self.next, action);
        Guard { id: self.next }
    }
}

/// How many interrupt actions are registered: one for each program that runs,
/// beside those of the caller's own.
pub fn registered() -> usize {
    state().actions.len()
}

/// Keeps an interrupt action registered.
#[derive(Debug)]
#[must_use = "the action is forgotten when this is dropped"]
pub struct Guard {
    id: u64,
}

impl Drop for Guard {
    fn drop(&mut self) {
        state().actions.remove(&self.id);
    }
}

fn receive(number: u8) {
    let mut state = state();
    let earlier = if state.working {
        state.interrupted
    } else {
        state.noted
    };
    let urgency = if earlier.is_some() {
        Urgency::Kill
    } else {
        Urgency::Stop
    };
    if state.working {
        state.interrupted.get_or_insert(number);
        state.actions.values().for_each(|action| action(urgency));
    } else {
        state.noted.get_or_insert(number);
    }
    if urgency == Urgency::Kill {
        // The main thread may be blocked in a read that nothing else ends.
        #[allow(clippy::exit)]
        std::process::exit(Exit::Signal(number).code().into());
    }
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::TryLockError;

    #[test]
    fn no_signal_is_handled_between_a_start_and_its_action() {
        let started = start(
            || {
                let locked = matches!(STATE.try_lock(), Err(TryLockError::WouldBlock));
                Ok::<_, Failure>(locked)
            },
            |_| |_| {},
        );
        let (locked, guard) = started.unwrap();
        assert!(locked, "a signal would be handled");
        let id = guard.id;
        assert!(state().actions.contains_key(&id));
        drop(guard);
        assert!(!state().actions.contains_key(&id));

        let failed = start(|| Err::<(), _>(Failure::new("x", "y")), |()| |_| {});
        assert_eq!(failed.unwrap_err().reason, "x");
    }
}
