//! `--resume`: what was interrupted is ended.

use crate::choose;
use crate::cli::Args;
use crate::engine::Work;
use crate::plan::{self, Plan};
use crate::prepare::{self, LOCK};
use crate::release::{Releases, Standing};
use crate::rollback::{Begin, UNTOUCHED, carry_out, finish, only_shown};
use crate::switch;
use anyhow::{Context, Result};
use serde_json::json;
use toolkit::application::Application;
use toolkit::operation::{Kind, Operation};
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
        let from = prepare::note(&application, &releases, run, Some(Standing::Failed))
            .context(UNTOUCHED)?;
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
