//! What a user, and the next tool of a pipeline, see of one call.

use serde_json::Value;
use std::process::{Command, Output};

/// What came of one call whose stdout is records.
#[derive(Debug)]
pub struct Seen {
    /// The exit status; none when a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout, a record a line.
    pub records: Vec<Value>,
    /// What it told people.
    pub stderr: String,
}

impl Seen {
    /// Runs the command to its end.
    pub fn run(command: &mut Command) -> Self {
        Self::of(&command.output().expect("the tool starts"))
    }

    /// What the output of a call says. Fails when a line of its stdout is not
    /// JSON.
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("tools write UTF-8");
        let stderr = text(&output.stderr);
        let record = |line: &str| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("`{line}` is no record: {error}\n{stderr}"))
        };
        Self {
            code: output.status.code(),
            records: text(&output.stdout).lines().map(record).collect(),
            stderr: stderr.clone(),
        }
    }

    /// The last record: the tool's own final one.
    pub fn last(&self) -> &Value {
        self.records
            .last()
            .unwrap_or_else(|| panic!("no record was written: {}", self.stderr))
    }

    /// The `data` of the last record.
    pub fn data(&self) -> &Value {
        &self.last()["data"]
    }

    /// The last record's reason; empty when nothing went wrong.
    pub fn reason(&self) -> &str {
        self.last()["error"]["reason"].as_str().unwrap_or_default()
    }

    /// The last record's message; empty when nothing went wrong.
    pub fn message(&self) -> &str {
        self.last()["error"]["message"].as_str().unwrap_or_default()
    }

    /// The last record's hint; empty when there is none.
    pub fn hint(&self) -> &str {
        self.last()["error"]["hint"].as_str().unwrap_or_default()
    }

    /// The same, when it succeeded; fails, and shows all of it, when it did
    /// not.
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }
}
