//! What `hurl --json` says of each file: one JSON object a line.

use super::problem::Problem;
use serde::Deserialize;
use serde_json::Value;

/// One file.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    pub(super) filename: String,
    #[serde(default)]
    pub(super) entries: Vec<Entry>,
    /// Milliseconds.
    #[serde(default)]
    pub(super) time: u64,
}

/// One request of it, and those that came of it: redirects, retries.
#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    /// From 1 on.
    pub(super) index: u64,
    pub(super) line: usize,
    #[serde(default)]
    calls: Vec<Call>,
    #[serde(default)]
    pub(super) captures: Vec<Captured>,
    #[serde(default)]
    asserts: Vec<Assert>,
    /// Milliseconds.
    #[serde(default)]
    pub(super) time: u64,
}

#[derive(Debug, Deserialize)]
struct Call {
    request: Request,
    response: Response,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: String,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Response {
    status: u16,
}

/// What was captured.
#[derive(Debug, Deserialize)]
pub(super) struct Captured {
    pub(super) name: String,
    pub(super) value: Value,
}

#[derive(Debug, Deserialize)]
struct Assert {
    success: bool,
    message: Option<String>,
    line: usize,
}

/// The files that `stdout` tells of; what is no such line is left out.
pub(super) fn read(stdout: &[u8]) -> Vec<Said> {
    let lines = stdout.split(|byte| *byte == b'\n');
    lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

impl Entry {
    /// What was asked last.
    pub(super) fn request(&self) -> String {
        let last = self.calls.last();
        last.map_or_else(
            || format!("request {}", self.index),
            |call| format!("{} {}", call.request.method, call.request.url),
        )
    }

    /// The status that it was answered with.
    pub(super) fn status(&self) -> Option<u16> {
        self.calls.last().map(|call| call.response.status)
    }

    /// What of it failed: its assertions, and what of `all`, told on stderr,
    /// stands in `file` between it and the line `next`.
    pub(super) fn problems(&self, file: &str, next: usize, all: &[Problem]) -> Vec<Problem> {
        let failed = self.asserts.iter().filter(|assert| !assert.success);
        let mut problems: Vec<_> = failed
            .map(|assert| {
                let message = assert.message.as_deref().unwrap_or("it does not hold");
                Problem::parse(message).at(file, assert.line)
            })
            .collect();
        for other in all {
            let is_within = other.file == file && (self.line..next).contains(&other.line);
            if is_within && !problems.iter().any(|known| known.line == other.line) {
                problems.push(other.clone());
            }
        }
        problems
    }
}
