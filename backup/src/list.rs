//! `--list`: the sets that there are.

use anyhow::Result;
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::path::Path;
use toolkit::record::Status;
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::set::{self, Set, State};

/// Lists the sets in `folder`, the newest first: a table for people, a record
/// for each for programs.
pub(crate) fn run(folder: &Path, run: &mut Run) -> Result<Outcome> {
    let mut sets = set::list(folder)?;
    sets.reverse();
    for set in &sets {
        let status = if set.state == State::Complete {
            Status::Ok
        } else {
            Status::Warn
        };
        let summary = format!("{}, {}", set.state.word(), render::size(set.bytes));
        run.item(&set.name(), status, &summary, data(set));
    }
    if !sets.is_empty() {
        run.text(&table(&sets));
    }
    let complete = sets
        .iter()
        .filter(|set| set.state == State::Complete)
        .count();
    let bytes = sets.iter().map(|set| set.bytes).sum();
    let summary = format!(
        "{complete} complete of {} sets, {} in {}",
        sets.len(),
        render::size(bytes),
        folder.display()
    );
    let data =
        json!({ "folder": folder, "sets": sets.len(), "complete": complete, "bytes": bytes });
    Ok(Outcome::ok(summary, data).query())
}

/// A set as records describe it; `restore` reads `path`.
fn data(set: &Set) -> Value {
    let info = set.info.as_ref();
    json!({
        "path": set.path(),
        "date": info.map(|info| &info.date),
        "version": info.map(|info| &info.version),
        "bytes": set.bytes,
        "status": set.state.word(),
        "why": set.why,
        "age_s": set.age().map(|age| age.as_secs()),
        "parts": set.parts(),
        "proven": info.and_then(|info| info.proven.as_ref()).map(|proven| &proven.at),
    })
}

fn table(sets: &[Set]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["DATE", "VERSION", "SIZE", "STATUS", "AGE", "PARTS"]);
    for set in sets {
        let info = set.info.as_ref();
        let proven = if info.is_some_and(|info| info.proven.is_some()) {
            ", proven"
        } else {
            ""
        };
        table.add_row([
            set.name(),
            info.map(|info| info.version.clone()).unwrap_or_default(),
            render::size(set.bytes),
            format!("{}{proven}", set.state.word()),
            set.age().map(render::duration).unwrap_or_default(),
            set.why.clone().unwrap_or_else(|| set.parts().join(" ")),
        ]);
    }
    table.trim_fmt()
}
