//! `command`: how a command of the user's own ends, and what it says.

use super::{Probe, Written};
use crate::jq::Jq;
use crate::report::Fault;
use crate::several::several;
use crate::text::{Pattern, Read};
use crate::{Around, Limits, Measure, Report, Unit, text};
use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer, de};
use std::io;
use std::process::ChildStdout;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Instant;
use toolkit::command::{self, Ended, Io, Stdout};
use toolkit::config::StepRun;
use toolkit::signals;

/// How much of what it says is kept.
const MOST: usize = 128 << 10;

/// A command, and how it must end.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The command, started in the folder of sextant.toml, without input: a
    /// list is a program and its arguments, run as they are; a string is given
    /// to `sh -c`, which fills in its variables by itself.
    pub run: StepRun,
    /// The exit status, or several of which one must be (0).
    #[serde(default = "zero", deserialize_with = "statuses")]
    pub exit: Vec<u8>,
    /// The regular expressions that must be found in what it writes to stdout.
    #[serde(default, deserialize_with = "several")]
    matches: Vec<Pattern>,
    /// The jq expressions that must be true of what it writes to stdout, which
    /// must be JSON.
    #[serde(default, deserialize_with = "several")]
    jq: Vec<Jq>,
    /// After how many seconds its end is a warning, and a failure.
    #[serde(default)]
    pub seconds: Limits,
}

fn zero() -> Vec<u8> {
    vec![0]
}

fn statuses<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let these: Vec<i64> = several(from)?;
    let these: Result<Vec<_>, _> = these.into_iter().map(u8::try_from).collect();
    match these {
        Ok(these) if !these.is_empty() => Ok(these),
        _ => Err(de::Error::custom("it takes exit statuses from 0 to 255")),
    }
}

/// What it wrote to stdout, as far as it is kept.
struct Said {
    bytes: Vec<u8>,
    is_cut: bool,
}

impl Command {
    fn built(&self) -> command::Command {
        match &self.run {
            StepRun::Words(words) => {
                let mut words = words.iter();
                command::Command::new(words.next().map_or("", String::as_str)).args(words)
            }
            StepRun::Line(line) => command::Command::new("sh").args(["-c", line]),
        }
    }

    fn expected_exit(&self) -> String {
        let these: Vec<_> = self.exit.iter().map(u8::to_string).collect();
        format!("exit status {}", these.join(" or "))
    }

    /// What is wrong with how it ended.
    fn judge(&self, ended: &Ended) -> Option<Fault> {
        let code = ended.status.code();
        let is_expected = |code: i32| self.exit.iter().any(|exit| i32::from(*exit) == code);
        let (reason, how) = match code {
            Some(code) if is_expected(code) => return None,
            Some(code) => ("exit_status", format!("exit status {code}")),
            None => ("signal", format!("ended by a {}", ended.status)),
        };
        let words = ended
            .lines
            .iter()
            .rev()
            .find(|line| !line.trim().is_empty());
        let observed = words.map_or_else(
            || how.clone(),
            |words| format!("{how}: {}", text::first(words.trim())),
        );
        Some(Fault::fail(reason, observed, self.expected_exit()))
    }
}

impl Written for Command {}

impl Probe for Command {
    fn expects(&self) -> String {
        format!("{} of {}", self.expected_exit(), self.built())
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let begun = Instant::now();
        let command = self.built();
        let (ended, said) = run(&command, around).with_context(|| command.to_string())?;
        let took = begun.elapsed();
        let how = ended.status.code().map_or_else(
            || ended.status.to_string(),
            |code| format!("exit status {code}"),
        );
        let size = text::size(said.bytes.len());
        let cut = if said.is_cut { "more than " } else { "" };
        let mut report = Report::new(format!("{how} in {} ms, {cut}{size}", took.as_millis()));
        let seconds = took.as_secs_f64();
        report.measure(Measure::new("time", seconds, Unit::Seconds).limits(self.seconds));
        if let Some(fault) = self.judge(&ended) {
            report.fault(fault);
        }
        let output = Read {
            what: "its output",
            bytes: &said.bytes,
            is_cut: said.is_cut,
        };
        output.judge(&self.matches, &self.jq, &mut report, around.deadline)?;
        if let Some((level, limit)) = self.seconds.above(seconds) {
            let (observed, expected) = (
                format!("ended after {seconds:.3} s"),
                format!("less than {limit} s"),
            );
            report.fault(Fault::new(level, "command_slow", observed, expected));
        }
        Ok(report)
    }
}

/// Runs a command to its end. Nothing that it started is left when this
/// returns.
fn run(command: &command::Command, around: &Around<'_>) -> Result<(Ended, Said)> {
    let deadline = around.deadline;
    let mut command = command.clone().folder(&around.config.root);
    for (name, value) in around.vars {
        command = command.env(name, value);
    }
    let mut running = command.start(Io {
        stdout: Stdout::Read,
        ..Io::default()
    })?;
    let stdout = running.take_stdout().context("it has no stdout")?;
    let said = gather(stdout)?;
    if !running.wait_within(deadline.left()?)? {
        signals::check()?;
        return Err(deadline.missed()).context("it was ended");
    }
    let left = deadline.left();
    let heard = left
        .map_err(anyhow::Error::from)
        .and_then(|left| Ok(said.recv_timeout(left)?));
    // What it left behind holds its streams open.
    running.group().kill();
    let Ok(said) = heard else {
        return Err(deadline.missed()).context("it ended, but what it started kept its output");
    };
    Ok((running.wait()?, said?))
}

/// Reads to the end on a thread of its own, and keeps the beginning.
fn gather(mut stdout: ChildStdout) -> Result<Receiver<io::Result<Said>>> {
    use std::io::Read as _;
    let (tell, told) = sync_channel(1);
    let work = move || {
        let mut bytes = Vec::with_capacity(MOST);
        let most = MOST as u64;
        let read = (&mut stdout).take(most).read_to_end(&mut bytes);
        let rest = read.and_then(|_| io::copy(&mut stdout, &mut io::sink()));
        let _ = tell.send(rest.map(|rest| Said {
            bytes,
            is_cut: rest > 0,
        }));
    };
    let thread = thread::Builder::new().name("stdout".into());
    thread.spawn(work).context("cannot start a thread")?;
    Ok(told)
}
