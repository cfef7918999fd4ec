//! `--list`: the releases and backup sets that there is a way back to.

use crate::images;
use crate::release::{Release, Releases, Standing};
use anyhow::Result;
use comfy_table::{Table, presets};
use serde_json::json;
use std::path::Path;
use toolkit::git;
use toolkit::record::Status;
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::set::{self, Set, State};

/// How many of git's tags are shown.
const TAGS: usize = 5;

/// One way back.
struct Row {
    name: String,
    version: String,
    bytes: Option<u64>,
    status: &'static str,
    note: String,
    set: Option<String>,
    is_current: bool,
}

pub(crate) fn run(run: &mut Run) -> Result<Outcome> {
    let state = run.state()?.clone();
    let releases = Releases::of(&state)?;
    let current = releases.current()?.map(|release| release.id);
    let sets = set::list(&set::folder(None, &run.config)?)?;
    let mut rows = Vec::new();
    let all = releases.all()?;
    for release in all.iter().filter(|release| !release.id.starts_with("set-")) {
        rows.push(of_release(release, &sets, current.as_deref())?);
    }
    let linked = |set: &Set| {
        let path = set.path();
        all.iter().any(|release| {
            !release.id.starts_with("set-") && release.set.as_deref() == Some(path.as_path())
        })
    };
    rows.extend(sets.iter().filter(|set| !linked(set)).map(of_set));
    rows.sort_by(|one, other| other.name.cmp(&one.name));
    for row in &rows {
        let status = match row.status {
            "complete" | "serving" => Status::Ok,
            _ => Status::Warn,
        };
        let summary = format!("{} {}", row.version, row.status);
        let data = json!({
            "version": row.version, "bytes": row.bytes, "status": row.status, "note": row.note,
            "path": row.set, "serving": row.is_current,
        });
        run.item(&row.name, status, summary.trim(), data);
    }
    let tags = git::tags(&run.config.root, TAGS);
    run.text(&text(&rows, &tags));
    let summary = format!(
        "{} ways back",
        rows.iter().filter(|row| row.status == "complete").count()
    );
    Ok(Outcome::ok(summary, json!({ "rows": rows.len(), "tags": tags })).query())
}

fn of_release(release: &Release, sets: &[Set], current: Option<&str>) -> Result<Row> {
    let set = release.set.as_deref().map(|path| find(sets, path));
    let is_current = current == Some(release.id.as_str());
    let mut gone = Vec::new();
    for (service, image) in &release.services {
        if images::id(&image.id)?.is_none() {
            gone.push(service.clone());
        }
    }
    let mut note = Vec::new();
    let status = match &set {
        _ if is_current => "serving",
        _ if !gone.is_empty() => {
            note.push(format!("to be built anew or pulled: {}", gone.join(", ")));
            "image missing"
        }
        None => {
            note.push("no backup set of its data".to_owned());
            "partial"
        }
        Some(None) => {
            note.push("its backup set is gone".to_owned());
            "partial"
        }
        Some(Some(set)) => {
            note.extend(set.why.clone());
            set.state.word()
        }
    };
    if release.standing == Standing::Failed {
        note.push("its deployment failed".to_owned());
    }
    Ok(Row {
        name: release.id.clone(),
        version: release.version.clone(),
        bytes: set.flatten().map(|set| set.bytes),
        status,
        note: note.join("; "),
        set: release.set.as_ref().map(|path| path.display().to_string()),
        is_current,
    })
}

fn of_set(set: &Set) -> Row {
    let version = set.info.as_ref().map(|info| info.version.clone());
    Row {
        name: set.name(),
        version: version.unwrap_or_default(),
        bytes: Some(set.bytes),
        status: if set.state == State::Foreign {
            "partial"
        } else {
            set.state.word()
        },
        note: set.why.clone().unwrap_or_else(|| "a backup set".to_owned()),
        set: Some(set.path().display().to_string()),
        is_current: false,
    }
}

fn find<'s>(sets: &'s [Set], path: &Path) -> Option<&'s Set> {
    sets.iter().find(|set| set.path() == path)
}

fn text(rows: &[Row], tags: &[String]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["DATE", "VERSION", "SIZE", "STATUS", "NOTE"]);
    for row in rows {
        table.add_row([
            row.name.clone(),
            row.version.clone(),
            row.bytes.map(render::size).unwrap_or_default(),
            row.status.to_owned(),
            row.note.clone(),
        ]);
    }
    let mut parts = Vec::new();
    if !rows.is_empty() {
        parts.push(table.trim_fmt());
    }
    if !tags.is_empty() {
        parts.push(format!("Latest tags:\n  {}", tags.join("\n  ")));
    }
    parts.join("\n\n")
}
