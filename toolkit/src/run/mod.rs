//! One run of one tool, from its arguments to its exit status.

mod ending;
mod outcome;
mod start;

pub use ending::user;
pub use outcome::Outcome;
pub use start::{run, run_documented};

use crate::config::Config;
use crate::failure::Failure;
use crate::operation::{Mark, Operation};
use crate::output::{self, Format, Output};
use crate::record::Status;
use crate::signals;
use crate::state::{Lock, State};
use crate::stdin::{self, Line};
use crate::upstream::{Disposition, Upstream};
use crate::verdict::Condition;
use anyhow::Result;
use ending::redact_record;
use serde_json::Value;
use std::io::{self, BufReader};
use std::time::Instant;

/// The variable with the id of a run that has no records to read it from: that
/// of a tool which another one calls.
pub const RUN: &str = "SEXTANT_RUN";

/// What distinguishes one tool from another before it works.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// The executable's name, and the `tool` of its records.
    pub name: &'static str,
    /// When it works, unless `--if` says otherwise.
    pub gate: Condition,
    /// The tools whose records it reads, rather than only passing them on.
    pub reads: &'static [&'static str],
}

/// One run: what it was told, and where what it says goes.
#[derive(Debug)]
pub struct Run {
    /// The configuration, `.env` included.
    pub config: Config,
    /// What the tools before this one said.
    pub upstream: Upstream,
    tool: Tool,
    name: String,
    id: String,
    project: String,
    env: Option<String>,
    started: Instant,
    output: Output,
    state: Option<State>,
    /// People have been told already what went wrong.
    told: bool,
}

impl Run {
    fn new(tool: Tool, name: String, config: Config, format: Option<Format>) -> Self {
        Self {
            upstream: Upstream::new(tool.reads),
            id: String::new(),
            project: config.project(),
            env: config.env.clone(),
            started: Instant::now(),
            output: Output::new(format.unwrap_or_else(Format::fitting)),
            state: None,
            told: false,
            config,
            tool,
            name,
        }
    }

    /// Tells people what is going on, in one line on stderr.
    pub fn note(&self, text: &str) {
        output::note(self.tool.name, text);
    }

    /// The id that all records of this pipeline carry.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name of this machine.
    pub fn host(&self) -> String {
        ending::host()
    }

    /// The application's name.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// How stdout is written.
    pub fn format(&self) -> Format {
        self.output.format()
    }

    /// Writes text for people to stdout, when it is they who read it.
    pub fn text(&mut self, text: &str) {
        self.output.text(text);
    }

    /// Writes a final record beyond the tool's own, such as one for each item
    /// of a list, when it is programs that read.
    pub fn item(&mut self, name: &str, status: Status, summary: &str, data: Value) {
        if self.format() == Format::Ndjson {
            let mut record = self.header(status);
            name.clone_into(&mut record.name);
            summary.clone_into(&mut record.summary);
            record.data = data;
            redact_record(&mut record);
            self.output.record(&record);
        }
    }

    /// The project's state folder.
    pub fn state(&mut self) -> Result<&State> {
        if self.state.is_none() {
            self.state = Some(State::open(&self.project)?);
        }
        self.state
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("no state folder"))
    }

    /// Takes a lock that excludes other runs for this project.
    pub fn lock(&mut self, name: &str) -> Result<Lock> {
        let owner = self.tool.name;
        self.state()?.lock(name, owner)
    }

    /// Reads stdin to its end, if it is connected, and announces this run as
    /// soon as the pipeline's id is known.
    fn read(&mut self, connected: bool) -> Result<()> {
        if !connected {
            self.announce();
            return Ok(());
        }
        let waiting = stdin::say_when_waiting(self.tool.name);
        let mut reader = BufReader::with_capacity(1 << 16, io::stdin());
        let read = stdin::lines(&mut reader, |line| self.line(&line));
        drop(waiting);
        self.announce();
        for record in self.upstream.end() {
            let line = record.line();
            self.output.pass(line.as_bytes());
            self.remember(&line);
        }
        read.map_err(|error| {
            Failure::not_started("bad_input", format!("cannot read stdin: {error}"))
        })?;
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

    /// Within an operation, what is about to be done is on disk before it is.
    fn journal(&mut self) -> Result<()> {
        // `rollback` keeps the journal, and notes its own steps in it.
        if self.tool.name == "rollback" {
            return Ok(());
        }
        let id = self.id.clone();
        let Ok(state) = self.state() else {
            return Ok(());
        };
        // One that cannot be read is no operation of this run.
        let operation = Operation::open(state).ok().flatten();
        match operation.filter(|operation| operation.intent.run == id) {
            Some(mut operation) => operation.note(&self.name, Mark::Begun, Value::Null),
            None => Ok(()),
        }
    }

    fn work(
        &mut self,
        gate: Condition,
        work: impl FnOnce(&mut Self) -> Result<Outcome>,
    ) -> Result<Outcome> {
        if !gate.holds(self.upstream.verdict) {
            let why = match (gate, &self.upstream.first_failure) {
                (Condition::Failure, _) => "nothing before it failed".to_owned(),
                (_, Some(who)) => who.clone(),
                (_, None) => "something before it failed".to_owned(),
            };
            return Ok(Outcome::skipped(format!("not run: {why}")));
        }
        // Whoever stops a pipeline does not want its next deployment step; the
        // steps that are there for failures are what the signal is noted for.
        if let (Some(number), Condition::Success) = (signals::noted(), gate) {
            return Err(signals::failure(number).into());
        }
        self.journal()?;
        // What it waited for its input is the time of those before it.
        self.started = Instant::now();
        signals::begin_work();
        let outcome = work(self)?;
        Ok(outcome)
    }
}
