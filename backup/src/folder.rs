//! The set in the making: aside and hidden until it is whole.

use crate::backup::Job;
use crate::flat;
use anyhow::{Context, Result};
use chrono::{DateTime, Local, SecondsFormat, TimeDelta};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;
use toolkit::application::Application;
use toolkit::durable;
use toolkit::failure::Failure;
use toolkit::git::Revision;
use toolkit::output;
use toolkit::run::Run;
use toolkit::set::{self, FORMAT, INFO, Info, Part, Stamp};

/// A set in the making. Dropped before [`Draft::publish`], it is removed.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Where all sets are.
    folder: PathBuf,
    /// The hidden folder that this one is made in.
    partial: PathBuf,
    stamp: Stamp,
    flat: Option<String>,
    begun: Instant,
    date: DateTime<Local>,
    /// Held locked: an unlocked draft is a dead run's.
    _owner: File,
}

impl Draft {
    /// Creates the hidden folder, and finishes or removes those that dead
    /// runs left.
    pub(crate) fn begin(job: &Job) -> Result<Self> {
        let folder = &job.folder;
        durable::create_folder(folder).map_err(|error| unwritable(&error))?;
        sweep(folder)?;
        let date = Local::now();
        let mut stamp = first_free(folder, date)?;
        loop {
            let partial = folder.join(set::partial_name(&stamp));
            let made = fs::DirBuilder::new().mode(0o700).create(&partial);
            match made {
                Ok(()) if !is_taken(folder, &stamp, job.flat.as_deref())? => {
                    let owner = lock(&partial)?.context("another run has taken the new folder")?;
                    return Ok(Self {
                        folder: folder.clone(),
                        partial,
                        stamp,
                        flat: job.flat.clone(),
                        begun: Instant::now(),
                        date,
                        _owner: owner,
                    });
                }
                Ok(()) => fs::remove_dir(&partial).with_context(|| cannot("remove", &partial))?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| cannot("create", &partial)),
            }
            // Two sets within one second: the later one takes the next.
            stamp = stamp.next();
        }
    }

    /// Where all sets are: for how much room there is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates a part's file, mode 0600. A flat set's one is named by its
    /// prefix and stamp.
    pub(crate) fn create(&self, name: &str) -> Result<File> {
        let path = self.partial.join(self.file_name(name));
        let mut options = OpenOptions::new();
        let created = options
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path);
        created.with_context(|| cannot("create", &path))
    }

    /// What a part's file is called when the set is whole.
    pub(crate) fn file_name(&self, name: &str) -> String {
        match &self.flat {
            None => name.to_owned(),
            Some(prefix) => flat::part_name(prefix, &self.stamp, name),
        }
    }

    /// Where a part is until the set is whole.
    pub(crate) fn file(&self, part: &Part) -> PathBuf {
        self.partial.join(&part.file)
    }

    /// The set's description and proof.
    pub(crate) fn describe(
        &self,
        run: &Run,
        application: &Application<'_>,
        parts: Vec<Part>,
    ) -> Info {
        let release = Revision::of(&run.config.root);
        let compose_sha256 = application.stack.config_hash().ok().map(str::to_owned);
        Info {
            version: release.version,
            git_commit: release.commit,
            git_branch: release.branch,
            date: self.date.to_rfc3339_opts(SecondsFormat::Secs, false),
            deployed_by: toolkit::run::user(),
            hostname: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            backup_path: self.path().display().to_string(),
            status: "success".into(),
            format: FORMAT,
            project: run.project().to_owned(),
            env: run.config.env.clone(),
            run: run.id().to_owned(),
            ms: u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX),
            images: application.stack.images(),
            compose_sha256,
            parts,
            ..Info::default()
        }
    }

    /// Where the set is once it is whole: its folder, or its one file.
    fn path(&self) -> PathBuf {
        match &self.flat {
            None => self.folder.join(self.stamp.to_string()),
            Some(_) => self.folder.clone(),
        }
    }

    /// Writes the proof and gives the set its name. Whatever is killed before
    /// leaves nothing but a hidden folder.
    pub(crate) fn publish(self, info: &Info) -> Result<PathBuf> {
        match &self.flat {
            None => self.publish_folder(info),
            Some(prefix) => flat::publish(&self.partial, &self.folder, prefix, &self.stamp, info),
        }
    }

    fn publish_folder(&self, info: &Info) -> Result<PathBuf> {
        durable::write(
            &self.partial.join("version.txt"),
            format!("{}\n", info.version).as_bytes(),
        )?;
        durable::write(
            &self.partial.join("git-commit.txt"),
            format!("{}\n", info.git_commit).as_bytes(),
        )?;
        info.write(&self.partial.join(INFO))?;
        durable::sync_folder(&self.partial).with_context(|| cannot("sync", &self.partial))?;
        let path = self.path();
        durable::rename(&self.partial, &path)?;
        Ok(path)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Renamed away when it was published as a folder.
        let removed = fs::remove_dir_all(&self.partial);
        if let Err(error) = removed.or_else(|error| {
            if error.kind() == ErrorKind::NotFound {
                Ok(())
            } else {
                Err(error)
            }
        }) {
            output::note(
                "backup",
                &format!("{}: {error}", cannot("remove", &self.partial)),
            );
        }
    }
}

fn unwritable(error: &anyhow::Error) -> Failure {
    Failure::not_started("unwritable", format!("{error:#}"))
        .hint("choose another folder by `--to` or `BACKUP_DIR`, or create it for this user")
}

/// The stamp of now, or the one after those of the last minute's sets that had
/// to be put off: a later set has a later name.
fn first_free(folder: &Path, now: DateTime<Local>) -> Result<Stamp> {
    let soon = Stamp::at(now + TimeDelta::minutes(1));
    let stamps = set::list(folder)?.into_iter().map(|set| set.stamp);
    let newest = stamps.filter(|stamp| *stamp < soon).max();
    let after = newest.map(|newest| newest.next());
    Ok(after.into_iter().fold(Stamp::at(now), Stamp::max))
}

/// Finishes or removes what runs that were killed have left.
fn sweep(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| cannot("list", folder))? {
        let entry = entry.with_context(|| cannot("list", folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let stamp = name
            .strip_prefix('.')
            .and_then(|name| name.strip_suffix(".partial"));
        let Some(stamp) = stamp.and_then(Stamp::parse) else {
            continue;
        };
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if let Some(_dead) = lock(&path)? {
            if let Some(proof) = flat::finish(&path, folder, &stamp)? {
                output::note(
                    "backup",
                    &format!(
                        "added `{}`, the proof of a set that a run had saved before it was killed",
                        proof.display()
                    ),
                );
            }
            fs::remove_dir_all(&path).with_context(|| cannot("remove", &path))?;
            output::note(
                "backup",
                &format!(
                    "removed `{}`, which a run that was killed had left",
                    path.display()
                ),
            );
        }
    }
    Ok(())
}

/// Locks a folder; nothing when somebody holds it.
fn lock(folder: &Path) -> Result<Option<File>> {
    let file = File::open(folder).with_context(|| cannot("open", folder))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error).with_context(|| cannot("lock", folder)),
    }
}

fn is_taken(folder: &Path, stamp: &Stamp, flat: Option<&str>) -> Result<bool> {
    match flat {
        None => Ok(folder.join(stamp.to_string()).exists()),
        Some(prefix) => flat::is_taken(folder, prefix, stamp),
    }
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} `{}`", path.display())
}

/// A failure to write for want of room, told as that.
pub(crate) fn no_space(error: anyhow::Error, folder: &Path) -> anyhow::Error {
    let full = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| {
            matches!(
                cause.kind(),
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded
            )
        });
    if !full {
        return error;
    }
    Failure::new(
        "no_space",
        format!("`{}` is full: {error:#}", folder.display()),
    )
    .hint("make room there, or tighten the `--keep-…` rules")
    .into()
}
