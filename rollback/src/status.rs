//! `--status`: where things stand, in words.

use crate::release::Releases;
use crate::switch;
use anyhow::Result;
use serde_json::{Value, json};
use toolkit::failure::Failure;
use toolkit::operation::{Mark, Operation, owner};
use toolkit::run::{Outcome, Run};

pub(crate) fn run(run: &mut Run) -> Result<Outcome> {
    let state = run.state()?.clone();
    let releases = Releases::of(&state)?;
    let current = releases.current()?;
    let serving = current.as_ref().map_or_else(
        || "no release is recorded yet".to_owned(),
        |release| format!("{} is recorded as what serves", release.title()),
    );
    let open = Operation::open(&state)?;
    let is_left = switch::is_left(&state)?;
    let mut lines = vec![serving.clone()];
    let data = json!({
        "current": current,
        "operation": open.as_ref().map(describe),
        "maintenance": is_left,
    });
    if is_left {
        lines.push("maintenance mode is on".to_owned());
    }
    let Some(open) = open else {
        lines.push("nothing is under way".to_owned());
        let summary = lines.join("; ");
        if is_left {
            let failure = Failure::new(
                "maintenance",
                "maintenance mode was left on, and nothing is under way",
            )
            .hint("`rollback --maintenance off` switches it off");
            return Ok(Outcome::warn(summary, data, failure).query());
        }
        return Ok(Outcome::ok(summary, data).query());
    };
    lines.push(words(&open));
    let summary = lines.join("; ");
    if open.is_anothers() {
        return Ok(Outcome::ok(summary, data).query());
    }
    let failure = Failure::new("unfinished", words(&open))
        .hint("`rollback --resume` ends it: a rollback goes on, a deployment is taken back");
    Ok(Outcome::warn(summary, data, failure).query())
}

fn words(open: &Operation) -> String {
    let intent = &open.intent;
    let state = if open.is_anothers() {
        "goes on"
    } else {
        "was interrupted"
    };
    let last = open.entries.last().map_or_else(
        || "before its first step".to_owned(),
        |entry| match entry.mark {
            Mark::Begun => format!("in `{}`", entry.step),
            Mark::Done => format!("after `{}`", entry.step),
            Mark::Failed => format!("because `{}` failed", entry.step),
        },
    );
    format!("a {} of {} {state} {last}", intent.kind.word(), intent.at)
}

fn describe(open: &Operation) -> Value {
    json!({
        "id": open.intent.id, "kind": open.intent.kind, "run": open.intent.run, "at": open.intent.at,
        "by": open.intent.by, "from": open.intent.from, "steps": open.entries,
        "goes_on": open.is_anothers(), "owner": owner::describe(&open.intent.owner),
    })
}
