//! The folder, within the one that is restored, for what is not live.
//!
//! Only there can files be exchanged by rename for sure: beside a folder that
//! is a mount point begins another file system. Its mode, 0700, keeps others
//! out of it.

use super::tree::Tree;
use anyhow::{Context, Result, bail};
use rustix::process::geteuid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use toolkit::part::ASIDE;

/// What such a folder holds; its name says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A restore that has not ended.
    Restore,
    /// The files from before, which are kept.
    Before,
    /// The files from before, which are being removed.
    Drop,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Restore, Self::Before, Self::Drop];

    fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore-",
            Self::Before => "before-",
            Self::Drop => "drop-",
        }
    }

    fn name(self, stamp: &str) -> String {
        format!("{ASIDE}{}{stamp}", self.word())
    }
}

/// Such a folder, held open.
#[derive(Debug)]
pub(super) struct Work {
    target_path: PathBuf,
    target: Tree,
    folder: Tree,
    kind: Kind,
    stamp: String,
}

impl Work {
    /// Makes one for a new restore.
    pub(super) fn create(target: &Path, stamp: &str) -> Result<Self> {
        let made = Tree::open(target).and_then(|tree| tree.make(Kind::Restore.name(stamp), 0o700));
        made.with_context(|| format!("cannot write in `{}`", target.display()))?;
        Self::open(target, Kind::Restore, stamp)
    }

    /// Opens one that is there.
    pub(super) fn open(target: &Path, kind: Kind, stamp: &str) -> Result<Self> {
        let path = target.join(kind.name(stamp));
        let opened = || -> io::Result<(Tree, Tree)> {
            let target = Tree::open(target)?;
            let folder = target.child(kind.name(stamp))?;
            Ok((target, folder))
        };
        let opened = opened().with_context(|| format!("cannot open `{}`", path.display()));
        let (target_tree, folder) = opened?;
        // Who owns the target can put anything there.
        if folder.meta()?.uid != geteuid().as_raw() {
            bail!("`{}` belongs to another user", path.display());
        }
        Ok(Self {
            target_path: target.to_owned(),
            target: target_tree,
            folder,
            kind,
            stamp: stamp.to_owned(),
        })
    }

    /// The folder that is restored.
    pub(super) fn target(&self) -> &Tree {
        &self.target
    }

    /// The folder itself.
    pub(super) fn folder(&self) -> &Tree {
        &self.folder
    }

    /// Where the folder that is restored is, for people.
    pub(super) fn target_path(&self) -> &Path {
        &self.target_path
    }

    /// Where the folder is.
    pub(super) fn path(&self) -> PathBuf {
        self.target_path.join(self.kind.name(&self.stamp))
    }

    /// Says by its name that it now holds something else.
    pub(super) fn turn_into(&mut self, kind: Kind) -> io::Result<()> {
        let [old, new] = [self.kind, kind].map(|kind| kind.name(&self.stamp));
        rustix::fs::renameat(&self.target, old, &self.target, new)?;
        self.kind = kind;
        self.target.sync()
    }

    /// Removes it and all that is in it.
    pub(super) fn remove(&self) -> Result<()> {
        let path = self.path();
        let removed = fs::remove_dir_all(&path);
        removed.with_context(|| format!("cannot remove `{}`", path.display()))
    }
}

/// What earlier restores left in `target`.
pub(super) fn leftovers(target: &Path) -> Result<Vec<(Kind, String)>> {
    let names = Tree::open(target).and_then(|tree| tree.names());
    let names = names.with_context(|| format!("cannot read `{}`", target.display()))?;
    let leftover = |name: &PathBuf| {
        let rest = name.to_str()?.strip_prefix(ASIDE)?;
        let kind = |kind: &Kind| Some((*kind, rest.strip_prefix(kind.word())?.to_owned()));
        Kind::ALL.iter().find_map(kind)
    };
    Ok(names.iter().filter_map(leftover).collect())
}
