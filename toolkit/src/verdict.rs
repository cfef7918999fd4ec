//! What a pipeline's records add up to, and the gate that it opens or closes.

use crate::record::{Header, Status};
use clap::ValueEnum;

/// The sum of all final records so far, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verdict {
    /// Nothing failed.
    #[default]
    Clean,
    /// Something failed.
    Failed,
    /// Something failed, and `rollback` then verified the earlier release.
    RolledBack,
    /// Something failed, and so did `rollback`: a person is needed now.
    RollbackFailed,
}

impl Verdict {
    /// The verdict after one more record.
    #[must_use]
    pub fn then(self, tool: &str, status: Status) -> Self {
        let failed = match status {
            Status::Running | Status::Skip => return self,
            Status::Ok | Status::Warn => false,
            Status::Fail | Status::Unknown => true,
        };
        match (self, tool == "rollback", failed) {
            // What fails after a rollback was not rolled back.
            (Self::Clean | Self::RolledBack, false, true) | (Self::Clean, true, true) => {
                Self::Failed
            }
            (Self::Failed | Self::RolledBack | Self::RollbackFailed, true, true) => {
                Self::RollbackFailed
            }
            (Self::Failed | Self::RolledBack | Self::RollbackFailed, true, false) => {
                Self::RolledBack
            }
            (verdict, _, _) => verdict,
        }
    }

    /// [`Verdict::then`] for the record `name` of `tool`. A link of `rollback`
    /// that frames a deployment, or switches maintenance mode, takes no failure
    /// back.
    #[must_use]
    pub fn then_record(self, tool: &str, name: &str, status: Status) -> Self {
        let is_frame = tool == "rollback" && name != "rollback";
        self.then(if is_frame { name } else { tool }, status)
    }

    /// [`Verdict::then_record`] for a record that was read.
    #[must_use]
    pub fn then_header(self, header: &Header) -> Self {
        self.then_record(&header.tool, &header.name, header.status)
    }

    /// The exit status of the last tool of a pipeline.
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Failed => 1,
            Self::RolledBack => 3,
            Self::RollbackFailed => 4,
        }
    }
}

/// When a tool does its work, given what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Condition {
    /// Nothing before it failed.
    Success,
    /// Something before it failed.
    Failure,
    /// In any case.
    Always,
}

impl Condition {
    /// Whether the gate is open after `verdict`.
    pub fn holds(self, verdict: Verdict) -> bool {
        match self {
            Self::Success => verdict == Verdict::Clean,
            Self::Failure => verdict != Verdict::Clean,
            Self::Always => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(records: &[(&str, Status)]) -> u8 {
        let fold = |verdict: Verdict, (tool, status): &(&str, Status)| verdict.then(tool, *status);
        records.iter().fold(Verdict::Clean, fold).code()
    }

    #[test]
    fn the_exit_status_follows_from_the_records() {
        use Status::{Fail, Ok, Skip, Unknown, Warn};
        assert_eq!(verdict(&[]), 0);
        assert_eq!(
            verdict(&[("backup", Ok), ("step", Warn), ("step", Skip)]),
            0
        );
        assert_eq!(
            verdict(&[("backup", Fail), ("step", Skip), ("report", Ok)]),
            1
        );
        assert_eq!(verdict(&[("backup", Unknown)]), 1);
        assert_eq!(
            verdict(&[("step", Fail), ("rollback", Ok), ("report", Ok)]),
            3
        );
        assert_eq!(
            verdict(&[("step", Fail), ("rollback", Fail), ("report", Ok)]),
            4
        );
        assert_eq!(
            verdict(&[("step", Fail), ("rollback", Ok), ("smoketest", Fail)]),
            1
        );
        assert_eq!(verdict(&[("rollback", Ok)]), 0);
        assert_eq!(verdict(&[("rollback", Skip)]), 0);
        assert_eq!(verdict(&[("step", Fail), ("rollback", Skip)]), 1);
        assert_eq!(
            verdict(&[("step", Fail), ("rollback", Fail), ("step", Fail)]),
            4
        );
    }
}
