//! Why a tool failed, in words for people and in a stable word for scripts.

use serde_json::Value;
use std::fmt;
use std::io;

/// A failure that a person can act on and a script can match.
///
/// It travels as the root of an `anyhow` chain: tools add context on the way
/// up, and [`Failure::of`] finds it again at the end.
///
/// ```
/// use toolkit::failure::Failure;
/// let failure = Failure::new("pg_auth", "`db` refused the password of `app`")
///     .hint("compare `POSTGRES_PASSWORD` with what the volume was created with");
/// assert_eq!(failure.reason, "pg_auth");
/// assert_eq!(failure.exit, toolkit::failure::Exit::Failed);
/// ```
#[derive(Debug, Clone)]
pub struct Failure {
    /// Stable word in `snake_case` that scripts may match.
    pub reason: &'static str,
    /// What happened, to what, and why; lower-case, without a final period.
    pub message: String,
    /// The remedy, where there is one.
    pub hint: Option<String>,
    /// How the tool's process ends.
    pub exit: Exit,
    /// What was observed before it failed: the record's `data`.
    pub data: Option<Value>,
}

/// How a tool that did not succeed ends its process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 1: it ran, and failed.
    Failed,
    /// 2: usage, configuration or a missing program; nothing was touched.
    NotStarted,
    /// 4: a rollback failed, and a person is needed now.
    PersonNeeded,
    /// 75: another run holds the lock.
    Locked,
    /// 128 + n: ended by signal n, after cleaning up.
    Signal(u8),
}

impl Exit {
    /// The process exit status.
    pub fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::NotStarted => 2,
            Self::PersonNeeded => 4,
            Self::Locked => 75,
            Self::Signal(number) => 128u8.saturating_add(number),
        }
    }
}

impl Failure {
    /// A failure with exit status 1.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            hint: None,
            exit: Exit::Failed,
            data: None,
        }
    }

    /// A failure before anything was touched: exit status 2.
    pub fn not_started(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            exit: Exit::NotStarted,
            ..Self::new(reason, message)
        }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what was observed until then, for the record's `data`.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// Adds how the process is to end.
    #[must_use]
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// The failure inside an error chain, its message extended by the contexts
    /// around it; an error without one has the reason `error`, or `no_space`.
    pub fn of(error: &anyhow::Error) -> Self {
        let found = error.chain().find_map(|cause| cause.downcast_ref::<Self>());
        Self {
            message: format!("{error:#}"),
            ..found.cloned().unwrap_or_else(|| Self::unnamed(error))
        }
    }

    /// What nobody gave a word: a full disk is told by what the system says.
    fn unnamed(error: &anyhow::Error) -> Self {
        let mut causes = error.chain().filter_map(|cause| cause.downcast_ref());
        let is_full = |cause: &io::Error| {
            matches!(
                cause.kind(),
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        };
        if causes.any(is_full) {
            return Self::new("no_space", "")
                .hint("make room on that file system: `df` shows what is full");
        }
        Self::new("error", "")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn contexts_extend_the_message_and_keep_the_reason() {
        let failure = Failure::not_started("no_config", "no such file").hint("create it");
        let error = Err::<(), _>(failure)
            .context("cannot read `a`")
            .context("cannot start")
            .unwrap_err();
        let found = Failure::of(&error);
        assert_eq!(found.message, "cannot start: cannot read `a`: no such file");
        assert_eq!(found.reason, "no_config");
        assert_eq!(found.hint.as_deref(), Some("create it"));
        assert_eq!(found.exit.code(), 2);
    }

    #[test]
    fn a_full_disk_is_told_as_one() {
        let error =
            anyhow::Error::from(io::Error::from_raw_os_error(28)).context("cannot write `a`");
        let found = Failure::of(&error);
        assert_eq!(found.reason, "no_space");
        assert!(found.message.starts_with("cannot write `a`: No space left"));
        assert!(found.hint.unwrap().starts_with("make room"));
        let other = anyhow::Error::from(io::Error::from_raw_os_error(13));
        assert_eq!(Failure::of(&other).reason, "error");
    }
}
