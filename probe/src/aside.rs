//! What knows no time limit, asked on a thread that is left behind when it is
//! late.

use crate::Deadline;
use anyhow::{Context, Result};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use toolkit::failure::Failure;

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
    thread::Builder::new()
        .name("ask".into())
        .spawn(move || {
            let _ = answer.send(ask());
        })
        .context("cannot start a thread")?;
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
        let deadline = Deadline::after(Duration::from_secs(60));
        assert_eq!(ask(deadline, || Ok(7)).unwrap(), 7);
    }
}
