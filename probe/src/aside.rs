//! What knows no time limit, asked on a thread that is left behind when it is
//! late.

use crate::Deadline;
use anyhow::{Context, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, SendError, Sender, channel, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use toolkit::failure::Failure;

/// How many threads wait for further work: to start one takes longer than a
/// server on this machine takes to answer.
const MOST_IDLE: usize = 4;
/// Their stack, of which they take what they use.
pub(crate) const STACK: usize = 64 << 20;

type Work = Box<dyn FnOnce() + Send>;

static IDLE: Mutex<Vec<Sender<Work>>> = Mutex::new(Vec::new());

fn idle() -> MutexGuard<'static, Vec<Sender<Work>>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does `work` on another thread, one with much stack. Nobody waits for it.
///
/// # Errors
/// Where no thread can be started.
pub(crate) fn start(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let mut work: Work = Box::new(work);
    loop {
        let Some(thread) = idle().pop() else {
            let thread = thread::Builder::new().name("aside".into());
            let thread = thread.stack_size(STACK).spawn(move || go_on(work));
            return thread.map(drop).context("cannot start a thread");
        };
        match thread.send(work) {
            Ok(()) => return Ok(()),
            Err(SendError(back)) => work = back,
        }
    }
}

/// Does `first`, and then what else there is, until enough others do that.
fn go_on(first: Work) {
    let (to, works) = channel();
    let mut next = Some(first);
    while let Some(work) = next.take() {
        // What nobody waits for any more may unwind.
        let _ = catch_unwind(AssertUnwindSafe(work));
        let mut idle = idle();
        if idle.len() == MOST_IDLE {
            return;
        }
        idle.push(to.clone());
        drop(idle);
        next = works.recv().ok();
    }
}

/// What `ask` returns, when it returns by the deadline.
///
/// # Errors
/// Its own; `timeout`, also for an error that comes of the deadline's passing.
pub(crate) fn ask<T: Send + 'static>(
    deadline: Deadline,
    ask: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let (answer, answered) = sync_channel(1);
    let left = deadline.left()?;
    start(move || {
        let _ = answer.send(ask());
    })?;
    match answered.recv_timeout(left) {
        Ok(Err(_)) if deadline.left().is_err() => Err(deadline.missed().into()),
        Ok(answer) => answer,
        Err(RecvTimeoutError::Timeout) => Err(deadline.missed().into()),
        Err(RecvTimeoutError::Disconnected) => {
            Err(Failure::new("error", "what was asked ended unexpectedly").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn who_never_answers_is_left_behind() {
        let (end, answer) = channel::<()>();
        let deadline = Deadline::after(Duration::from_millis(20));
        let error = ask(deadline, move || Ok(answer.recv().is_ok())).unwrap_err();
        assert_eq!(Failure::of(&error).reason, "timeout");
        drop(end);
        let broken: Result<()> = super::ask(Deadline::after(Duration::from_secs(60)), || {
            std::panic::resume_unwind(Box::new("on purpose"))
        });
        assert_eq!(Failure::of(&broken.unwrap_err()).reason, "error");
        let deadline = Deadline::after(Duration::from_secs(60));
        assert_eq!(ask(deadline, || Ok(7)).unwrap(), 7);
    }
}
