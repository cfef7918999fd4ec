//! What a rollback will do, known in full before anything is touched.

use crate::choose::Target;
use crate::cli::Args;
use crate::images;
use crate::outside::Outside;
use crate::release::{Release, Releases, Standing};
use crate::{configuration, observe, servers};
use anyhow::Result;
use chrono::{DateTime, Local};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use toolkit::application::Application;
use toolkit::failure::Failure;
use toolkit::git;
use toolkit::set::{Set, State};

/// Where the image of a service comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Means {
    /// It is here.
    Kept,
    /// A registry has it.
    Pull,
    /// It is built anew from the earlier code.
    Rebuild,
}

/// The data that are exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Data {
    /// The backup set that they come from.
    pub(crate) set: PathBuf,
    /// Its parts: databases, `redis`.
    pub(crate) parts: Vec<String>,
    /// When it was made: RFC 3339. What was written since is lost.
    pub(crate) made: String,
}

/// The whole way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// The release that is left.
    pub(crate) from: String,
    /// The release that is returned to.
    pub(crate) to: String,
    /// The one service that it is about; else all are.
    pub(crate) service: Option<String>,
    /// None when database and Redis stay as they are.
    pub(crate) data: Option<Data>,
    /// The servers whose volumes the earlier release did not have: they are
    /// exchanged before the data.
    #[serde(default)]
    pub(crate) servers: Vec<String>,
    /// Where the images come from, by service.
    pub(crate) images: BTreeMap<String, Means>,
    /// The commit that is checked out; none when it is, or there is no git.
    pub(crate) commit: Option<String>,
    /// The services that are stopped while data and code are exchanged.
    pub(crate) stopped: Vec<String>,
    /// Whether a deployment failed before it, which a step of may have left a
    /// half-migrated database.
    pub(crate) half_migrated: bool,
    /// What a person should know beforehand.
    pub(crate) warnings: Vec<String>,
}

/// Plans the return from `from` to `target`.
///
/// # Errors
/// `dirty_tree`, `damaged_set`, `no_data`, `image_gone`, `unknown_service`,
/// `other_server`, `other_volume`:
/// nothing was touched.
pub(crate) fn plan(
    args: &Args,
    application: &Application<'_>,
    releases: &Releases,
    from: &Release,
    target: &Target,
) -> Result<Plan> {
    let to = &target.release;
    let mut warnings = Vec::new();
    let service = target.service.clone();
    if let Some(name) = &service {
        known(name, to)?;
    }
    let commit = commit(application, from, target)?;
    let wanted = |name: &String| service.as_ref().is_none_or(|only| only == name);
    let mut means = BTreeMap::new();
    for (name, image) in to.services.iter().filter(|(name, _)| wanted(name)) {
        let from_code = commit.is_some() || from.git_commit == to.git_commit;
        means.insert(name.clone(), images_of(name, image, from_code, to)?);
    }
    let stays = service.is_some() || args.keep_database || !target.with_data;
    let data = if stays || !has_data(application) {
        None
    } else {
        data(to, &mut warnings)?
    };
    if data.is_none() && target.half_migrated {
        warnings.push(
            "the database stays as the failed deployment left it: no backup set of it is used"
                .to_owned(),
        );
    }
    if to.standing == Standing::Failed {
        warnings.push(format!(
            "{} is what a failed deployment or rollback left",
            to.title()
        ));
    }
    let servers = servers::exchanged(application, from, target, data.as_ref())?;
    if let Some(name) = servers.first().filter(|_| data.is_none()) {
        if args.keep_database || service.is_some() {
            return Err(servers::left_behind(name, to).into());
        }
        warnings.push(format!(
            "the data of `{name}` are those that its volume of {} has",
            to.title()
        ));
    }
    let differing = configuration::differing(to, releases)?;
    for path in &differing {
        warnings.push(format!("`{}` is put back as it was", path.display()));
    }
    // What serves already is not disturbed.
    let is_change =
        data.is_some() || commit.is_some() || !differing.is_empty() || !from.is_like(to);
    Ok(Plan {
        from: from.id.clone(),
        to: to.id.clone(),
        stopped: if is_change && service.is_none() {
            stopped(application)?
        } else {
            Vec::new()
        },
        service,
        data,
        servers,
        images: means,
        commit,
        half_migrated: target.half_migrated,
        warnings,
    })
}

/// Whether the application has a database or Redis at all.
fn has_data(application: &Application<'_>) -> bool {
    // One that does not answer just now is one that it has.
    !matches!(application.postgres(), Ok(None)) || !matches!(application.redis(), Ok(None))
}

/// What is stopped while code and data are exchanged, by name.
fn stopped(application: &Application<'_>) -> Result<Vec<String>> {
    let has_stack = application.stack.project.is_some();
    match Outside::of(application.config(), has_stack)? {
        Some(outside) => Ok(outside.names),
        None => Ok(observe::stopped_meanwhile(application)),
    }
}

fn known(service: &str, to: &Release) -> Result<(), Failure> {
    if to.services.contains_key(service) {
        return Ok(());
    }
    let names: Vec<_> = to.services.keys().map(|name| format!("`{name}`")).collect();
    let message = format!("{} has no service `{service}`", to.title());
    Err(Failure::not_started("unknown_service", message)
        .hint(format!("it has {}", names.join(", "))))
}

/// The commit to be checked out.
fn commit(
    application: &Application<'_>,
    from: &Release,
    target: &Target,
) -> Result<Option<String>> {
    let root = &application.config().root;
    let wanted = &target.release.git_commit;
    if wanted.is_empty() || (wanted == &from.git_commit && target.service.is_none()) {
        return Ok(None);
    }
    if git::commit_of(root, wanted).is_none() {
        let message = format!(
            "the commit {wanted} of {} is not in this clone",
            target.release.title()
        );
        return Err(Failure::not_started("no_commit", message)
            .hint("`git fetch --all --tags` may bring it")
            .into());
    }
    let mut dirty = dirty(application, target)?;
    if target.automatic {
        // What a build wrote must not stop the way back, unless it is in it.
        let touched = git::changed(root, &from.git_commit, wanted)?;
        dirty.retain(|file| touched.contains(file));
    }
    if dirty.is_empty() {
        return Ok(Some(wanted.clone()));
    }
    let shown: Vec<_> = dirty
        .iter()
        .take(5)
        .map(|file| format!("`{file}`"))
        .collect();
    let more = if dirty.len() > shown.len() {
        " and more"
    } else {
        ""
    };
    let message = format!(
        "the work tree has changes that are not committed: {}{more}",
        shown.join(", ")
    );
    Err(Failure::not_started("dirty_tree", message)
        .hint("commit them, or put them aside with `git stash`, and start again")
        .into())
}

/// The files whose changes would be lost.
fn dirty(application: &Application<'_>, target: &Target) -> Result<Vec<String>> {
    let root = &application.config().root;
    let Some(service) = &target.service else {
        return git::modified(root, ":/");
    };
    let Some(folder) = observe::code_of(application, service)? else {
        return Ok(Vec::new());
    };
    let mut dirty = git::modified(root, &folder)?;
    if let Some(brought) = &target.brought {
        // An earlier rollback of this service alone wrote them.
        let changed = git::differing(root, brought, &folder)?;
        dirty.retain(|file| changed.contains(file));
    }
    Ok(dirty)
}

fn images_of(
    service: &str,
    image: &crate::release::Image,
    from_code: bool,
    to: &Release,
) -> Result<Means> {
    if images::id(&image.id)?.is_some() {
        return Ok(Means::Kept);
    }
    if !image.digests.is_empty() {
        return Ok(Means::Pull);
    }
    if from_code && !to.git_commit.is_empty() {
        return Ok(Means::Rebuild);
    }
    let message = format!(
        "the image {} of `{service}` in {} is gone, and there is no code to build it from",
        short(&image.id),
        to.title()
    );
    Err(Failure::not_started("image_gone", message)
        .hint("`rollback --list` shows the releases whose images are kept")
        .into())
}

/// The data of the release, as its set has them.
fn data(to: &Release, warnings: &mut Vec<String>) -> Result<Option<Data>> {
    let Some(path) = &to.set else {
        let message = format!("there is no backup set with the data of {}", to.title());
        return Err(Failure::not_started("no_data", message)
            .hint(
                "`--keep-database` returns to its code and images, and leaves the data as they are",
            )
            .into());
    };
    let set = Set::open(path)?;
    if set.state != State::Complete {
        let why = set.why.clone().unwrap_or_default();
        let message = format!("`{}` is {}: {why}", path.display(), set.state.word());
        return Err(Failure::not_started("damaged_set", message)
            .hint("`rollback --list` shows other ways back; `--keep-database` needs no set")
            .into());
    }
    let info = set.info.unwrap_or_default();
    let kinds = ["database", "redis"];
    let parts: Vec<_> = info
        .parts
        .iter()
        .filter(|part| kinds.contains(&part.kind()))
        .map(|part| part.name.clone())
        .collect();
    if parts.is_empty() {
        warnings.push(format!(
            "`{}` holds no database and no Redis",
            path.display()
        ));
        return Ok(None);
    }
    Ok(Some(Data {
        set: path.clone(),
        parts,
        made: info.date,
    }))
}

impl Data {
    /// How long ago it was made.
    pub(crate) fn age(&self) -> Option<Duration> {
        let made = DateTime::parse_from_rfc3339(&self.made).ok()?;
        Local::now().signed_duration_since(made).to_std().ok()
    }
}

/// An image's id as Docker shows it to people.
pub(crate) fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}
