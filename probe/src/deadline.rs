//! How long a probe may still take.

use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// The shortest time limit handed to a system call: zero means none to many.
const SHORTEST: Duration = Duration::from_millis(1);

/// The moment by which a probe has ended, whatever it looks at.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    at: Instant,
    whole: Duration,
}

impl Deadline {
    /// One that is `whole` from now.
    pub fn after(whole: Duration) -> Self {
        Self {
            at: Instant::now() + whole,
            whole,
        }
    }

    /// What is left, never zero: the time limit of the next thing that waits.
    ///
    /// # Errors
    /// `timeout` when nothing is left.
    pub fn left(&self) -> Result<Duration, Failure> {
        let left = self.at.saturating_duration_since(Instant::now());
        if left < SHORTEST {
            return Err(self.missed());
        }
        Ok(left)
    }

    /// The failure of what did not end in time.
    pub fn missed(&self) -> Failure {
        let whole = humantime::format_duration(self.whole);
        Failure::new("timeout", format!("no answer within {whole}"))
    }

    /// `timeout` in place of an error that a time limit of [`Deadline::left`]
    /// caused.
    pub fn explain(&self, error: std::io::Error) -> anyhow::Error {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        if matches!(error.kind(), TimedOut | WouldBlock) {
            return self.missed().into();
        }
        error.into()
    }
}
