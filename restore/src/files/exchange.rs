//! New files for old ones, name by name, so that a kill at any instant leaves
//! something that the next run can finish.

use super::journal::{self, Journal, Name};
use super::place::{Kind, Work};
use super::side::{NEW, Side};
use super::tree::{Tree, is_folder};
use super::{Plan, Scope};
use anyhow::{Context, Result};
use rustix::fs::{AtFlags, RenameFlags, StatxAttributes, StatxFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;
use toolkit::part::ASIDE;

/// Where the new files are in [`Work`], and the old ones afterwards.
const FILES: &str = "files";

#[derive(Debug)]
pub(super) struct Exchange {
    work: Work,
    journal: Journal,
    done: usize,
}

impl Exchange {
    /// One that may have begun, and been killed.
    pub(super) fn new(work: Work, journal: Journal) -> Self {
        Self {
            work,
            journal,
            done: 0,
        }
    }

    /// Exchanges all names. Once the journal is written, that is finished by
    /// this run or the next.
    pub(super) fn run(&mut self) -> Result<()> {
        journal::write(&self.work, &self.journal)?;
        self.go_on()
    }

    /// Exchanges the names that have not been.
    pub(super) fn go_on(&mut self) -> Result<()> {
        while self.step()? {}
        Ok(())
    }

    /// Removes what was unpacked, before [`Exchange::run`].
    pub(super) fn abandon(self) {
        // The next run sweeps what cannot be removed now.
        let _ = self.work.remove();
    }

    /// Exchanges the next name; returns whether there was one. Names that have
    /// been exchanged already stay as they are.
    pub(super) fn step(&mut self) -> Result<bool> {
        let Some(name) = self.journal.names.get(self.done) else {
            return Ok(false);
        };
        let exchanged = self.forward(name);
        exchanged.with_context(|| self.cannot("replace", name.path()))?;
        self.done += 1;
        Ok(true)
    }

    /// Puts back what was exchanged, the last first, and removes the rest.
    pub(super) fn undo(mut self) -> Result<()> {
        for (index, name) in self.journal.names.iter().enumerate().rev() {
            self.done = index;
            let undone = self.backward(name);
            undone.with_context(|| self.cannot("put back", name.path()))?;
        }
        let forgotten = self.work.target().sync_all();
        let forgotten = forgotten.and_then(|()| journal::remove(&self.work));
        forgotten.with_context(|| self.cannot("put back", Path::new("")))?;
        self.work.remove()
    }

    /// Ends the restore; returns where the old files are, if they are kept.
    pub(super) fn complete(mut self) -> Result<Option<PathBuf>> {
        let keep = self.journal.keep_old;
        let turned = self.set_meta(0o700).and_then(|()| {
            self.work.target().sync_all()?;
            let kind = if keep { Kind::Before } else { Kind::Drop };
            self.work.turn_into(kind)
        });
        turned.with_context(|| self.cannot("restore", Path::new("")))?;
        if !keep {
            self.work.remove()?;
        }
        // Again, because names in it have changed.
        let set = self.set_meta(0);
        set.with_context(|| self.cannot("restore", Path::new("")))?;
        Ok(keep.then(|| self.work.path()))
    }

    /// Makes the target what the archive says it was; with `more` in its mode,
    /// while there is something left to do in it.
    fn set_meta(&self, more: u32) -> io::Result<()> {
        self.journal.meta.map_or(Ok(()), |mut meta| {
            meta.mode |= more;
            self.work.target().set_meta(&meta)
        })
    }

    fn forward(&self, name: &Name) -> io::Result<()> {
        let aside = self.aside(name.path())?;
        let live = self.live(name.path(), true)?;
        let file = Path::new(name.path().file_name().unwrap_or_default());
        let (now, kept) = (inode(&live, file)?, inode(&aside, file)?);
        match name.inode {
            Some(_) if now == name.inode => Ok(()),
            Some(_) if kept != name.inode => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the new file is gone",
            )),
            Some(_) if now.is_some() => self.swap(&live, &aside, file),
            Some(_) => Ok(renameat(&aside, file, &live, file)?),
            // Not in the archive; what came since stays.
            None if now.is_some() && kept.is_none() => Ok(renameat(&live, file, &aside, file)?),
            None => Ok(()),
        }
    }

    fn backward(&self, name: &Name) -> io::Result<()> {
        let file = Path::new(name.path().file_name().unwrap_or_default());
        let aside = self.aside(name.path())?;
        let kept = inode(&aside, file)?;
        if name.inode.is_some() && kept == name.inode && !self.is_moving()? {
            // It was never exchanged, perhaps because it could not be.
            return Ok(());
        }
        let live = self.live(name.path(), false)?;
        let now = inode(&live, file)?;
        let undone = match name.inode {
            Some(_) if now == name.inode && kept.is_some() => self.swap(&live, &aside, file),
            Some(_) if now == name.inode => Ok(renameat(&live, file, &aside, file)?),
            None if now.is_none() && kept.is_some() => Ok(renameat(&aside, file, &live, file)?),
            _ => Ok(()),
        };
        undone?;
        if self.is_moving()? {
            renameat(self.work.folder(), self.moving(), &live, file)?;
        }
        Ok(())
    }

    /// Exchanges two files in one instant, or as nearly as can be.
    fn swap(&self, live: &Tree, aside: &Tree, file: &Path) -> io::Result<()> {
        match renameat_with(aside, file, live, file, RenameFlags::EXCHANGE) {
            Err(Errno::INVAL | Errno::NOSYS) => self.swap_by_three(live, aside, file),
            swapped => Ok(swapped?),
        }
    }

    /// Killed after the first rename, the next run finds no live file and moves
    /// the new one in; the old one stays where it is.
    fn swap_by_three(&self, live: &Tree, aside: &Tree, file: &Path) -> io::Result<()> {
        let (work, moving) = (self.work.folder(), self.moving());
        renameat(live, file, work, &moving)?;
        renameat(aside, file, live, file)?;
        Ok(renameat(work, &moving, aside, file)?)
    }

    /// Where an old file is for an instant, on file systems that cannot exchange.
    fn moving(&self) -> String {
        format!("moving-{}", self.done)
    }

    fn is_moving(&self) -> io::Result<bool> {
        Ok(self.work.folder().stat(self.moving())?.is_some())
    }

    /// The folder, among those that are not live, that `path` is in.
    fn aside(&self, path: &Path) -> io::Result<Tree> {
        let files = self.work.folder().child(FILES)?;
        files.descend(path.parent().unwrap_or(Path::new("")))
    }

    /// The live folder that `path` is in.
    fn live(&self, path: &Path, create: bool) -> io::Result<Tree> {
        let mut live = self.work.target().descend(Path::new(""))?;
        for name in path.parent().unwrap_or(Path::new("")) {
            if create {
                match live.make(name, 0o755) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    made => made?,
                }
            }
            live = live.child(name)?;
        }
        Ok(live)
    }

    fn cannot(&self, verb: &str, path: &Path) -> String {
        let path = self.work.target_path().join(path);
        format!("cannot {verb} `{}`", path.display())
    }
}

/// Says what is to be exchanged, once `side` is unpacked. All of that survives
/// a power cut from then on.
pub(super) fn prepare(plan: &Plan<'_>, work: &Work, side: &Side) -> Result<Journal> {
    let unpacked = Path::new(NEW).join(plan.inside);
    let missing = |path: &Path| {
        let message = format!("`{}` is not in the archive", path.display());
        anyhow::Error::from(Failure::new("not_in_archive", message))
    };
    match work.folder().stat(&unpacked)? {
        Some(stat) if is_folder(&stat) => {}
        _ => return Err(missing(plan.inside)),
    }
    // A folder can only be moved by who may write to it.
    let place = || format!("cannot write in `{}`", work.path().display());
    let from = unpacked.parent().unwrap_or(Path::new(""));
    let from = work.folder().descend(from).with_context(place)?;
    let name = unpacked.file_name().unwrap_or_default();
    renameat(&from, name, work.folder(), FILES).with_context(place)?;
    let files = work.folder().child(FILES).with_context(place)?;

    let paths = match plan.scope {
        Scope::Whole => {
            let names = files.names()?.into_iter().chain(work.target().names()?);
            names
                .filter(|name| !is_aside(name))
                .collect::<BTreeSet<_>>()
        }
        Scope::Only(paths) => paths.iter().cloned().collect(),
    };
    let mut names = Vec::with_capacity(paths.len());
    for path in &paths {
        let inode = inode(&files, path).with_context(place)?;
        if inode.is_none() && matches!(plan.scope, Scope::Only(_)) {
            return Err(missing(&plan.inside.join(path)));
        }
        refuse_mount(work, path)?;
        names.push(Name::new(path, inode));
    }
    let meta = match plan.scope {
        Scope::Whole => side.meta(plan.inside),
        Scope::Only(_) => None,
    };
    work.folder().sync_all().with_context(place)?;
    Ok(Journal {
        keep_old: plan.keep_old,
        meta,
        names,
    })
}

/// What is mounted cannot be renamed.
fn refuse_mount(work: &Work, path: &Path) -> Result<()> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
    let found = rustix::fs::statx(work.target(), path, flags, StatxFlags::BASIC_STATS);
    let mounted =
        found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
    if !mounted {
        return Ok(());
    }
    let path = work.target_path().join(path);
    let message = format!(
        "`{}` is a mount point and cannot be replaced",
        path.display()
    );
    let failure = Failure::new("mount_point", message);
    Err(failure
        .hint("unmount it, or restore it as a part of its own")
        .into())
}

fn inode(folder: &Tree, path: &Path) -> io::Result<Option<u64>> {
    Ok(folder.stat(path)?.map(|stat| stat.st_ino))
}

fn is_aside(name: &Path) -> bool {
    name.as_os_str().as_bytes().starts_with(ASIDE.as_bytes())
}

#[cfg(test)]
mod tests;
