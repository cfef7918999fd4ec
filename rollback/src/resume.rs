//! `--resume` and `--undo`: what was interrupted is ended, what was done is
//! undone.

use crate::choose::{self, Target};
use crate::cli::Args;
use crate::engine::Work;
use crate::plan::{self, Plan};
use crate::prepare::{self, LOCK};
use crate::release::{Releases, Standing};
use crate::rollback::{Begin, carry_out, finish, only_shown};
use crate::{siblings, switch};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::PathBuf;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::operation::{Kind, Mark, Operation};
use toolkit::run::{Outcome, Run};
use toolkit::state::State;

/// Ends what was interrupted.
pub(crate) fn resume(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let Some(open) = Operation::open(&state)? else {
        return nothing_open(run, &state);
    };
    if open.is_anothers() {
        return Err(prepare::going_on(&open).into());
    }
    let releases = Releases::of(&state)?;
    if open.intent.kind == Kind::Deployment {
        let config = run.config.clone();
        let application = Application::discover(&config)?;
        let from = prepare::note(&application, &releases, run, Some(Standing::Failed))?;
        let target = choose::of_deployment(&open, run, &releases)?;
        let plan = plan::plan(args, &application, &releases, &from, &target)?;
        return carry_out(
            args,
            run,
            Begin {
                state,
                releases,
                from,
                target,
                plan,
                instead: Some(open),
            },
        );
    }
    let plan: Plan = serde_json::from_value(open.intent.plan.clone())
        .context("the plan of the interrupted rollback cannot be understood")?;
    let work = Work {
        from: releases.get(&plan.from)?,
        to: releases.get(&plan.to)?,
        run,
        state,
        plan,
        releases,
        journal: open,
        ahead: None,
        stopped_at: None,
        served_at: None,
    };
    if args.dry_run {
        let (shown, outcome) = only_shown(&work)?;
        run.text(&shown);
        return Ok(outcome);
    }
    finish(work)
}

fn nothing_open(run: &mut Run, state: &State) -> Result<Outcome> {
    if switch::is_left(state)? {
        switch::off(run, state)?;
        return Ok(Outcome::ok(
            "maintenance mode was left on, and is off now",
            json!({}),
        ));
    }
    Ok(Outcome::ok(
        "nothing was interrupted: there is nothing to resume",
        json!({}),
    ))
}

/// Returns to where things stood before the last rollback.
pub(crate) fn undo(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let open = Operation::open(&state)?;
    if let Some(open) = open.as_ref().filter(|open| open.is_anothers()) {
        return Err(prepare::going_on(open).into());
    }
    let is_rollback = |operation: &Operation| operation.intent.kind == Kind::Rollback;
    let last = match &open {
        Some(open) if is_rollback(open) => Some(open.clone()),
        Some(_) => {
            return Err(Failure::not_started(
                "unfinished",
                "a deployment was interrupted: there is no rollback to undo",
            )
            .hint("`rollback --resume` takes the deployment back")
            .into());
        }
        None => Operation::ended(&state).into_iter().find(is_rollback),
    };
    let Some(last) = last else {
        return Err(Failure::not_started(
            "no_rollback",
            "there was no rollback that could be undone",
        )
        .into());
    };
    let releases = Releases::of(&state)?;
    let mut before = releases.get(&last.intent.from)?;
    let with_data = last.has_begun("data");
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
    let from = prepare::note(&application, &releases, run, between)?;
    let target = Target {
        release: before,
        with_data,
        automatic: false,
        half_migrated: false,
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
