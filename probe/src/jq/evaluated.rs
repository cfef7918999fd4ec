//! Where expressions are evaluated: by who waits for it, or on a thread that is
//! left behind at the deadline.

use super::steps::While;
use super::{Jq, queue};
use crate::{Deadline, aside};
use anyhow::{Context, Result};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

/// Hardly any JSON is longer: up to here each is evaluated on a thread of its own.
pub(super) const SMALL: usize = 16 << 10;

/// Whether no step of these takes long: they need no thread that can be left
/// behind.
pub(super) fn is_brief(all: &[Jq], json: &[u8]) -> bool {
    json.len() <= SMALL && all.iter().all(|jq| jq.is_brief)
}

/// What `evaluate` returns, ended at the first step after the deadline.
///
/// # Errors
/// `timeout`.
pub(super) fn here<T>(deadline: Deadline, evaluate: impl FnOnce(&While) -> T) -> Result<T> {
    deadline.left()?;
    let time = While::Left(deadline);
    catch_unwind(AssertUnwindSafe(|| evaluate(&time))).or_else(|_| {
        deadline.left().context("evaluating `jq`")?;
        anyhow::bail!("evaluating `jq` ended unexpectedly")
    })
}

/// What `evaluate` returns of JSON of so many bytes, on a thread that ends soon
/// after the deadline.
pub(super) fn evaluated<T: Send + 'static>(
    length: usize,
    deadline: Deadline,
    evaluate: impl FnOnce(&While) -> T + Send + 'static,
) -> Result<T> {
    let turn = (length > SMALL).then(|| queue::turn(deadline));
    let turn = turn.transpose().context("evaluating `jq`")?;
    let (answer, answered) = sync_channel(1);
    // Held until this returns, for whatever reason.
    let waiting = Arc::new(());
    let time = While::Held(Arc::downgrade(&waiting));
    let work = move || {
        let _ = answer.send(evaluate(&time));
    };
    match turn {
        Some(turn) => turn.spend(work)?,
        None => aside::start(work)?,
    }
    match answered.recv_timeout(deadline.left()?) {
        Ok(outcome) => Ok(outcome),
        Err(RecvTimeoutError::Timeout) => Err(deadline.missed()).context("evaluating `jq`"),
        Err(RecvTimeoutError::Disconnected) => anyhow::bail!("evaluating `jq` ended unexpectedly"),
    }
}
