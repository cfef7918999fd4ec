//! What ends everything once a part of it has failed.

use anyhow::Result;
use std::sync::{Mutex, PoisonError};
use toolkit::command::Group;
use toolkit::postgres::{Canceller, Stopper};

/// Ends all others when one fails, and keeps why: what fails after the first
/// one fails because of it.
pub(super) struct Abort {
    copiers: Vec<Stopper>,
    counting: Canceller,
    programs: Mutex<Vec<Group>>,
    first: Mutex<Option<anyhow::Error>>,
}

impl Abort {
    pub(super) fn new(copiers: Vec<Stopper>, counting: Canceller) -> Self {
        Self {
            copiers,
            counting,
            programs: Mutex::default(),
            first: Mutex::new(None),
        }
    }

    /// Ends this program too.
    pub(super) fn watch(&self, program: Group) {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_some() {
            program.terminate();
        }
        let programs = self.programs.lock();
        programs
            .unwrap_or_else(PoisonError::into_inner)
            .push(program);
    }

    /// What `work` returns; none when it failed, and then all else ends.
    pub(super) fn guard<T>(&self, work: impl FnOnce() -> Result<T>) -> Option<T> {
        match work() {
            Ok(done) => Some(done),
            Err(error) => {
                self.fail(error);
                None
            }
        }
    }

    /// Ends all.
    pub(super) fn fail(&self, error: anyhow::Error) {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_some() {
            return;
        }
        *first = Some(error);
        self.copiers.iter().for_each(Stopper::stop);
        self.counting.cancel();
        let programs = self.programs.lock();
        let programs = programs.unwrap_or_else(PoisonError::into_inner);
        programs.iter().for_each(|group| group.terminate());
    }

    /// Why all was ended, if it was.
    pub(super) fn outcome(self) -> Result<()> {
        let first = self.first.into_inner();
        match first.unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}
