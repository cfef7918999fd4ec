//! The journal of what changes a deployed application: a deployment from its
//! first link to its last, or a rollback.
//!
//! The intent is on disk before anything is touched, each step before it is
//! begun. After a kill the journal tells what may have been changed; what has
//! been is found by looking.

pub mod owner;

use crate::durable;
use crate::failure::Failure;
use crate::record;
use crate::state::State;
use anyhow::{Context, Result};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// The open operation's file in the state folder: its intent in the first
/// line, then what became of each step.
const OPEN: &str = "operation.ndjson";
/// The folder of the ended ones.
const ENDED: &str = "operations";
/// Longer than any journal, in bytes.
const LONGEST: u64 = 64 << 20;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A pipeline that brings a new release.
    Deployment,
    /// The return to an earlier one.
    Rollback,
}

impl Kind {
    /// What people call it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Rollback => "rollback",
        }
    }
}

/// An operation's intent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Its name, which sorts by time.
    pub id: String,
    /// What kind of change it is.
    pub kind: Kind,
    /// The pipeline that it belongs to.
    pub run: String,
    /// When it began: RFC 3339, UTC.
    pub at: String,
    /// Who began it.
    pub by: String,
    /// The processes that it belongs to.
    pub owner: Value,
    /// The release that served before.
    pub from: String,
    /// What is to be done, as the tool that began it understands it.
    pub plan: Value,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// On disk before its first effect.
    Begun,
    /// Done, and seen to be so.
    Done,
    /// Ended without being done.
    Failed,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The step's name.
    pub step: String,
    /// How it stands.
    pub mark: Mark,
    /// When: RFC 3339, UTC.
    pub at: String,
    /// What a later run needs to know of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

/// One operation and its journal.
#[derive(Debug, Clone)]
pub struct Operation {
    /// What it set out to do.
    pub intent: Intent,
    /// What became of its steps.
    pub entries: Vec<Entry>,
    path: PathBuf,
}

impl Operation {
    /// The operation that has begun and not ended, if there is one.
    ///
    /// # Errors
    /// `operation_unreadable` when its intent cannot be read: a person has to look.
    pub fn open(state: &State) -> Result<Option<Self>> {
        Self::read(&state.folder().join(OPEN))
    }

    /// The ended operations, the newest first. What cannot be read is left out.
    pub fn ended(state: &State) -> Vec<Self> {
        let entries = fs::read_dir(state.folder().join(ENDED));
        let mut paths: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        let newest = paths.iter().rev();
        let mut ended: Vec<Self> = newest.filter_map(|path| Self::read(path).ok()?).collect();
        // A name has local time in it, of which an hour a year comes twice.
        ended.sort_by(|one, other| other.intent.at.cmp(&one.intent.at));
        ended
    }

    /// One that is not on disk: what a plan would be.
    pub fn planned(intent: Intent) -> Self {
        Self {
            intent,
            entries: Vec::new(),
            path: PathBuf::new(),
        }
    }

    /// Writes the intent down, in the place of that of `instead` where one
    /// operation takes another over.
    ///
    /// # Errors
    /// `unfinished` when another one is open.
    pub fn begin(state: &State, intent: Intent, instead: Option<&Self>) -> Result<Self> {
        let path = state.folder().join(OPEN);
        match instead {
            Some(other) => other.keep_copy(state)?,
            None if path.exists() => {
                return Err(
                    Failure::new("unfinished", "an operation has begun and not ended")
                        .hint("`rollback --status` says which; `rollback --resume` ends it")
                        .into(),
                );
            }
            None => {}
        }
        let mut line = serde_json::to_string(&intent)?;
        line.push('\n');
        durable::write(&path, line.as_bytes())?;
        Ok(Self {
            intent,
            entries: Vec::new(),
            path,
        })
    }

    /// Adds a line, which is on disk when this returns.
    pub fn note(&mut self, step: &str, mark: Mark, data: Value) -> Result<()> {
        let entry = Entry {
            step: step.to_owned(),
            mark,
            at: record::timestamp(Utc::now()),
            data,
        };
        // A line torn by a power cut must not swallow this one.
        let line = format!("\n{}\n", serde_json::to_string(&entry)?);
        let written = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().append(true).open(&self.path)?;
            file.write_all(line.as_bytes())?;
            file.sync_data()
        };
        written().with_context(|| format!("cannot write `{}`", self.path.display()))?;
        self.entries.push(entry);
        Ok(())
    }

    /// The last that is known of a step.
    pub fn last(&self, step: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.step == step)
    }

    /// Whether its processes are at work.
    pub fn goes_on(&self) -> bool {
        owner::is_at_work(&self.intent.owner)
    }

    /// Whether processes are at work on it, and this is none of them.
    pub fn is_anothers(&self) -> bool {
        owner::is_another(&self.intent.owner)
    }

    /// Whether a step was ever begun.
    pub fn has_begun(&self, step: &str) -> bool {
        self.entries.iter().any(|entry| entry.step == step)
    }

    /// Ends it: from here on nothing is open.
    pub fn end(self, state: &State) -> Result<()> {
        let folder = state.folder().join(ENDED);
        durable::create_folder(&folder)?;
        durable::rename(&self.path, &folder.join(self.file_name()))
    }

    fn keep_copy(&self, state: &State) -> Result<()> {
        let folder = state.folder().join(ENDED);
        durable::create_folder(&folder)?;
        let bytes = fs::read(&self.path)
            .with_context(|| format!("cannot read `{}`", self.path.display()))?;
        durable::write(&folder.join(self.file_name()), &bytes)
    }

    fn file_name(&self) -> String {
        format!("{}.ndjson", self.intent.id.replace('/', "_"))
    }

    fn read(path: &Path) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let mut bytes = Vec::new();
        file.take(LONGEST)
            .read_to_end(&mut bytes)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let intent = serde_json::from_slice(lines.next().unwrap_or_default()).map_err(|error| {
            Failure::not_started(
                "operation_unreadable",
                format!("`{}` cannot be understood: {error}", path.display()),
            )
            .hint("look at what runs; then move the file away")
        })?;
        Ok(Some(Self {
            intent,
            // A torn line is a step whose first effect never came.
            entries: lines
                .filter_map(|line| serde_json::from_slice(line).ok())
                .collect(),
            path: path.to_owned(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(id: &str) -> Intent {
        Intent {
            id: id.to_owned(),
            kind: Kind::Deployment,
            run: "01RUN".to_owned(),
            at: "2026-11-20T02:00:00.000Z".to_owned(),
            by: "root".to_owned(),
            owner: Value::Null,
            from: "20261119_020000".to_owned(),
            plan: Value::Null,
        }
    }

    #[test]
    fn a_torn_line_costs_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().to_owned()).unwrap();
        let mut operation = Operation::begin(&state, intent("a"), None).unwrap();
        operation.note("build", Mark::Begun, Value::Null).unwrap();
        let path = folder.path().join(OPEN);
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(b"{\"step\":\"mig").unwrap();
        operation.note("up", Mark::Begun, Value::Null).unwrap();
        let read = Operation::open(&state).unwrap().unwrap();
        let steps: Vec<_> = read
            .entries
            .iter()
            .map(|entry| entry.step.as_str())
            .collect();
        assert_eq!(steps, ["build", "up"]);
    }

    #[test]
    fn one_is_open_at_a_time_and_the_ended_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::at(folder.path().to_owned()).unwrap();
        let first = Operation::begin(&state, intent("a"), None).unwrap();
        let refused = Operation::begin(&state, intent("b"), None).unwrap_err();
        assert_eq!(Failure::of(&refused).reason, "unfinished");
        let second = Operation::begin(&state, intent("b"), Some(&first)).unwrap();
        second.end(&state).unwrap();
        assert!(Operation::open(&state).unwrap().is_none());
        let ended = Operation::ended(&state);
        let ids: Vec<_> = ended.iter().map(|ended| ended.intent.id.as_str()).collect();
        assert_eq!(ids, ["b", "a"]);
    }
}
