//! The throwaway Redis as a process of this machine, in a private folder.

use super::tag::{Abandoned, Left, Tag};
use super::{Module, Plan};
use crate::command::{Command, Io, Running};
use crate::durable;
use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// How its folder's name begins.
const PREFIX: &str = "sextant-redis-";
/// How many lines of its log are looked at.
const TAIL: usize = 30;

/// The process. It ends, and its folder goes, with this value.
pub(super) struct Process {
    // Dropped first: nothing may write to a folder that is being removed.
    running: RefCell<Running>,
    folder: TempDir,
}

impl Process {
    pub(super) fn start(plan: &Plan<'_>, modules: &[Module]) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir()
            .context("cannot create a private folder")?;
        let path = folder.path();
        let tag = serde_json::to_vec(&plan.tag(None)?)?;
        durable::write(&path.join("tag.json"), &tag)?;
        // A link: whatever it did to its file would not touch the real one.
        let rdb = fs::canonicalize(plan.rdb)
            .with_context(|| format!("cannot open `{}`", plan.rdb.display()))?;
        symlink(rdb, path.join("dump.rdb")).context("cannot create a link")?;
        let text = path
            .to_str()
            .context("the temporary folder's name is not UTF-8")?;
        let configuration = plan.configuration(text, modules) + "logfile log\n";
        let file = path.join("redis.conf");
        durable::write(&file, configuration.as_bytes())?;
        let command = Command::new("redis-server").arg(file).folder(path);
        let running = RefCell::new(command.start(Io::default())?);
        Ok(Self { running, folder })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// The last lines of its log, once it has ended.
    pub(super) fn last_words(&self) -> Result<Option<Vec<String>>> {
        if !self
            .running
            .borrow_mut()
            .wait_within(std::time::Duration::ZERO)?
        {
            return Ok(None);
        }
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<_> = log.lines().map(str::to_owned).collect();
        let first = lines.len().saturating_sub(TAIL);
        Ok(Some(lines[first..].to_vec()))
    }
}

/// The folders of killed runs. Those of other users are not looked into.
fn left() -> Vec<(PathBuf, Tag)> {
    let entries = fs::read_dir(std::env::temp_dir()).into_iter().flatten();
    let entries = entries.flatten().filter(|entry| {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        // Of the entry itself: a link is not followed.
        let metadata = entry.metadata();
        ours && metadata.is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
    });
    let tagged = entries.filter_map(|entry| {
        let folder = entry.path();
        let tag = fs::read(folder.join("tag.json")).ok()?;
        Some((folder, serde_json::from_slice(&tag).ok()?))
    });
    tagged.collect()
}

pub(super) fn sweep() {
    for (folder, tag) in left() {
        if !tag.owner.is_alive() && tag.serving.is_none() {
            remove(&folder);
        }
    }
}

pub(super) fn abandoned() -> Vec<Abandoned> {
    let left = left().into_iter();
    let left = left.filter(|(_, tag)| tag.serving.is_some());
    left.map(|(folder, tag)| Abandoned {
        tag,
        left: Left::Folder(folder),
    })
    .collect()
}

/// Ends the server that works in the folder, and removes it.
pub(super) fn remove(folder: &Path) {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    for process in processes {
        let pid = process.file_name().to_string_lossy().parse().ok();
        let there = fs::read_link(process.path().join("cwd"));
        let name = fs::read_to_string(process.path().join("comm"));
        if let Some(pid) = pid.and_then(Pid::from_raw)
            && there.is_ok_and(|there| there == folder)
            && name.is_ok_and(|name| name.starts_with("redis"))
        {
            // It may end by itself in the meantime.
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    // What is left is removed by the next run.
    let _ = fs::remove_dir_all(folder);
}
