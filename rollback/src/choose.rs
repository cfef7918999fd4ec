//! Which release is returned to.

use crate::cli::Args;
use crate::release::{Image, Release, Releases, Standing};
use crate::undo;
use anyhow::Result;
use std::path::{Path, PathBuf};
use toolkit::application::Application;
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::git;
use toolkit::operation::{Kind, Mark, Operation};
use toolkit::record::Status;
use toolkit::run::Run;
use toolkit::set::{self, Set, State as Whole};
use toolkit::state::State;

/// The steps after which data are as they were, unless configuration says
/// otherwise.
const HARMLESS: [&str; 11] = [
    "prepare", "pull", "fetch", "checkout", "build", "test", "tag", "drain", "stop", "prune",
    "confirm",
];
/// The tools that change no data.
const READERS: [&str; 5] = [
    "backup",
    "healthcheck",
    "smoketest",
    "deploy-report",
    "rollback",
];

/// A release, and what the way to it has to know.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) release: Release,
    /// The one service that is returned.
    pub(crate) service: Option<String>,
    /// The commit of which its code in the work tree is, where that is not the
    /// head's.
    pub(crate) brought: Option<String>,
    /// Whether data are to be brought back with it.
    pub(crate) with_data: bool,
    /// Whether nobody is there to be asked: a deployment failed, or was killed.
    pub(crate) automatic: bool,
    /// Whether a step of a deployment has changed data, perhaps half.
    pub(crate) half_migrated: bool,
}

/// The release that VERSION names, else the last that ended well before the
/// one that serves.
pub(crate) fn by_hand(
    args: &Args,
    application: &Application<'_>,
    releases: &Releases,
    state: &State,
    now: &Release,
) -> Result<Target> {
    let release = match &args.release {
        Some(name) => named(name, application, releases, now)?,
        None => before(releases, now)?,
    };
    let service = args.service.clone();
    Ok(Target {
        release,
        brought: service
            .as_deref()
            .and_then(|name| undo::brought(state, name)),
        service,
        with_data: true,
        automatic: false,
        half_migrated: false,
    })
}

/// The release that served before the deployment that `operation` is.
pub(crate) fn of_deployment(
    operation: &Operation,
    run: &Run,
    releases: &Releases,
) -> Result<Target> {
    let mut release = releases.get(&operation.intent.from)?;
    let harmed = may_have_changed_data(operation, &run.config);
    let set = set_of(&operation.intent.run, run)?;
    let with_data = harmed && set.is_some();
    if with_data {
        release.set = set;
        releases.write(&release)?;
    }
    Ok(Target {
        release,
        service: None,
        brought: None,
        with_data,
        automatic: true,
        half_migrated: harmed,
    })
}

/// Without a prepared operation: the release that the backup set of this very
/// pipeline describes.
pub(crate) fn of_pipeline(
    run: &Run,
    application: &Application<'_>,
    releases: &Releases,
) -> Result<Option<Target>> {
    let Some(path) = piped_set(run) else {
        return Ok(None);
    };
    Ok(Some(Target {
        release: of_set(&path, application, releases)?,
        service: None,
        brought: None,
        with_data: true,
        automatic: true,
        half_migrated: true,
    }))
}

/// Whether a step was begun that may have changed data.
pub(crate) fn may_have_changed_data(operation: &Operation, config: &Config) -> bool {
    let configured = config.file.rollback.harmless.as_deref();
    let is_harmless = |step: &str| {
        READERS.contains(&step)
            || match configured {
                Some(names) => names.iter().any(|name| name == step),
                None => HARMLESS.contains(&step),
            }
    };
    let begun = operation.entries.iter();
    operation.intent.kind == Kind::Deployment
        && begun
            .filter(|entry| entry.mark == Mark::Begun)
            .any(|entry| !is_harmless(&entry.step) && !entry.step.starts_with("maintenance"))
}

/// The set that a pipeline made: as its record says, else by looking.
fn set_of(id: &str, run: &Run) -> Result<Option<PathBuf>> {
    if let Some(path) = piped_set(run) {
        return Ok(Some(path));
    }
    let sets = set::list(&set::folder(None, &run.config)?)?;
    let of_run = |set: &&Set| {
        set.state == Whole::Complete && set.info.as_ref().is_some_and(|info| info.run == id)
    };
    Ok(sets.iter().rev().find(of_run).map(Set::path))
}

fn piped_set(run: &Run) -> Option<PathBuf> {
    let made = run.upstream.kept.iter().rev();
    made.filter(|record| matches!(record.status, Status::Ok | Status::Warn))
        .find_map(|record| record.data["path"].as_str())
        .map(PathBuf::from)
}

fn before(releases: &Releases, now: &Release) -> Result<Release> {
    let all = releases.all()?;
    let earlier = all.into_iter().rev().find(|release| {
        release.id < now.id && release.standing != Standing::Failed && !release.is_like(now)
    });
    earlier.ok_or_else(|| {
        Failure::not_started("no_release", "there is no earlier release that ended well")
            .hint("`rollback --list` shows the backup sets; name one, or a version")
            .into()
    })
}

fn named(
    name: &str,
    application: &Application<'_>,
    releases: &Releases,
    now: &Release,
) -> Result<Release> {
    let all = releases.all()?;
    let of_version = |release: &&Release| release.version == name && release.id != now.id;
    let newest = || all.iter().rev();
    let well = newest()
        .filter(|release| release.standing != Standing::Failed)
        .find(of_version);
    let found = newest()
        .find(|release| release.id == name)
        .or(well)
        .or_else(|| newest().find(of_version))
        .or_else(|| newest().find(|release| is_set(release, name)));
    if let Some(release) = found {
        return Ok(release.clone());
    }
    let folder = set::folder(None, application.config())?;
    let sets = set::list(&folder)?;
    let is_meant = |set: &&Set| {
        set.name() == name || set.info.as_ref().is_some_and(|info| info.version == name)
    };
    if let Some(set) = sets.iter().rev().find(is_meant) {
        return of_set(&set.path(), application, releases);
    }
    if Path::new(name).is_dir() {
        return of_set(Path::new(name), application, releases);
    }
    of_tag(name, application, releases)
}

fn is_set(release: &Release, name: &str) -> bool {
    let set = release.set.as_deref().and_then(Path::file_name);
    set.is_some_and(|set| set == name)
}

/// The release that a backup set describes: its proof has the version, the
/// commit and the images.
fn of_set(path: &Path, application: &Application<'_>, releases: &Releases) -> Result<Release> {
    let set = Set::open(path)?;
    let Some(info) = set.info.clone().filter(|_| set.state == Whole::Complete) else {
        let why = set.why.unwrap_or_default();
        let message = format!("`{}` is {}: {why}", path.display(), set.state.word());
        return Err(Failure::not_started("damaged_set", message)
            .hint("`rollback --list` shows other ways back")
            .into());
    };
    let name_of = |service: &str| {
        let found = application.stack.service(service);
        found
            .and_then(|service| service.image())
            .unwrap_or_default()
            .to_owned()
    };
    let services = info.images.iter().map(|(service, id)| {
        let image = Image {
            id: id.clone(),
            name: name_of(service),
            ..Image::default()
        };
        (service.clone(), image)
    });
    let release = Release {
        // Its name may be a release's own.
        id: format!("set-{}", set.name()),
        at: info.date,
        by: info.deployed_by,
        run: info.run,
        version: info.version,
        git_commit: info.git_commit,
        git_branch: info.git_branch,
        services: services.collect(),
        compose_sha256: info.compose_sha256,
        set: Some(set.path()),
        ..Release::default()
    };
    releases.write(&release)?;
    Ok(release)
}

/// A tag of which nothing is recorded: its code can be built, its data are not
/// known.
fn of_tag(name: &str, application: &Application<'_>, releases: &Releases) -> Result<Release> {
    let root = &application.config().root;
    let Some(commit) = git::commit_of(root, name) else {
        let message = format!("`{name}` names no release, no backup set and no tag");
        return Err(Failure::not_started("no_release", message)
            .hint("`rollback --list` shows what there is")
            .into());
    };
    let release = Release {
        id: format!("tag-{name}"),
        version: name.to_owned(),
        git_commit: commit,
        ..Release::default()
    };
    releases.write(&release)?;
    Ok(release)
}
