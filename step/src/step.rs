//! Runs the command of one step, as often as it may be tried.

use crate::cli::Args;
use crate::default::{self, Work};
use anyhow::Result;
use serde_json::{Value, json};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use toolkit::application::Application;
use toolkit::command::{Command, Ended, Io, Stdout};
use toolkit::config::{self, Config};
use toolkit::confirm;
use toolkit::failure::Failure;
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::signals;

/// What is to be done: the arguments, completed from `[step.NAME]`.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    command: Command,
    timeout: Option<Duration>,
    tries: u32,
    delay: Duration,
    confirm: Option<String>,
}

/// How one try went.
struct Try {
    ended: Ended,
    timed_out: bool,
}

pub(crate) fn run(args: &Args, run: &mut Run) -> Result<Outcome> {
    let command = match work(args, &run.config)? {
        Work::Command(command) => command,
        Work::Nothing(why) => return Ok(Outcome::skipped(why)),
    };
    let plan = plan(args, &run.config, command);
    if let Some(word) = plan.confirm.as_ref().filter(|_| !args.yes) {
        confirm::word(&format!("About to run {}", plan.command), word)?;
    }
    let mut tried = 0;
    loop {
        tried += 1;
        let done = attempt(&plan)?;
        let data = data(&plan, &done, tried);
        if done.ended.status.success() && !done.timed_out {
            return Ok(Outcome::ok(plan.command.to_string(), data));
        }
        let failure = failure(&plan, &done, tried).data(data);
        if tried >= plan.tries {
            return Err(failure.into());
        }
        let left = plan.tries - tried;
        run.note(&format!(
            "{failure}; {left} more to try, in {}",
            render::duration(plan.delay)
        ));
        signals::sleep(plan.delay)?;
    }
}

/// The command on the command line, else that of `[step.NAME]`, else the
/// step's default.
fn work(args: &Args, config: &Config) -> Result<Work> {
    let name = &args.name;
    if args.no_cache && name != "build" {
        let message = format!("`--no-cache` is for `step build`, not for `step {name}`");
        return Err(Failure::not_started("usage", message).into());
    }
    if args.compose {
        let application = Application::discover(config)?;
        let compose = application.stack.compose()?;
        return Ok(Work::Command(compose.args(&args.command)));
    }
    if let Some((program, rest)) = args.command.split_first() {
        return Ok(Work::Command(Command::new(program).args(rest)));
    }
    let configured = config.file.step.get(name);
    if let Some(run) = configured.and_then(|step| step.run.as_ref()) {
        return Ok(Work::Command(run.command().folder(&config.root)));
    }
    let default = default::of(name, args.no_cache, config)?;
    default.ok_or_else(|| no_command(name, config).into())
}

fn plan(args: &Args, config: &Config, command: Command) -> Plan {
    let configured = config.file.step.get(&args.name);
    let setting = |of: fn(&config::Step) -> Option<Duration>| configured.and_then(of);
    Plan {
        command,
        timeout: args.timeout.or_else(|| setting(|step| step.timeout)),
        tries: args
            .retry
            .or_else(|| configured?.retry)
            .unwrap_or(0)
            .saturating_add(1),
        delay: args
            .delay
            .or_else(|| setting(|step| step.delay))
            .unwrap_or(Duration::from_secs(1)),
        confirm: args.confirm.clone().or_else(|| configured?.confirm.clone()),
    }
}

fn no_command(name: &str, config: &Config) -> Failure {
    let message = match &config.path {
        Some(path) => format!(
            "`{name}` has no command: `{}` has no `[step.{name}]` with a `run`",
            path.display()
        ),
        None => format!("`{name}` has no command, and there is no sextant.toml to find one in"),
    };
    let folder = config.root.display();
    let lacks = default::lacks(name);
    let lacks = lacks.map(|what| format!("; its own one needs a {what}, and `{folder}` has none"));
    let message = message + &lacks.unwrap_or_default();
    Failure::not_started("no_command", message).hint(format!(
        "`step {name} -- COMMAND…`, or add `[step.{name}]` with a `run` to sextant.toml"
    ))
}

fn attempt(plan: &Plan) -> Result<Try> {
    let mut running = plan.command.start(Io {
        stdout: Stdout::Shown,
        echo: true,
        ..Io::default()
    })?;
    if let Some(timeout) = plan.timeout
        && !running.wait_within(timeout)?
    {
        return Ok(Try {
            ended: running.stop()?,
            timed_out: true,
        });
    }
    Ok(Try {
        ended: running.wait()?,
        timed_out: false,
    })
}

fn data(plan: &Plan, done: &Try, tried: u32) -> Value {
    let signal = done.ended.status.signal();
    json!({
        "command": plan.command.argv(),
        "exit": done.ended.status.code(),
        "signal": signal.and_then(signal_hook::low_level::signal_name),
        "timed_out": done.timed_out,
        "tries": tried,
        "lines": done.ended.lines,
    })
}

fn failure(plan: &Plan, done: &Try, tried: u32) -> Failure {
    let command = &plan.command;
    let (reason, how) = match (plan.timeout, done.ended.status.code()) {
        (Some(timeout), _) if done.timed_out => (
            "timeout",
            format!("did not end within {}", render::duration(timeout)),
        ),
        (_, Some(code)) => ("exit_status", format!("ended with exit status {code}")),
        (_, None) => (
            "signal",
            format!("was ended by a signal ({})", done.ended.status),
        ),
    };
    let last = if tried > 1 {
        format!(", the last of {tried} tries")
    } else {
        String::new()
    };
    let said = done
        .ended
        .lines
        .iter()
        .rev()
        .find(|line| !line.trim().is_empty());
    let said = said
        .map(|line| format!(": {}", line.trim()))
        .unwrap_or_default();
    Failure::new(reason, format!("{command} {how}{last}{said}"))
}
