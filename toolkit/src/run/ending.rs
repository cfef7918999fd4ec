//! How a run ends: its final record, what people are told, the history, and the
//! exit status.

use super::{Outcome, Run};
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::record::{self, Record, Status};
use crate::verdict::Verdict;
use crate::{redact, signals};
use anyhow::Result;
use chrono::Utc;
use std::process::ExitCode;

impl Run {
    /// Writes the final record, or what `document` makes of it, and returns the
    /// exit status, as `exit` wants it.
    pub(super) fn end(
        mut self,
        ended: Result<Outcome>,
        document: impl FnOnce(&Record, u8) -> String,
        exit: impl FnOnce(u8, Status) -> u8,
    ) -> ExitCode {
        let mut own = None;
        let mut query = false;
        let mut record = self.header(Status::Fail);
        match ended {
            Ok(outcome) => {
                record.status = outcome.status;
                record.summary = outcome.summary;
                record.error = outcome.problem;
                record.data = outcome.data;
                query = outcome.query;
            }
            Err(error) => {
                // What a signal broke fails in many ways, all of them its own.
                let failure = match signals::interrupted() {
                    Some(number) => Failure {
                        data: Failure::of(&error).data,
                        ..signals::failure(number)
                    },
                    None => Failure::of(&error),
                };
                own = Some(failure.exit);
                record.data = failure
                    .data
                    .clone()
                    .unwrap_or_else(|| serde_json::json!({}));
                record.summary.clone_from(&failure.message);
                record.error = Some(failure.into());
            }
        }
        let elapsed = self.started.elapsed().as_millis();
        record.ms = Some(u64::try_from(elapsed).unwrap_or(u64::MAX));
        redact_record(&mut record);
        self.tell(&record);
        if self.format() == Format::Document {
            let code = status(self.verdict(record.status), own);
            self.output.document(&document(&record, code));
        }
        self.output.record(&record);
        if !query {
            self.remember(&record.line());
        }
        // What was begun ahead has failed before the others ended. They may
        // wait for just that.
        if let Err(error) = self.drain() {
            let failure = Failure::of(&error);
            self.note(&failure.message);
            own.get_or_insert(failure.exit);
        }
        let verdict = self.verdict(record.status);
        if let Some(error) = self.output.failure() {
            self.note(&format!("cannot write the record to stdout: {error}"));
            own.get_or_insert(Exit::Failed);
        }
        ExitCode::from(exit(status(verdict, own), record.status))
    }

    /// What the records so far come to, with this run's own.
    fn verdict(&self, own: Status) -> Verdict {
        let upstream = self.upstream.verdict;
        upstream.then_record(self.tool.name, &self.name, own)
    }

    /// Says on stderr what went wrong, unless stdout tells the same people.
    fn tell(&self, record: &Record) {
        let heard = self.told || self.format() == Format::Text;
        if let Some(problem) = record.error.as_ref().filter(|_| !heard) {
            self.note(&problem.message);
            if let Some(hint) = &problem.hint {
                output::line(&format!("hint: {hint}"));
            }
        }
    }

    pub(super) fn remember(&mut self, line: &str) {
        let remembered = self.state().and_then(|state| state.append(line));
        if let Err(error) = remembered {
            self.note(&format!("the history misses this run: {error:#}"));
        }
    }

    pub(super) fn header(&self, status: Status) -> Record {
        Record {
            v: record::VERSION,
            run: self.id.clone(),
            tool: self.tool.name.to_owned(),
            name: self.name.clone(),
            status,
            at: record::timestamp(Utc::now()),
            ms: None,
            host: host(),
            project: self.project.clone(),
            env: self.env.clone(),
            summary: String::new(),
            error: None,
            data: serde_json::json!({}),
        }
    }
}

fn status(verdict: Verdict, own: Option<Exit>) -> u8 {
    match own {
        Some(exit) if exit != Exit::Failed && verdict != Verdict::RollbackFailed => exit.code(),
        Some(_) if verdict == Verdict::Clean => Exit::Failed.code(),
        _ => verdict.code(),
    }
}

/// Header fields are names that the user chose; what was observed goes through
/// the filter.
pub(super) fn redact_record(record: &mut Record) {
    redact::value(&mut record.data);
    record.summary = redact::text(&record.summary).into_owned();
    if let Some(problem) = &mut record.error {
        problem.message = redact::text(&problem.message).into_owned();
        problem.hint = problem
            .hint
            .take()
            .map(|hint| redact::text(&hint).into_owned());
    }
}

pub(super) fn host() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// The name of whoever runs this, as `whoami` prints it, else the number.
pub fn user() -> String {
    whoami::username().unwrap_or_else(|_| rustix::process::geteuid().as_raw().to_string())
}
