//! How a run begins: its command line, its configuration, its input.

use super::{Run, Tool};
use crate::arguments::{Arguments, Common};
use crate::config::{Config, Source};
use crate::failure::{Exit, Failure};
use crate::output::{self, Format};
use crate::record::{Record, Status};
use crate::run::Outcome;
use crate::{signals, stdin};
use anyhow::Result;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// Parses the command line, reads stdin, and calls `work` if the gate is open.
///
/// Every path ends in a final record and in the exit status of
/// [the contract](crate).
pub fn run<A: Arguments>(
    tool: Tool,
    work: impl FnOnce(&A, &mut Run) -> Result<Outcome>,
) -> ExitCode {
    run_documented(tool, work, |_, _, _| String::new())
}

/// [`run`] for a tool that can write a document in place of records: `document`
/// makes it of the final record and the exit status that this comes to,
/// however the run ended.
pub fn run_documented<A: Arguments>(
    tool: Tool,
    work: impl FnOnce(&A, &mut Run) -> Result<Outcome>,
    document: impl FnOnce(&A, &Record, u8) -> String,
) -> ExitCode {
    if let Err(error) = signals::listen() {
        output::note(tool.name, &format!("signals cannot be handled: {error}"));
    }
    let args = match A::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse_usage::<A>(tool, &error, document),
    };
    let common = args.common();
    let name = args.subject().unwrap_or(tool.name).to_owned();
    let config = configure(common);
    let (config, trouble) = match config {
        Ok(config) => (config, None),
        Err(error) => (Config::default(), Some(error)),
    };
    let mut run = Run::new(tool, name, config, args.format());
    if let Some(env) = &common.env {
        run.env.get_or_insert_with(|| env.clone());
    }
    run.gate = common.condition.unwrap_or(tool.gate);
    let connected = !common.no_input && stdin::is_connected();
    let read = if args.begins_ahead() {
        run.read_first(connected)
    } else {
        run.read(connected)
    };
    let ended = match (read, trouble) {
        (Err(error), _) | (Ok(()), Some(error)) => Err(error),
        (Ok(()), None) => run.work(|run| work(&args, run)),
    };
    run.end(
        ended,
        |record, code| document(&args, record, code),
        |code, status| args.exit(code, status),
    )
}

/// A mistake on the command line is a record too: a tool downstream must not
/// take this tool's silence for success. `--help` and `--version` are answers.
fn refuse_usage<A: Arguments>(
    tool: Tool,
    error: &clap::Error,
    document: impl FnOnce(&A, &Record, u8) -> String,
) -> ExitCode {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let args = A::rescued(&words);
    let exit = |code, status| args.as_ref().map_or(code, |args| args.exit(code, status));
    let printed = error.print();
    if !error.use_stderr() {
        return match printed {
            Ok(()) => exit(0, Status::Skip).into(),
            Err(_) => ExitCode::FAILURE,
        };
    }
    let format = args.as_ref().and_then(Arguments::format);
    if format.unwrap_or_else(Format::fitting) == Format::Text {
        return exit(Exit::NotStarted.code(), Status::Fail).into();
    }
    let mut run = Run::new(tool, tool.name.to_owned(), Config::default(), format);
    let read = run.read(stdin::is_connected());
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    let failure = Failure::not_started("usage", first.trim_start_matches("error: "))
        .hint(format!("see `{} --help`", tool.name));
    run.told = true;
    let document = |record: &Record, code| {
        let made = args.as_ref().map(|args| document(args, record, code));
        made.unwrap_or_default()
    };
    run.end(read.and(Err(failure.into())), document, exit)
}

fn configure(common: &Common) -> Result<Config> {
    let here = common.folder.as_deref().unwrap_or(Path::new("."));
    // Symbolic links are followed here: what a folder runs is found by its
    // real name.
    let folder = here.canonicalize().map_err(|error| {
        Failure::not_started(
            "usage",
            format!("cannot work in `{}`: {error}", here.display()),
        )
    })?;
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    Config::load(&Source {
        config: common.config.clone(),
        env: common.env.clone(),
        folder,
        vars: std::env::vars_os().filter_map(text).collect(),
    })
}
