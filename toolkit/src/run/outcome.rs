//! What a tool's work came to.

use crate::failure::Failure;
use crate::record::{Problem, Status};
use serde_json::Value;

/// What a tool's work came to.
#[derive(Debug)]
pub struct Outcome {
    pub(super) status: Status,
    pub(super) summary: String,
    pub(super) problem: Option<Problem>,
    pub(super) data: Value,
    pub(super) query: bool,
}

impl Outcome {
    /// Done, and observed to be so.
    pub fn ok(summary: impl Into<String>, data: Value) -> Self {
        Self {
            status: Status::Ok,
            summary: summary.into(),
            problem: None,
            data,
            query: false,
        }
    }

    /// Rightly not attempted.
    pub fn skipped(summary: impl Into<String>) -> Self {
        Self {
            status: Status::Skip,
            ..Self::ok(summary, serde_json::json!({}))
        }
    }

    /// Done, with something that a person should look at.
    pub fn warn(summary: impl Into<String>, data: Value, failure: Failure) -> Self {
        Self {
            status: Status::Warn,
            problem: Some(failure.into()),
            ..Self::ok(summary, data)
        }
    }

    /// Done; with `warnings`, the first of them and how many more there are
    /// stand under `reason`.
    pub fn warned(
        summary: impl Into<String>,
        data: Value,
        reason: &'static str,
        warnings: &[String],
    ) -> Self {
        match warnings {
            [] => Self::ok(summary, data),
            [only] => Self::warn(summary, data, Failure::new(reason, only)),
            [first, more @ ..] => {
                let message = format!("{first}, and {} more", more.len());
                Self::warn(summary, data, Failure::new(reason, message))
            }
        }
    }

    /// The answer to a question (a listing, a plan): nothing was done, so it
    /// does not enter the history.
    #[must_use]
    pub fn query(mut self) -> Self {
        self.query = true;
        self
    }
}
