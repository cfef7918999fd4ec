//! The record: one JSON object on one line, the only thing that tools exchange.

use crate::failure::Failure;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version of the header that this code writes.
pub const VERSION: u64 = 1;

/// The longest line that counts as a record, in bytes.
pub const LONGEST: usize = 16 << 20;

/// How a tool's work stands or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Begun; a final record follows, unless the tool died.
    Running,
    /// Done, and observed to be so.
    Ok,
    /// Done, with something that a person should look at.
    Warn,
    /// Not done.
    Fail,
    /// Rightly not attempted.
    Skip,
    /// A word of a later version. It is no success, so it counts as a failure.
    #[serde(other)]
    Unknown,
}

impl Status {
    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Unknown => "unknown",
        }
    }
}

/// What went wrong: in every record whose status is `fail` or `warn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Stable word that scripts may match.
    pub reason: String,
    /// What happened, to what, and why.
    pub message: String,
    /// The remedy, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self {
            reason: failure.reason.to_owned(),
            message: failure.message,
            hint: failure.hint,
        }
    }
}

/// A record as this version writes it: the header, then the tool's own `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Version of the header.
    pub v: u64,
    /// One id for a whole pipeline (a ULID, so ids sort by time).
    pub run: String,
    /// The executable that wrote it.
    pub tool: String,
    /// What it worked on, where a tool has several; else the tool's name.
    pub name: String,
    /// How it stands.
    pub status: Status,
    /// When this record was written: RFC 3339, UTC, milliseconds.
    pub at: String,
    /// How long the work took, in milliseconds; not in a `running` record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// The machine's name.
    #[serde(default)]
    pub host: String,
    /// The application that it is about.
    #[serde(default)]
    pub project: String,
    /// The environment chosen by `--env` or `SEXTANT_ENV`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The result in one line, for people.
    #[serde(default)]
    pub summary: String,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Problem>,
    /// The tool's own, documented in its manual page.
    #[serde(default)]
    pub data: Value,
}

impl Record {
    /// The record as its line, without the line's end.
    pub fn line(&self) -> String {
        // A record has string keys and finite numbers only: it always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The part of a record that every reader depends on. Everything else, unknown
/// fields included, is left as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Header {
    /// Version of the header; later versions keep these fields.
    pub v: u64,
    /// One id for a whole pipeline.
    pub run: String,
    /// The executable that wrote it.
    pub tool: String,
    /// What it worked on.
    pub name: String,
    /// How it stands.
    pub status: Status,
    /// When it was written.
    #[serde(default)]
    pub at: String,
}

/// What a header alone says.
impl From<Header> for Record {
    fn from(header: Header) -> Self {
        Self {
            v: header.v,
            run: header.run,
            tool: header.tool,
            name: header.name,
            status: header.status,
            at: header.at,
            ms: None,
            host: String::new(),
            project: String::new(),
            env: None,
            summary: String::new(),
            error: None,
            data: Value::Null,
        }
    }
}

impl Header {
    /// Reads the header of one line.
    ///
    /// # Errors
    /// Says in words why the line is no record.
    pub fn parse(line: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
        let header: Self = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => format!("not a record: {error}"),
            _ => "not JSON".to_owned(),
        })?;
        if header.v < VERSION {
            return Err(format!("not a record: version {} is unknown", header.v));
        }
        Ok(header)
    }

    /// Whether `self` is the final record of what `running` began.
    pub fn finishes(&self, running: &Self) -> bool {
        self.status != Status::Running
            && (&self.run, &self.tool, &self.name) == (&running.run, &running.tool, &running.name)
    }
}

/// A point in time as records write it.
pub fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_needs_its_five_fields_and_nothing_else() {
        let line = br#"{"v":7,"run":"r","tool":"t","name":"n","status":"paused","new":{"a":[1]}}"#;
        assert_eq!(Header::parse(line).unwrap().status, Status::Unknown);
        for (line, why) in [
            (&b"hello"[..], "not JSON"),
            (
                br#"{"v":1,"run":"r","tool":"t","name":"n"}"#,
                "not a record: missing field `status`",
            ),
            (
                br#"{"v":0,"run":"r","tool":"t","name":"n","status":"ok"}"#,
                "version 0 is unknown",
            ),
            (b"[1]", "not a record"),
            (b"{\"v\":1,\"run\":\"\xff\"}", "not UTF-8"),
        ] {
            let error = Header::parse(line).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
    }
}
