//! `--prepare`, the first link of a deployment, and what it shares with every
//! change: what serves now, written down as a release.

use crate::release::{Release, Releases, Standing};
use crate::{configuration, images, observe, switch};
use anyhow::Result;
use chrono::{Local, Utc};
use serde_json::{Value, json};
use toolkit::application::Application;
use toolkit::failure::{Exit, Failure};
use toolkit::operation::{Intent, Kind, Operation, owner};
use toolkit::record;
use toolkit::run::{Outcome, Run, user};
use toolkit::set::Stamp;
use toolkit::state::State;

/// The lock that is held while an operation is begun, or goes on.
pub(crate) const LOCK: &str = "deployment";

/// Begins a deployment.
pub(crate) fn run(run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    refuse_open(&state)?;
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let releases = Releases::of(&state)?;
    let release = note(&application, &releases, run, None)?;
    let operation = Operation::begin(
        &state,
        intent(Kind::Deployment, &release, run, Value::Null),
        None,
    )?;
    let kept = release
        .services
        .values()
        .filter(|image| image.tag.is_some())
        .count();
    let summary = if release.services.is_empty() && release.git_commit.is_empty() {
        "nothing is deployed yet: there is nothing to come back to".to_owned()
    } else {
        format!(
            "the way back is {}: {kept} images kept by tag",
            release.title()
        )
    };
    let data = json!({
        "operation": operation.intent.id, "release": release.id, "version": release.version,
        "git_commit": release.git_commit, "git_branch": release.git_branch,
        "services": release.services, "kept_by": "tag", "by": operation.intent.by,
    });
    if switch::is_left(&state)? {
        let failure = Failure::new(
            "maintenance",
            "maintenance mode was left on by what went before",
        )
        .hint("this deployment lifts it at its end; `rollback --maintenance off` does so now");
        return Ok(Outcome::warn(summary, data, failure));
    }
    if release.services.is_empty() {
        return Ok(Outcome::ok(summary, data));
    }
    run.note("a tag holds against `docker image prune`, not against `docker system prune --all`");
    Ok(Outcome::ok(summary, data))
}

/// Refuses while another operation goes on, or one was left.
///
/// # Errors
/// `locked` (75) with its owner; `unfinished`.
pub(crate) fn refuse_open(state: &State) -> Result<()> {
    let Some(open) = Operation::open(state)? else {
        return Ok(());
    };
    let intent = &open.intent;
    if open.is_anothers() {
        return Err(going_on(&open).into());
    }
    let message = format!(
        "a {} that {} began at {} has not ended",
        intent.kind.word(),
        intent.by,
        intent.at
    );
    Err(Failure::new("unfinished", message)
        .hint("`rollback --status` says where it stands; `rollback --resume` ends it")
        .into())
}

/// That an operation belongs to processes that are at work.
pub(crate) fn going_on(open: &Operation) -> Failure {
    let intent = &open.intent;
    let message = format!(
        "a {} goes on since {}: {}",
        intent.kind.word(),
        intent.at,
        owner::describe(&intent.owner)
    );
    Failure::new("locked", message)
        .hint("wait for it to end, and start again")
        .exit(Exit::Locked)
}

/// What serves now, as a release on disk: the one that is recorded as current
/// when it is that, else a new one. Its images are kept and its files copied.
pub(crate) fn note(
    application: &Application<'_>,
    releases: &Releases,
    run: &Run,
    standing: Option<Standing>,
) -> Result<Release> {
    let seen = observe::release(application);
    let current = releases.current()?.filter(|current| current.is_like(&seen));
    let is_new = current.is_none();
    let mut release = current.unwrap_or_else(|| Release {
        id: releases.free(Stamp::at(Local::now())),
        at: record::timestamp(Utc::now()),
        by: user(),
        run: run.id().to_owned(),
        ..seen.clone()
    });
    // What served before and still does was not brought by what failed.
    if let Some(standing) = standing.filter(|found| is_new || *found != Standing::Failed) {
        release.standing = standing;
    }
    release.services.clone_from(&seen.services);
    release.git_branch.clone_from(&seen.git_branch);
    images::keep(run.project(), &release.id, &mut release.services)?;
    release.configuration = configuration::copy(application, &releases.of_id(&release.id))?;
    releases.write(&release)?;
    if is_new {
        releases.set_current(&release.id)?;
    }
    Ok(release)
}

/// The intent of an operation that begins now.
pub(crate) fn intent(kind: Kind, from: &Release, run: &Run, plan: Value) -> Intent {
    let now = Local::now();
    Intent {
        id: format!("{}-{}", now.format("%Y%m%d_%H%M%S%3f"), kind.word()),
        kind,
        run: run.id().to_owned(),
        at: record::timestamp(now.to_utc()),
        by: user(),
        owner: owner::this(),
        from: from.id.clone(),
        plan,
    }
}
