//! What a run reads from stdin: the records of those before it.

use super::{Outcome, RUN, Run};
use crate::failure::Failure;
use crate::output::Format;
use crate::record::Status;
use crate::signals;
use crate::stdin::{self, Line};
use crate::upstream::Disposition;
use anyhow::Result;
use std::io::{self, BufReader};
use std::ops::ControlFlow;

/// Standard input, as far as it is not read yet.
pub(super) type Stdin = BufReader<io::Stdin>;

fn stdin() -> Stdin {
    BufReader::with_capacity(1 << 16, io::stdin())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::not_started("bad_input", format!("cannot read stdin: {error}"))
}

impl Run {
    /// Reads stdin to its end, if it is connected, and announces this run as
    /// soon as the pipeline's id is known.
    pub(super) fn read(&mut self, connected: bool) -> Result<()> {
        if !connected {
            self.announce();
            return Ok(());
        }
        self.read_rest(&mut stdin())
    }

    /// Reads stdin, if it is connected, only until the pipeline's id is known,
    /// and announces this run. [`Self::join`] reads the rest.
    pub(super) fn read_first(&mut self, connected: bool) -> Result<()> {
        if connected {
            let mut reader = stdin();
            let read = stdin::lines_until(&mut reader, |line| {
                self.line(&line);
                match self.upstream.run {
                    Some(_) => ControlFlow::Break(()),
                    None => ControlFlow::Continue(()),
                }
            });
            read.map_err(|error| unreadable(&error))?;
            self.ahead = Some(reader);
        }
        self.announce();
        Ok(())
    }

    /// For a tool that began ahead of its input, when it is about to change
    /// something: waits for the end of the input, and tells what a closed gate
    /// comes to; none when the work is to go on.
    ///
    /// # Errors
    /// `bad_input`; `interrupted`.
    pub fn join(&mut self) -> Result<Option<Outcome>> {
        let Some(mut reader) = self.ahead.take() else {
            return Ok(None);
        };
        self.read_rest(&mut reader)?;
        signals::check()?;
        let skipped = self.skipped();
        if skipped.is_none() {
            self.journal()?;
        }
        Ok(skipped)
    }

    /// Reads what a tool that began ahead has left.
    pub(super) fn drain(&mut self) -> Result<()> {
        match self.ahead.take() {
            Some(mut reader) => self.read_rest(&mut reader),
            None => Ok(()),
        }
    }

    fn read_rest(&mut self, reader: &mut Stdin) -> Result<()> {
        let waiting = stdin::say_when_waiting(self.tool.name);
        let read = stdin::lines(reader, |line| self.line(&line));
        drop(waiting);
        self.announce();
        for record in self.upstream.end() {
            let line = record.line();
            self.output.pass(line.as_bytes());
            self.remember(&line);
        }
        read.map_err(|error| unreadable(&error))?;
        self.refuse_bad_input()
    }

    fn line(&mut self, line: &Line<'_>) {
        let (disposition, bytes) = match line {
            Line::Whole(bytes) => (self.upstream.line(bytes), *bytes),
            Line::Last(bytes) => (self.upstream.last_line(bytes), *bytes),
            Line::TooLong => (self.upstream.too_long(), &[][..]),
        };
        if self.upstream.run.is_some() {
            self.announce();
        }
        if disposition == Disposition::Pass {
            self.output.pass(bytes);
        }
    }

    /// Writes the `running` record, once.
    fn announce(&mut self) {
        if self.id.is_empty() {
            let id = self.upstream.run.clone();
            let given = || std::env::var(RUN).ok().filter(|id| !id.is_empty());
            self.id = id
                .or_else(given)
                .unwrap_or_else(|| ulid::Ulid::generate().to_string());
            if self.format() == Format::Ndjson {
                let running = self.header(Status::Running);
                self.output.record(&running);
            }
        }
    }

    fn refuse_bad_input(&self) -> Result<()> {
        let refused = &self.upstream.refused;
        let Some((number, why)) = refused.first() else {
            return Ok(());
        };
        let lines: Vec<_> = refused.iter().take(100).map(|(number, _)| number).collect();
        let more = refused.len() - 1;
        let more = if more == 0 {
            String::new()
        } else {
            format!(", and {more} more")
        };
        Err(Failure::not_started(
            "bad_input",
            format!("line {number} of stdin is {why}{more}"),
        )
        .hint("feed it records only, or use `--no-input`")
        .data(serde_json::json!({ "lines": lines, "refused": refused.len() }))
        .into())
    }
}
