//! Large JSON, looked at by one thread, one after the other.
//!
//! Its values take up to twenty times its length, and what a thread has freed
//! stays with its allocator: of many servers that send many small values at
//! once, each would take that. A moment is enough for each, and what never ends
//! is ended once nobody waits for it.

use crate::Deadline;
use crate::aside::STACK;
use anyhow::{Context, Result, anyhow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

type Work = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Queue {
    is_taken: bool,
    /// To the thread, once it was needed; it lasts as long as the process.
    thread: Option<Sender<Work>>,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    is_taken: false,
    thread: None,
});
static FREED: Condvar = Condvar::new();

/// Whose turn it is, until it is dropped.
pub(super) struct Turn(());

/// Waits until nobody else's JSON is looked at.
///
/// # Errors
/// `timeout`.
pub(super) fn turn(deadline: Deadline) -> Result<Turn> {
    let mut queue = queue();
    while queue.is_taken {
        let woken = FREED.wait_timeout(queue, deadline.left()?);
        queue = woken.unwrap_or_else(PoisonError::into_inner).0;
    }
    queue.is_taken = true;
    Ok(Turn(()))
}

impl Turn {
    /// Does `work`, and then it is another's turn.
    pub(super) fn spend(self, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = match &mut queue().thread {
            Some(thread) => thread.clone(),
            none => none.insert(start()?).clone(),
        };
        let sent = thread.send(Box::new(move || {
            let _turn = self;
            work();
        }));
        sent.map_err(|_| anyhow!("the queue has ended"))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        queue().is_taken = false;
        FREED.notify_one();
    }
}

fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn start() -> Result<Sender<Work>> {
    let (to, works) = channel::<Work>();
    let thread = thread::Builder::new().name("jq queue".into());
    let each = move || {
        for work in works {
            // What nobody waits for any more unwinds.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    };
    let thread = thread.stack_size(STACK).spawn(each);
    thread.context("cannot start a thread")?;
    Ok(to)
}
