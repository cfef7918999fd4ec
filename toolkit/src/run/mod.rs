//! One run of one tool, from its arguments to its exit status.

mod ending;
mod input;
mod outcome;
mod start;

pub use ending::user;
pub use outcome::Outcome;
pub use start::{run, run_documented};

use crate::config::Config;
use crate::operation::{Mark, Operation};
use crate::output::{self, Format, Output};
use crate::record::{Record, Status};
use crate::signals;
use crate::state::{Lock, State};
use crate::upstream::Upstream;
use crate::verdict::Condition;
use anyhow::Result;
use ending::redact_record;
use input::Stdin;
use serde_json::Value;
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
    /// When it works.
    gate: Condition,
    /// What is left of stdin, for a tool that began before its end.
    ahead: Option<Stdin>,
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
            gate: tool.gate,
            ahead: None,
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

    /// What this run would say of itself, for a tool that it stands before.
    pub fn said(&self, status: Status) -> Record {
        self.header(status)
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

    /// What a closed gate comes to; none when it is open.
    fn skipped(&self) -> Option<Outcome> {
        if self.gate.holds(self.upstream.verdict) {
            return None;
        }
        let why = match (self.gate, &self.upstream.first_failure) {
            (Condition::Failure, _) => "nothing before it failed".to_owned(),
            (_, Some(who)) => who.clone(),
            (_, None) => "something before it failed".to_owned(),
        };
        Some(Outcome::skipped(format!("not run: {why}")))
    }

    fn work(&mut self, work: impl FnOnce(&mut Self) -> Result<Outcome>) -> Result<Outcome> {
        // One that begins ahead asks in [`Self::join`].
        if self.ahead.is_none() {
            if let Some(skipped) = self.skipped() {
                return Ok(skipped);
            }
            // Whoever stops a pipeline does not want its next deployment step; the
            // steps that are there for failures are what the signal is noted for.
            if let (Some(number), Condition::Success) = (signals::noted(), self.gate) {
                return Err(signals::failure(number).into());
            }
            self.journal()?;
        }
        // What it waited for its input is the time of those before it.
        self.started = Instant::now();
        signals::begin_work();
        work(self)
    }
}
