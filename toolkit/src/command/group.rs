//! A process group: a child and everything that it started.

use crate::signals::Urgency;
use rustix::process::{Pid, Signal, kill_process_group};
use std::process::Child;

/// A process group: a child and everything that it started.
#[derive(Debug, Clone, Copy)]
pub struct Group(Option<Pid>);

impl Group {
    pub(super) fn of(child: &Child) -> Self {
        Self(i32::try_from(child.id()).ok().and_then(Pid::from_raw))
    }

    /// The child itself.
    pub(super) fn leader(self) -> Option<Pid> {
        self.0
    }

    /// Asks all of it to end (SIGTERM).
    pub fn terminate(self) {
        self.send(Signal::TERM);
    }

    /// Ends all of it (SIGKILL).
    pub fn kill(self) {
        self.send(Signal::KILL);
    }

    pub(super) fn signal(self, urgency: Urgency) {
        match urgency {
            Urgency::Stop => self.terminate(),
            Urgency::Kill => self.kill(),
        }
    }

    fn send(self, signal: Signal) {
        if let Some(pid) = self.0 {
            // It may have ended by itself in the meantime.
            let _ = kill_process_group(pid, signal);
        }
    }
}
