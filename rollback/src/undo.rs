//! `--undo`: what the last rollback did is undone.

use crate::choose::Target;
use crate::cli::Args;
use crate::engine::has_touched;
use crate::plan::{self, Plan};
use crate::prepare::{self, LOCK};
use crate::release::{Releases, Standing};
use crate::rollback::{Begin, UNTOUCHED, carry_out};
use crate::siblings;
use anyhow::{Context, Result};
use std::path::PathBuf;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::operation::{Kind, Mark, Operation};
use toolkit::run::{Outcome, Run};
use toolkit::state::State;

/// Returns to where things stood before the last rollback.
pub(crate) fn undo(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let open = Operation::open(&state)?;
    if let Some(open) = open.as_ref().filter(|open| open.is_anothers()) {
        return Err(prepare::going_on(open).into());
    }
    let last = last(&state, open.as_ref())?;
    let done = plan_of(&last)?;
    let releases = Releases::of(&state)?;
    let mut before = releases.get(&last.intent.from)?;
    let with_data = last.has_begun("data") && !args.keep_database;
    if with_data {
        before.set = Some(saved(&last)?);
        releases.write(&before)?;
    } else if last.has_begun("load") {
        // One that was killed in it left what it had loaded.
        siblings::call("restore", &["--sweep".to_owned()], run)?;
    }
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    // What an interrupted rollback left is no release that anybody would name.
    let between = open.as_ref().map(|_| Standing::Failed);
    let from = prepare::note(&application, &releases, run, between).context(UNTOUCHED)?;
    let exchanged = last
        .last("data")
        .is_some_and(|entry| entry.mark == Mark::Done);
    let target = Target {
        release: before,
        brought: done.service.as_ref().and(done.commit),
        service: done.service,
        with_data,
        automatic: false,
        half_migrated: done.half_migrated && !exchanged,
    };
    let plan = plan::plan(args, &application, &releases, &from, &target)?;
    carry_out(
        args,
        run,
        Begin {
            state,
            releases,
            from,
            target,
            plan,
            instead: open,
        },
    )
}

/// The rollback that is open, else the last change, when that was one.
fn last(state: &State, open: Option<&Operation>) -> Result<Operation, Failure> {
    if let Some(open) = open {
        if open.intent.kind == Kind::Rollback {
            return Ok(open.clone());
        }
        return Err(Failure::not_started(
            "unfinished",
            "a deployment was interrupted: there is no rollback to undo",
        )
        .hint("`rollback --resume` takes the deployment back"));
    }
    let mut ended = Operation::ended(state).into_iter();
    // One that was given up before it touched anything has nothing to undo.
    let last =
        ended.find(|operation| operation.intent.kind == Kind::Deployment || has_touched(operation));
    match last {
        Some(last) if last.intent.kind == Kind::Rollback => Ok(last),
        Some(deployment) => {
            let message = format!(
                "the last change is the deployment of {}, and no rollback",
                deployment.intent.at
            );
            Err(Failure::not_started("no_rollback", message)
                .hint("`rollback` goes back from it; `rollback --list` shows where to"))
        }
        None => Err(Failure::not_started(
            "no_rollback",
            "there was no rollback that could be undone",
        )),
    }
}

fn plan_of(rollback: &Operation) -> Result<Plan> {
    serde_json::from_value(rollback.intent.plan.clone())
        .context("the plan of the last rollback cannot be understood")
}

/// The commit that the code of `service` was returned to by the last rollback
/// of it alone: the work tree differs from its head, and nothing of it is lost.
pub(crate) fn brought(state: &State, service: &str) -> Option<String> {
    let ended = Operation::ended(state).into_iter();
    let mut plans = ended.filter_map(|operation| plan_of(&operation).ok());
    plans
        .find(|plan| plan.service.as_deref() == Some(service))?
        .commit
}

/// The set that a rollback saved before it exchanged the data.
fn saved(rollback: &Operation) -> Result<PathBuf, Failure> {
    let entries = rollback.entries.iter().rev();
    let saved = entries
        .filter(|entry| entry.step == "save" && entry.mark == Mark::Done)
        .find_map(|entry| entry.data["set"].as_str());
    saved.map(PathBuf::from).ok_or_else(|| {
        Failure::not_started("no_data", "the last rollback saved no data to return to")
            .hint("`--keep-database` leaves the data as they are")
    })
}
