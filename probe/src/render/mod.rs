//! What came of checks and steps, for other programs: one file a format, all of
//! the same findings.

mod junit;
mod table;
mod tap;

pub use junit::of as junit;
pub use table::of as table;
pub use tap::of as tap;

use crate::Finding;
use std::borrow::Cow;
use toolkit::record::{Record, Status};

/// A run as a document tells it.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The final record.
    pub record: &'a Record,
    /// The exit status that the pipeline counts.
    pub code: u8,
    /// What was found; none where the run looked at nothing, or not to its end.
    pub findings: Option<&'a [Finding]>,
}

impl<'a> Told<'a> {
    /// A run that ended with `code` and `record`, having found `findings`.
    pub fn new(record: &'a Record, code: u8, findings: Option<&'a [Finding]>) -> Self {
        Self {
            record,
            code,
            // Above 4 it was interrupted, however much it had found.
            findings: findings.filter(|_| code <= 4),
        }
    }

    /// The result in one sentence.
    pub fn sentence(&self) -> Cow<'_, str> {
        let summary = &self.record.summary;
        if self.code != 0 && self.record.status != Status::Fail {
            return format!("{summary}, but a tool before this one failed").into();
        }
        summary.into()
    }

    /// The remedy, where the run itself has one.
    pub fn hint(&self) -> Option<&str> {
        self.record.error.as_ref()?.hint.as_deref()
    }
}

/// Whatever is wrong with a finding, and what to do about it, a line each.
pub fn faults(finding: &Finding) -> Vec<String> {
    if !matches!(finding.status, Status::Fail | Status::Warn) {
        return Vec::new();
    }
    let also = &finding.also;
    let hints = finding.hint.iter();
    let hints = hints.chain(also.iter().filter_map(|fault| fault.hint.as_ref()));
    let first = format!("{}; expected: {}", finding.observed, finding.expected);
    let others = also
        .iter()
        .map(|fault| format!("also: {}; expected: {}", fault.observed, fault.expected));
    let hints = hints.map(|hint| format!("hint: {hint}"));
    std::iter::once(first).chain(others).chain(hints).collect()
}
