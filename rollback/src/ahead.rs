//! A restore that is begun while the application still serves, and goes on when
//! it is told to.
//!
//! To the child, this process is the link before it in a pipeline: it has begun,
//! and has not ended. If it dies, the child takes that for the failure that it
//! is, and removes what it loaded.

use crate::siblings::{self, Answers};
use anyhow::{Context, Result};
use std::io::Write;
use std::process::ChildStdin;
use toolkit::command::{Io, Running, Stdout};
use toolkit::record::{Record, Status};
use toolkit::run::Run;

const TOOL: &str = "restore";
/// The record by which it says that only the exchange is left.
const LOADED: &str = "loaded";

/// A restore that has loaded all aside. Dropped, it removes that again.
pub(crate) struct Ahead {
    answers: Answers,
    /// The child, and its input while it is to wait.
    child: Option<(Running, ChildStdin)>,
    /// What is said of this process when it is done.
    done: String,
}

impl Ahead {
    /// Begins `restore ARGS --ahead`, and waits until all is loaded.
    ///
    /// # Errors
    /// As [`siblings::call`]: nothing live was touched.
    pub(crate) fn load(args: &[String], run: &Run) -> Result<Self> {
        let said = |status| -> Result<String> {
            let record = run.said(status);
            Ok(serde_json::to_string(&record)? + "\n")
        };
        let command = siblings::command(TOOL, args, run)
            .arg("--ahead")
            .without_env("SEXTANT_NO_INPUT");
        let mut running = command.start(Io {
            stdin: true,
            stdout: Stdout::Read,
            echo: true,
        })?;
        let answers = Answers::of(TOOL, &mut running)?;
        let mut input = running.take_stdin().context("its input is not written")?;
        // One that ended at once says why itself.
        let _ = input.write_all(said(Status::Running)?.as_bytes());
        let mut ahead = Self {
            answers,
            child: Some((running, input)),
            done: said(Status::Ok)?,
        };
        match ahead.answers.next()? {
            Some(record) if record.name == LOADED => Ok(ahead),
            own => Err(match ahead.end(own) {
                Ok(_) => anyhow::anyhow!("`{TOOL}` ended before it was told to go on"),
                Err(error) => error,
            }),
        }
    }

    /// Has what is live exchanged; the restore's own record.
    ///
    /// # Errors
    /// As [`siblings::call`].
    pub(crate) fn exchange(mut self) -> Result<Record> {
        if let Some((_, input)) = &mut self.child {
            let _ = input.write_all(self.done.as_bytes());
        }
        self.end(None)
    }

    /// Ends its input, and waits for it and for its own record, unless that has
    /// come already.
    fn end(&mut self, own: Option<Record>) -> Result<Record> {
        let (running, input) = self.child.take().context("it has ended")?;
        drop(input);
        let mut last = own;
        while let Some(record) = self.answers.next()? {
            last = Some(record);
        }
        let ended = running.wait()?;
        match last.filter(|record| record.name == TOOL) {
            Some(record) => siblings::done(record),
            None => Err(siblings::silent(TOOL, &ended).into()),
        }
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if self.child.is_some() {
            let _ = self.end(None);
        }
    }
}
