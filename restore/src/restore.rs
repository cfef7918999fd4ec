//! Brings a set back: check, ask, load all of it aside, and only then exchange
//! what is live.

use crate::choice::{self, Choice, Chosen, Kind};
use crate::cli::Args;
use crate::database::Globals;
use crate::dump;
use crate::files::{self, Unpacked};
use crate::target::{self, Roots, Targets};
use crate::{database, leftovers, prove};
use anyhow::{Context, Result};
use chrono::Local;
use serde_json::{Value, json};
use std::time::Instant;
use toolkit::application::Application;
use toolkit::config::Config;
use toolkit::confirm;
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::redis;
use toolkit::run::{Outcome, Run};
use toolkit::set::Stamp;
use toolkit::{checksum, render};

pub(crate) fn run(args: &Args, run: &mut Run) -> Result<Outcome> {
    if args.sweep {
        return leftovers::run(run);
    }
    let config = run.config.clone();
    let choice = choice::choose(args, &config, &run.upstream)?;
    if args.check {
        // Which set could not be proven is told, too.
        let data = json!({ "path": choice.path, "checked": true });
        return check(args, &config, &choice, run)
            .map_err(|error| Failure::of(&error).data(data).into());
    }
    verify(&choice, run)?;
    let application = Application::discover(&config)?;
    let targets = Targets::find(args, &choice, &application)?;
    ask(args, &choice, &targets, run)?;
    let job = Job {
        stamp: Stamp::at(Local::now()).to_string(),
        keep_old: args.keep_old || config.file.restore.keep_old == Some(true),
        in_place: args.in_place,
        jobs: jobs(args),
    };
    let _lock = run.lock("data")?;
    let begun = Instant::now();
    let aside = load(&choice, &targets, &job, run)?;
    if args.ahead {
        // Whoever waits for this before ending stdin does not wait in vain.
        let data = json!({ "path": choice.path });
        run.item(LOADED, Status::Ok, "all is loaded aside", data);
    }
    if let Some(skipped) = run.join()? {
        return Ok(skipped);
    }
    aside.bring_back(&targets, &job, run, begun)
}

/// Restores aside, and takes it away again.
fn check(args: &Args, config: &Config, choice: &Choice, run: &mut Run) -> Result<Outcome> {
    verify(choice, run)?;
    let application = Application::discover(config)?;
    let targets = Targets::find(args, choice, &application)?;
    let _lock = run.lock("check")?;
    prove::run(choice, &targets, jobs(args), run)
}

/// The name of the record that is written before the exchange, with `--ahead`.
const LOADED: &str = "loaded";

/// How one run restores.
struct Job {
    stamp: String,
    keep_old: bool,
    in_place: bool,
    jobs: usize,
}

/// A part that is loaded aside, and what it will replace.
enum Staged<'a> {
    Database(Box<database::Staged>),
    DatabaseInPlace(&'a Chosen),
    Redis(Box<redis::Prepared>),
    Files(Vec<Unpacked>),
}

/// Every part is, byte for byte, what was saved.
///
/// # Errors
/// `damaged`: nothing was touched.
fn verify(choice: &Choice, run: &Run) -> Result<()> {
    for chosen in &choice.parts {
        let Some(part) = &chosen.part else { continue };
        let (bytes, sha256) = checksum::of_file(&chosen.path)?;
        if (bytes, &sha256) != (part.bytes, &part.sha256) {
            let message = format!(
                "`{}` is not what was saved: its SHA-256 is {sha256}, not {}",
                chosen.path.display(),
                part.sha256
            );
            return Err(Failure::not_started("damaged", message)
                .hint("restore from another set; `backup --check` reads one again")
                .into());
        }
    }
    let proven = choice
        .parts
        .iter()
        .filter(|chosen| chosen.part.is_some())
        .count();
    run.note(&format!(
        "{proven} of {} parts have a checksum, and it holds",
        choice.parts.len()
    ));
    Ok(())
}

/// Asks for the name of what will be replaced.
fn ask(args: &Args, choice: &Choice, targets: &Targets, run: &Run) -> Result<()> {
    let allowed = run
        .config
        .var("ROLLBACK_AUTO")
        .is_some_and(|value| value == "true");
    if args.yes || allowed {
        return Ok(());
    }
    let names: Vec<_> = choice
        .parts
        .iter()
        .map(|chosen| targets.describe(chosen))
        .collect();
    let question = format!(
        "`{}` is about to replace {}.",
        choice.path.display(),
        names.join(", ")
    );
    let database = choice
        .parts
        .iter()
        .find_map(|chosen| targets.database(chosen));
    confirm::word(
        &question,
        &database.unwrap_or_else(|| run.project().to_owned()),
    )
}

/// All parts, loaded; nothing live is touched yet.
struct Aside<'a> {
    choice: &'a Choice,
    staged: Vec<(&'a Chosen, Staged<'a>)>,
    /// What is done already: roles that were missing.
    done: Vec<Value>,
}

/// Loads every part aside.
fn load<'a>(choice: &'a Choice, targets: &Targets, job: &Job, run: &Run) -> Result<Aside<'a>> {
    for words in leftovers::of_parts(choice, targets)? {
        run.note(&words);
    }
    for chosen in &choice.parts {
        targets.check_replaceable(chosen)?;
    }
    targets.check_room(choice, job.in_place)?;
    let mut staged = Vec::new();
    let mut done = Vec::new();
    for chosen in &choice.parts {
        let context = || format!("cannot restore `{}`", chosen.name);
        if chosen.kind == Kind::Globals {
            done.push(globals(chosen, targets).with_context(context)?);
        } else {
            run.note(&format!("`{}`: loading aside", chosen.name));
            staged.push((chosen, stage(chosen, targets, job).with_context(context)?));
        }
    }
    Ok(Aside {
        choice,
        staged,
        done,
    })
}

impl Aside<'_> {
    /// Exchanges the parts one after the other.
    fn bring_back(
        self,
        targets: &Targets,
        job: &Job,
        run: &Run,
        begun: Instant,
    ) -> Result<Outcome> {
        let mut done = self.done;
        for (chosen, part) in self.staged {
            let exchanged = exchange(chosen, part, targets, job);
            let exchanged = exchanged
                .with_context(|| format!("cannot restore `{}`{}", chosen.name, already(&done)))?;
            run.note(&format!("`{}` is back", chosen.name));
            done.push(exchanged);
        }
        Ok(outcome(self.choice, begun, &done))
    }
}

fn stage<'a>(chosen: &'a Chosen, targets: &Targets, job: &Job) -> Result<Staged<'a>> {
    Ok(match chosen.kind {
        Kind::Database if job.in_place => Staged::DatabaseInPlace(chosen),
        Kind::Database => {
            let wanted = targets.wanted(chosen, &job.stamp, job.jobs)?;
            Staged::Database(Box::new(database::stage(wanted)?))
        }
        Kind::Redis => {
            dump::inspect_redis(chosen)?;
            let redis = targets.redis()?;
            let prepared = redis::prepare(&redis.server, &redis.place, &chosen.path)?;
            Staged::Redis(Box::new(prepared))
        }
        Kind::Files | Kind::Globals => Staged::Files(unpack(chosen, targets, job)?),
    })
}

fn outcome(choice: &Choice, begun: Instant, done: &[Value]) -> Outcome {
    let took = render::duration(begun.elapsed());
    let count = if done.len() == 1 {
        "1 part".to_owned()
    } else {
        format!("{} parts", done.len())
    };
    let summary = format!("{count} of {} restored in {took}", choice.path.display());
    let warnings: Vec<_> = done
        .iter()
        .filter_map(|part| part[part["kind"].as_str()?]["warnings"].as_array())
        .flatten()
        .filter_map(|warning| warning.as_str().map(str::to_owned))
        .collect();
    let data =
        json!({ "path": choice.path, "checked": false, "parts": done, "warnings": warnings });
    Outcome::warned(summary, data, "restored_otherwise", &warnings)
}

/// What a message adds when some parts are live already.
fn already(done: &[Value]) -> String {
    let names: Vec<_> = done
        .iter()
        .filter_map(|part| part["name"].as_str())
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" (restored before it: {})", names.join(", "))
    }
}

/// Creates the roles that are missing. Those that exist are changed only when
/// roles were asked for by name: the application knows their passwords.
fn globals(chosen: &Chosen, targets: &Targets) -> Result<Value> {
    let postgres = targets.postgres()?;
    let how = if chosen.named {
        Globals::All
    } else {
        Globals::Missing
    };
    let sql = dump::open(chosen, 1)?;
    let made = database::globals(&postgres.server, &postgres.database, sql, how)?;
    Ok(json!({ "name": chosen.name, "kind": "globals", "globals": made }))
}

fn unpack(chosen: &Chosen, targets: &Targets, job: &Job) -> Result<Vec<Unpacked>> {
    let unpack = |roots: &Roots| {
        let plan = files::Plan {
            target: &roots.target,
            inside: &roots.inside,
            scope: roots.scope(),
            stamp: &job.stamp,
            expected: chosen.part.as_ref().map(|part| part.raw_bytes),
            keep_old: job.keep_old,
        };
        files::unpack(&plan, dump::open(chosen, job.jobs)?)
    };
    targets.roots(chosen).iter().map(unpack).collect()
}

/// Puts a loaded part in the place of the live one.
fn exchange(chosen: &Chosen, part: Staged<'_>, targets: &Targets, job: &Job) -> Result<Value> {
    let name = &chosen.name;
    Ok(match part {
        Staged::Database(staged) => {
            json!({ "name": name, "kind": "database", "database": staged.swap(job.keep_old)? })
        }
        Staged::DatabaseInPlace(chosen) => {
            let wanted = targets.wanted(chosen, &job.stamp, job.jobs)?;
            json!({ "name": name, "kind": "database", "database": database::in_place(wanted)? })
        }
        Staged::Redis(prepared) => {
            json!({ "name": name, "kind": "redis", "redis": prepared.exchange()? })
        }
        Staged::Files(unpacked) => {
            let kept = unpacked
                .into_iter()
                .map(Unpacked::exchange)
                .collect::<Result<Vec<_>>>()?;
            let kept: Vec<_> = kept.into_iter().flatten().collect();
            json!({ "name": name, "kind": "files", "targets": target::shown(&targets.roots(chosen)), "kept": kept })
        }
    })
}

fn jobs(args: &Args) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    args.jobs.map_or_else(cores, usize::from)
}
