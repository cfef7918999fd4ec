//! The exit status, as those who call health checks want it.

use clap::ValueEnum;
use toolkit::record::Status;

/// Whose exit statuses are used in place of the pipeline's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// A Nagios plugin's: 0 ok, 1 warning, 2 critical, 3 unknown
    Nagios,
    /// Docker's HEALTHCHECK: 0 healthy, 1 unhealthy
    Docker,
}

impl Style {
    /// The exit status for a run that ended with `status`, and with `code` as
    /// the pipeline counts.
    pub(crate) fn of(self, code: u8, status: Status) -> u8 {
        match self {
            Self::Nagios => Service::of(code, status) as u8,
            // Docker keeps 2 for itself: reference/dockerfile, HEALTHCHECK.
            Self::Docker => code.min(1),
        }
    }
}

/// The states of a service, numbered as in the guidelines for plugins:
/// <https://www.monitoring-plugins.org/doc/guidelines.html#AEN78>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

impl Service {
    /// The state after a run that ended with `status`, and with `code` as the
    /// pipeline counts: a run that looked at nothing knows nothing.
    pub(crate) fn of(code: u8, status: Status) -> Self {
        match (code, status) {
            (0, Status::Ok) => Self::Ok,
            (0, Status::Warn) => Self::Warning,
            // Failed, here or before; rolled back, or not even that.
            (1 | 3 | 4, _) => Self::Critical,
            // Skipped, refused, locked out, interrupted.
            _ => Self::Unknown,
        }
    }

    /// The word that plugins write.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_gets_statuses_that_it_knows() {
        use Status::{Fail, Ok, Skip, Warn};
        for (code, status, nagios, docker) in [
            (0, Ok, 0, 0),
            (0, Warn, 1, 0),
            (1, Fail, 2, 1),
            (1, Ok, 2, 1),
            (3, Ok, 2, 1),
            (0, Skip, 3, 0),
            (2, Fail, 3, 1),
            (75, Fail, 3, 1),
            (130, Fail, 3, 1),
        ] {
            assert_eq!(Style::Nagios.of(code, status), nagios, "{code} {status:?}");
            assert_eq!(Style::Docker.of(code, status), docker, "{code} {status:?}");
        }
    }
}
