//! From what is asked for to what is left behind: choose, plan, ask, write the
//! intent down, go through the steps, record.

use crate::choose::{self, Target};
use crate::cli::{Args, Instead};
use crate::engine::{Work, has_touched};
use crate::plan::{self, Plan};
use crate::prepare::{self, LOCK};
use crate::release::{Release, Releases, Standing};
use crate::{list, observe, record, resume, show, status, switch, undo};
use anyhow::{Context, Result};
use serde_json::json;
use toolkit::application::Application;
use toolkit::confirm;
use toolkit::failure::Failure;
use toolkit::operation::{Kind, Operation};
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::state::State;
use toolkit::verdict::Verdict;

/// What is said of a failure before the first step.
pub(crate) const UNTOUCHED: &str = "nothing was begun";

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
        Instead { resume: true, .. } => resume::resume(args, run),
        Instead { undo: true, .. } => undo::undo(args, run),
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
    let outcome = leave(args, run, &state, own.clone());
    let harmless = |own: &Operation| !choose::may_have_changed_data(own, &run.config);
    let is_left = || switch::is_left(&state).unwrap_or(true);
    if outcome.is_err() && own.as_ref().is_some_and(harmless) && is_left() {
        // Nothing half-done would be shown to anybody.
        if let Err(error) = switch::off(run, &state) {
            run.note(&format!(
                "maintenance mode cannot be switched off: {error:#}"
            ));
        }
    }
    outcome
}

/// Leaves what serves, or what the deployment `own` made of it.
fn leave(args: &Args, run: &mut Run, state: &State, own: Option<Operation>) -> Result<Outcome> {
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let releases = Releases::of(state)?;
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
    let from = prepare::note(&application, &releases, run, standing).context(UNTOUCHED)?;
    let target = match (&own, by_pipeline) {
        (Some(operation), _) if args.release.is_none() => {
            choose::of_deployment(operation, run, &releases)?
        }
        (_, Some(target)) => target,
        _ => choose::by_hand(args, &application, &releases, state, &from)?,
    };
    let plan = plan::plan(args, &application, &releases, &from, &target)?;
    carry_out(
        args,
        run,
        Begin {
            state: state.clone(),
            releases,
            from,
            target,
            plan,
            instead: own,
        },
    )
}

/// What an operation begins with.
pub(crate) struct Begin {
    pub(crate) state: State,
    pub(crate) releases: Releases,
    pub(crate) from: Release,
    pub(crate) target: Target,
    pub(crate) plan: Plan,
    /// The operation that this one takes over.
    pub(crate) instead: Option<Operation>,
}

/// Shows or asks, writes the intent down, and goes.
pub(crate) fn carry_out(args: &Args, run: &mut Run, begin: Begin) -> Result<Outcome> {
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
        ahead: None,
        stopped_at: None,
        served_at: None,
    };
    let (shown, outcome) = only_shown(&work)?;
    if args.dry_run {
        run.text(&shown);
        return Ok(outcome);
    }
    if !target.automatic {
        ask(args, &work, &shown)?;
    }
    let intent = work.journal.intent.clone();
    work.journal = Operation::begin(&work.state, intent, instead.as_ref()).context(UNTOUCHED)?;
    finish(work)
}

/// The plan in lines, and what comes of showing it alone.
pub(crate) fn only_shown(work: &Work<'_>) -> Result<(String, Outcome)> {
    let steps = work.steps()?;
    let shown = show::text(&work.plan, &work.from, &work.to, &steps);
    let data = show::data(work, &steps);
    Ok((shown, Outcome::ok("nothing was changed", data).query()))
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
pub(crate) fn finish(mut work: Work<'_>) -> Result<Outcome> {
    let told = match work.go_through() {
        Ok(told) => told,
        Err((step, error)) => return Err(give_in(work, step, &error).into()),
    };
    let ended = note_what_serves(&mut work).and_then(|()| work.journal.clone().end(&work.state));
    ended.map_err(|error| work.not_recorded(&error))?;
    let down = work.stopped_at.zip(work.served_at);
    let down = down.map(|(from, until)| until.duration_since(from));
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
    Ok(Outcome::warned(
        summary,
        data,
        "rolled_back_otherwise",
        &warnings,
    ))
}

/// Writes down which release serves: after the return of one service, it is
/// none that was there before, unless that undid another.
fn note_what_serves(work: &mut Work<'_>) -> Result<()> {
    if let Some(service) = work.plan.service.clone() {
        let application = work.application()?;
        if !observe::release(&application).is_like(&work.to) {
            let good = Some(Standing::Good);
            let mut mixed = prepare::note(&application, &work.releases, work.run, good)?;
            if mixed.id == work.from.id {
                // Both releases have the same image of it.
                return Ok(());
            }
            mixed.version = format!("{}, `{service}` of {}", work.from.version, work.to.version);
            return work.releases.write(&mixed);
        }
    }
    if work.to.standing == Standing::Found {
        work.to.standing = Standing::Good;
    }
    work.releases.write(&work.to)?;
    work.releases.set_current(&work.to.id)
}

/// What can be done when a step failed. Users are let back in unless that would
/// show them a half-migrated database; the operation stays open for `--resume`.
fn give_in(work: Work<'_>, step: &str, error: &anyhow::Error) -> Failure {
    let touched = has_touched(&work.journal);
    let exposed = work.is_between();
    let mut is_on = switch::is_on_for(work.run, &work.state).unwrap_or(false);
    if is_on && !exposed && switch::off(work.run, &work.state).is_ok() {
        is_on = false;
    }
    if !touched && !work.plan.half_migrated {
        let failure = work.untouched(step, error, is_on);
        let _ = work.journal.end(&work.state);
        return failure;
    }
    work.failure(step, error, is_on)
}
