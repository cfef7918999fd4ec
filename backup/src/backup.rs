//! Makes a set: aside, part by part, each read back; then its proof, its name,
//! and the room for it by retention.

use crate::cli::{Args, Keep};
use crate::folder::{Draft, no_space};
use crate::plan::{self, Planned};
use crate::retention::Policy;
use crate::{check, list, prune, save, space};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use toolkit::application::Application;
use toolkit::config::{Compression, Config};
use toolkit::failure::Failure;
use toolkit::render;
use toolkit::run::{Outcome, Run};
use toolkit::set::{self, Info, Part};

/// What one run is to do, once arguments and configuration are put together.
pub(crate) struct Job {
    pub(crate) folder: PathBuf,
    pub(crate) flat: Option<String>,
    pub(crate) method: Compression,
    pub(crate) jobs: usize,
    pub(crate) policy: Policy,
}

pub(crate) fn run(args: &Args, run: &mut Run) -> Result<Outcome> {
    let job = Job::new(args, &run.config)?;
    if args.ask.list {
        return list::run(&job.folder, run);
    }
    if let Some(name) = &args.ask.check {
        return check::check(&job.folder, name, run);
    }
    if let Some(longest) = args.ask.fresh {
        return check::fresh(&job.folder, longest);
    }
    let config = run.config.clone();
    let application = Application::discover(&config)?;
    let parts = plan::plan(args, &config, &application, job.method)?;
    if job.flat.is_some() && parts.len() != 1 {
        let names: Vec<_> = parts.iter().map(|part| part.name.as_str()).collect();
        return Err(Failure::not_started(
            "usage",
            format!("`--flat` writes one part, not {}", names.join(", ")),
        )
        .hint("name one: `backup database --flat PREFIX`")
        .into());
    }
    if args.dry_run {
        return foresee(&job, &parts, run);
    }
    let _lock = run.lock("data")?;
    make(&job, &parts, &application, run).map_err(|error| no_space(error, &job.folder))
}

/// Saves every part, or leaves nothing behind.
fn make(
    job: &Job,
    parts: &[Planned],
    application: &Application<'_>,
    run: &mut Run,
) -> Result<Outcome> {
    let last = space::last_of(job, parts)?;
    let draft = Draft::begin(job)?;
    space::enough(&draft, last.as_ref())?;
    let mut saved = Vec::with_capacity(parts.len());
    for part in parts {
        let expected = space::raw_bytes(last.as_ref(), &part.name);
        let part = save::part(part, &draft, job, expected);
        saved.push(part?);
    }
    for part in &saved {
        check::part_holds(&draft.file(part), part).map_err(unreadable)?;
    }
    let info = draft.describe(run, application, saved);
    let path = draft.publish(&info)?;
    // The new set is whole, whatever becomes of the old ones.
    let (removed, trouble) = match prune::prune(job, &path, run) {
        Ok(removed) => (removed, None),
        Err(error) => (
            Vec::new(),
            Some(format!("old sets are not removed: {error:#}")),
        ),
    };
    Ok(outcome(&path, &info, &removed, trouble))
}

/// What is read back is not what was written: the set is not made.
fn unreadable(failure: Failure) -> Failure {
    Failure {
        reason: "read_back",
        ..failure
    }
    .hint("the disk or its controller changes data: look at `dmesg`")
}

fn outcome(path: &Path, info: &Info, removed: &[String], trouble: Option<String>) -> Outcome {
    let bytes: u64 = info.parts.iter().map(|part| part.bytes).sum();
    let count = info.parts.len();
    let parts = if count == 1 {
        "1 part".to_owned()
    } else {
        format!("{count} parts")
    };
    let summary = format!("{parts}, {} in {}", render::size(bytes), path.display());
    let warnings: Vec<_> = info
        .parts
        .iter()
        .flat_map(|part| part.warnings.iter().cloned())
        .chain(trouble)
        .collect();
    let data = json!({
        "path": path,
        "bytes": bytes,
        "parts": info.parts.iter().map(part_data).collect::<Vec<_>>(),
        "version": info.version,
        "removed": removed,
        "warnings": warnings,
    });
    Outcome::warned(summary, data, "incomplete_view", &warnings)
}

/// A part as the record shows it: its proof without the member index.
fn part_data(part: &Part) -> Value {
    let mut data = serde_json::to_value(part).unwrap_or_default();
    if let Some(fields) = data.as_object_mut() {
        fields.remove("members");
    }
    data
}

/// `--dry-run`: what would be saved and removed, and why.
fn foresee(job: &Job, parts: &[Planned], run: &mut Run) -> Result<Outcome> {
    let decisions = prune::decide(job)?;
    let mut text = Vec::new();
    for part in parts {
        text.push(format!("would save    {:12} {}", part.name, part.file));
    }
    for decision in &decisions {
        let verb = if decision.keep {
            "would keep  "
        } else {
            "would remove"
        };
        text.push(format!(
            "{verb}  {}  ({})",
            decision.name,
            decision.reasons.join(", ")
        ));
    }
    run.text(&text.join("\n"));
    let leaving = decisions.iter().filter(|decision| !decision.keep).count();
    let summary = format!(
        "would save {} parts in {}, and remove {leaving} sets",
        parts.len(),
        job.folder.display()
    );
    let parts: Vec<_> = parts
        .iter()
        .map(|part| json!({"name": part.name, "file": part.file, "kind": part.kind()}))
        .collect();
    Ok(Outcome::ok(
        summary,
        json!({ "folder": job.folder, "parts": parts, "sets": decisions }),
    )
    .query())
}

impl Job {
    fn new(args: &Args, config: &Config) -> Result<Self> {
        let settings = &config.file.backup;
        let folder = set::folder(args.to.as_deref(), config)?;
        if let Some(prefix) = args
            .flat
            .as_ref()
            .filter(|prefix| prefix.is_empty() || prefix.contains(['/', '\0']))
        {
            return Err(Failure::not_started(
                "usage",
                format!("`{prefix}` cannot begin a file's name"),
            )
            .into());
        }
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            folder,
            flat: args.flat.clone(),
            method: args
                .compress
                .or(settings.compress)
                .unwrap_or(Compression::Gzip(6)),
            jobs: args
                .jobs
                .map(usize::from)
                .or(settings.jobs.map(usize::from))
                .unwrap_or_else(cores),
            policy: policy(&args.keep, config),
        })
    }
}

/// The rules on the command line replace those of sextant.toml, all of them:
/// a rule that is not seen must not surprise.
fn policy(keep: &Keep, config: &Config) -> Policy {
    let given = Policy {
        within: keep.within,
        last: keep.last.unwrap_or(0),
        daily: keep.daily.unwrap_or(0),
        weekly: keep.weekly.unwrap_or(0),
        monthly: keep.monthly.unwrap_or(0),
        yearly: keep.yearly.unwrap_or(0),
    };
    if !given.is_empty() {
        return given;
    }
    let settings = &config.file.backup;
    Policy {
        within: settings.keep_within,
        last: settings.keep_last.unwrap_or(0),
        daily: settings.keep_daily.unwrap_or(0),
        weekly: settings.keep_weekly.unwrap_or(0),
        monthly: settings.keep_monthly.unwrap_or(0),
        yearly: settings.keep_yearly.unwrap_or(0),
    }
}
