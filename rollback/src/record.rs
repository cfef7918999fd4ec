//! `--record`, the last link of a deployment: what serves now is a release that
//! ended well, and the oldest ones' images are given up.

use crate::prepare::{self, LOCK};
use crate::release::{Release, Releases, Standing};
use crate::{images, switch};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::git;
use toolkit::operation::Operation;
use toolkit::run::{Outcome, Run};

/// The most commits of a deployment that are named in its record.
const COMMITS: usize = 500;
/// Of how many releases the images are kept, unless configuration says more.
const KEPT: u32 = 5;

/// Ends the deployment that this pipeline prepared.
pub(crate) fn run(run: &mut Run) -> Result<Outcome> {
    let _lock = run.lock(LOCK)?;
    let state = run.state()?.clone();
    let open = Operation::open(&state)?.filter(|open| open.intent.run == run.id());
    let Some(operation) = open else {
        return Err(
            Failure::not_started("not_prepared", "no deployment of this pipeline is open")
                .hint("begin the pipeline with `rollback --prepare`")
                .into(),
        );
    };
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let releases = Releases::of(&state)?;
    let set = run.upstream.kept.iter().rev();
    let set = set
        .into_iter()
        .find_map(|record| record.data["path"].as_str().map(PathBuf::from));
    let mut before = releases.get(&operation.intent.from)?;
    if set.is_some() {
        before.set = set;
        releases.write(&before)?;
    }
    let release = prepare::note(&application, &releases, run, Some(Standing::Good))?;
    operation.end(&state)?;
    let gone = give_up(&releases, &release, run)?;
    let changes = changes(&config.root, &before, &release);
    let summary = format!(
        "{} serves; the way back is {}",
        release.title(),
        before.title()
    );
    let data = json!({
        "release": release.id, "version": release.version, "git_commit": release.git_commit,
        "from": { "release": before.id, "version": before.version, "git_commit": before.git_commit },
        "changes": changes, "services": release.services, "set": before.set,
        "images_given_up": gone,
    });
    if switch::is_left(&state)? {
        let failure = Failure::new("maintenance", "maintenance mode was left on")
            .hint("`rollback --maintenance off` switches it off");
        return Ok(Outcome::warn(summary, data, failure));
    }
    Ok(Outcome::ok(summary, data))
}

/// The commits that a deployment brought, and when they were committed; null
/// where git cannot say.
fn changes(root: &Path, before: &Release, release: &Release) -> Value {
    if before.git_commit.is_empty() || release.git_commit.is_empty() {
        return Value::Null;
    }
    let found = git::committed(root, &before.git_commit, &release.git_commit, COMMITS);
    let change = |(commit, at)| json!({ "commit": commit, "at": at });
    found.map_or(Value::Null, |found| found.into_iter().map(change).collect())
}

/// Takes the tags of all but the newest releases away. What serves, and what
/// would be returned to, are always among those that stay.
pub(crate) fn give_up(releases: &Releases, serving: &Release, run: &Run) -> Result<usize> {
    let keep = run.config.file.rollback.keep.unwrap_or(KEPT).max(2);
    let all = releases.all()?;
    let others: Vec<_> = all
        .iter()
        .rev()
        .filter(|release| release.id != serving.id)
        .collect();
    // A failed release is no way back: it takes no good one's place.
    let (good, failed): (Vec<_>, Vec<_>) = others
        .into_iter()
        .partition(|release| release.standing != Standing::Failed);
    let surplus = good
        .into_iter()
        .skip(usize::try_from(keep).unwrap_or(usize::MAX) - 1);
    // The newest failed one may be looked at, or returned to by `--undo`.
    let old = surplus.chain(failed.into_iter().skip(1));
    Ok(old.map(images::give_up).sum())
}
