//! The work tree.

use crate::engine::Work;
use crate::observe;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use toolkit::failure::Failure;
use toolkit::git::{self, Revision, git as command};

/// Whether the wanted commit is checked out.
pub(super) fn is_there(work: &Work<'_>) -> bool {
    work.plan.service.is_none()
        && work.plan.commit == Some(Revision::of(&work.run.config.root).commit)
}

/// Checks the commit out, or, for one service, what is below its build's folder.
pub(super) fn check_out(work: &mut Work<'_>) -> Result<Value> {
    let root = work.run.config.root.clone();
    let commit = work.plan.commit.clone().context("no commit is planned")?;
    if let Some(service) = &work.plan.service {
        return one_service(work, service, &commit);
    }
    let now = Revision::of(&root);
    // A branch that a remote has can be moved, and brought forward again by
    // `git pull`; a commit of this clone alone is never left without a name.
    let on_branch = !now.branch.is_empty()
        && now.branch == work.to.git_branch
        && git::is_published(&root, &now.commit);
    let change = if on_branch {
        command(&root, &["reset", "--keep", &commit])
    } else {
        command(&root, &["checkout", "--quiet", "--detach", &commit])
    };
    change.read()?;
    let reached = Revision::of(&root).commit;
    if reached != commit {
        let message = format!("the work tree is at {reached} and not at {commit}");
        return Err(Failure::new("git", message).into());
    }
    Ok(json!({ "from": now.commit, "to": commit, "branch": on_branch.then_some(now.branch) }))
}

/// The code of one service, where its image is built from: the rest of the
/// tree stays.
fn one_service(work: &Work<'_>, service: &str, commit: &str) -> Result<Value> {
    let root = &work.run.config.root;
    let Some(folder) = observe::code_of(&work.application()?, service)? else {
        return Ok(json!({ "service": service, "folder": null }));
    };
    // What the commit does not have goes.
    let words = ["checkout", "--quiet", "--no-overlay", commit, "--", &folder];
    command(root, &words).read()?;
    let left = git::differing(root, commit, &folder)?;
    if let Some(file) = left.first() {
        let message = format!("`{file}` is not as {commit} has it");
        return Err(Failure::new("git", message).into());
    }
    Ok(json!({ "service": service, "folder": folder, "to": commit }))
}
