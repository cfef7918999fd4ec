//! From what is asked for to what is left behind: choose, plan, ask, write the
//! intent down, go through the steps, record.

use crate::choose::{self, Target};
use crate::cli::{Args, Instead};
use crate::engine::Work;
use crate::plan::{self, Plan};
use crate::prepare::{self, LOCK};
use crate::release::{Release, Releases, Standing};
use crate::{list, record, show, status, switch};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::PathBuf;
use toolkit::application::Application;
use toolkit::confirm;
use toolkit::failure::{Exit, Failure};
use toolkit::operation::{Kind, Mark, Operation};
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::state::State;
use toolkit::verdict::Verdict;

pub(crate) fn run(args: &Args, run: &mut Run) -> Result<Outcome> {
    match &args.instead {
        Instead { list: true, .. } => list::run(run),
        Instead { status: true, .. } => status::run(run),
        Instead { prepare: true, .. } => prepare::run(run),
        Instead { record: true, .. } => record::run(run),
        Instead {
            maintenance: Some(mode),
            ..
        } => switch::run(*mode, run),
        Instead { resume: true, .. } => resume(args, run),
        Instead { undo: true, .. } => undo(args, run),
        _ => go_back(args, run),
    }
}

/// A rollback: to what served before this pipeline's deployment, or by hand.
fn go_back(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let open = Operation::open(&state)?;
    let own =
        open.filter(|open| open.intent.run == run.id() && open.intent.kind == Kind::Deployment);
    if own.is_none() {
        prepare::refuse_open(&state)?;
    }
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let releases = Releases::of(&state)?;
    let failed = run.upstream.verdict != Verdict::Clean;
    let standing = own.as_ref().filter(|_| failed).map(|_| Standing::Failed);
    let by_pipeline = if own.is_none() && args.release.is_none() && failed {
        choose::of_pipeline(run, &application, &releases)?
    } else {
        None
    };
    if own.is_none() && args.release.is_none() && failed && by_pipeline.is_none() {
        return Ok(Outcome::skipped(
            "nothing of this pipeline was deployed: there is nothing to go back from",
        ));
    }
    let from = prepare::note(&application, &releases, run, standing)?;
    let target = match (&own, by_pipeline) {
        (Some(operation), _) if args.release.is_none() => {
            choose::of_deployment(operation, run, &releases)?
        }
        (_, Some(target)) => target,
        _ => choose::by_hand(args.release.as_deref(), &application, &releases, &from)?,
    };
    let plan = plan::plan(args, &application, &releases, &from, &target);
    if plan.is_err() && own.is_some() && !target.half_migrated {
        // Nothing half-done would be shown to anybody.
        switch::off(run, &state)?;
    }
    let plan = plan?;
    carry_out(
        args,
        run,
        Begin {
            state,
            releases,
            from,
            target,
            plan,
            instead: own,
        },
    )
}

/// What an operation begins with.
struct Begin {
    state: State,
    releases: Releases,
    from: Release,
    target: Target,
    plan: Plan,
    /// The operation that this one takes over.
    instead: Option<Operation>,
}

/// Shows or asks, writes the intent down, and goes.
fn carry_out(args: &Args, run: &mut Run, begin: Begin) -> Result<Outcome> {
    let Begin {
        state,
        releases,
        from,
        target,
        plan,
        instead,
    } = begin;
    let intent = prepare::intent(Kind::Rollback, &from, run, serde_json::to_value(&plan)?);
    let mut work = Work {
        run,
        state,
        plan,
        from,
        to: target.release,
        releases,
        journal: Operation::planned(intent),
        stopped_at: None,
        served_at: None,
    };
    let steps = work.steps()?;
    let shown = show::text(&work.plan, &work.from, &work.to, &steps);
    if args.dry_run {
        let data = show::data(&work, &steps);
        run.text(&shown);
        return Ok(Outcome::ok("nothing was changed", data).query());
    }
    if !target.automatic {
        ask(args, &work, &shown)?;
    }
    work.journal = Operation::begin(&work.state, work.journal.intent.clone(), instead.as_ref())?;
    finish(work)
}

/// Whether it is meant, by the version that is typed.
fn ask(args: &Args, work: &Work<'_>, shown: &str) -> Result<()> {
    let allowed = work
        .run
        .config
        .var("ROLLBACK_AUTO")
        .is_some_and(|value| value == "true");
    if args.force || allowed {
        return Ok(());
    }
    let typed = if work.to.version.is_empty() {
        &work.to.id
    } else {
        &work.to.version
    };
    confirm::word(shown, typed).map_err(|error| {
        let mut failure = Failure::of(&error);
        if failure.reason == "no_terminal" {
            failure.hint =
                Some("confirm beforehand with `--force`, or ROLLBACK_AUTO=true".to_owned());
        }
        failure.into()
    })
}

/// Goes through the steps, and ends the operation when the earlier release
/// serves.
fn finish(mut work: Work<'_>) -> Result<Outcome> {
    let told = match work.go_through() {
        Ok(told) => told,
        Err((step, error)) => return Err(give_in(work, step, &error).into()),
    };
    if work.plan.service.is_none() {
        if work.to.standing == Standing::Found {
            work.to.standing = Standing::Good;
        }
        work.releases.write(&work.to)?;
        work.releases.set_current(&work.to.id)?;
    }
    let down = work.stopped_at.zip(work.served_at);
    let down = down.map(|(from, until)| until.duration_since(from));
    let state = work.state.clone();
    let data = json!({
        "from": show::brief(&work.from), "to": show::brief(&work.to), "steps": told,
        "service": work.plan.service, "data": work.plan.data,
        "downtime_ms": down.map(|down| u64::try_from(down.as_millis()).unwrap_or(u64::MAX)),
        "warnings": work.plan.warnings,
    });
    let what = work
        .plan
        .service
        .as_ref()
        .map_or_else(String::new, |name| format!("`{name}` of "));
    let down = down.map_or_else(String::new, |down| {
        format!(", {} down", render::duration(down))
    });
    let summary = format!("{what}{} serves and is verified{down}", work.to.title());
    let warnings = work.plan.warnings.clone();
    work.journal.end(&state)?;
    Ok(Outcome::warned(
        summary,
        data,
        "rolled_back_otherwise",
        &warnings,
    ))
}

/// What can be done when a step failed. Users are let back in unless that would
/// show them a half-migrated database; the operation stays open for `--resume`.
fn give_in(work: Work<'_>, step: &str, error: &anyhow::Error) -> Failure {
    let touched = [
        "save",
        "stop",
        "code",
        "configuration",
        "data",
        "images",
        "start",
    ]
    .iter()
    .any(|step| work.journal.has_begun(step));
    let exposed = work.is_between();
    let mut is_on = switch::is_on_for(work.run, &work.state).unwrap_or(false);
    if is_on && !exposed && switch::off(work.run, &work.state).is_ok() {
        is_on = false;
    }
    if !touched && !work.plan.half_migrated {
        let failure = work.failure(step, error, is_on);
        let _ = work.journal.end(&work.state);
        return failure.hint("nothing was touched: what served before still does");
    }
    work.failure(step, error, is_on)
}

/// Ends what was interrupted.
fn resume(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let Some(open) = Operation::open(&state)? else {
        return nothing_open(run, &state);
    };
    if open.goes_on() {
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
        stopped_at: None,
        served_at: None,
    };
    if args.dry_run {
        let steps = work.steps()?;
        let shown = show::text(&work.plan, &work.from, &work.to, &steps);
        let data = show::data(&work, &steps);
        run.text(&shown);
        return Ok(Outcome::ok("nothing was changed", data).query());
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
fn undo(args: &Args, run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let open = Operation::open(&state)?;
    if let Some(open) = open.as_ref().filter(|open| open.goes_on()) {
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
    }
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let from = prepare::note(&application, &releases, run, None)?;
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
            .exit(Exit::NotStarted)
    })
}
