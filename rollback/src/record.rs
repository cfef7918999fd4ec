//! `--record`, the last link of a deployment: what serves now is a release that
//! ended well, and the oldest ones' images are given up.

use crate::prepare::{self, LOCK};
use crate::release::{Release, Releases, Standing};
use crate::{images, switch};
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::operation::Operation;
use toolkit::run::{Outcome, Run};

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
    let summary = format!(
        "{} serves; the way back is {}",
        release.title(),
        before.title()
    );
    let data = json!({
        "release": release.id, "version": release.version, "git_commit": release.git_commit,
        "from": { "release": before.id, "version": before.version, "git_commit": before.git_commit },
        "services": release.services, "set": before.set, "images_given_up": gone,
    });
    if switch::is_left(&state)? {
        let failure = Failure::new("maintenance", "maintenance mode was left on")
            .hint("`rollback --maintenance off` switches it off");
        return Ok(Outcome::warn(summary, data, failure));
    }
    Ok(Outcome::ok(summary, data))
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
