//! Where an archive is unpacked: a folder that nothing leads out of.

use super::archive::{Entry, Kind, damaged, hostile};
use super::place::Work;
use super::tree::{Meta, Tree};
use anyhow::{Context, Result};
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The name of that folder in [`Work`].
pub(super) const NEW: &str = "new";
const BUFFER: usize = 256 << 10;

pub(super) struct Side {
    root: Tree,
    /// The folder of the last entry: the next is mostly in it too.
    last: Option<(PathBuf, Tree)>,
    /// Folders in the order that they were made in; what they are to become is
    /// set at the end. None for those that the archive does not list.
    folders: Vec<PathBuf>,
    metas: HashMap<PathBuf, Option<Meta>>,
    buffer: Vec<u8>,
}

impl Side {
    pub(super) fn create(work: &Work) -> Result<Self> {
        let made = work.folder().make(NEW, 0o700);
        let root = made.and_then(|()| work.folder().child(NEW));
        let root = root.with_context(|| format!("cannot write in `{}`", work.path().display()))?;
        Ok(Self {
            root,
            last: None,
            folders: vec![PathBuf::new()],
            metas: [(PathBuf::new(), None)].into(),
            buffer: vec![0; BUFFER],
        })
    }

    /// Unpacks one entry.
    ///
    /// # Errors
    /// `hostile_archive` for one that is there already or lies behind a link.
    pub(super) fn add(&mut self, entry: &Entry, content: &mut impl Read) -> Result<()> {
        if let Kind::Folder = entry.kind {
            return self.folder(entry);
        }
        let (Some(parent), Some(name)) = (entry.path.parent(), entry.path.file_name()) else {
            return Err(hostile(b".", "is no folder"));
        };
        let linked = match &entry.kind {
            Kind::Link(to) => Some(self.linked(to, entry)?),
            _ => None,
        };
        self.enter(parent, entry)?;
        let Some((_, folder)) = &self.last else {
            return Ok(());
        };
        let added = match (&entry.kind, linked) {
            (Kind::File(size, segments), _) => {
                let file = create(folder, name).map_err(|error| refused(entry, error))?;
                return write(&file, *size, segments, content, &mut self.buffer)
                    .and_then(|()| in_place(entry, entry.meta.apply(&file)));
            }
            (Kind::Link(_), Some((from, to))) => {
                rustix::fs::linkat(&from, to, folder, name, AtFlags::empty())
            }
            (Kind::Symlink(to), _) => rustix::fs::symlinkat(OsStr::from_bytes(to), folder, name)
                .and_then(|()| unopened(folder, name, entry, false)),
            _ => rustix::fs::mknodat(folder, name, FileType::Fifo, Mode::RUSR, 0)
                .and_then(|()| unopened(folder, name, entry, true)),
        };
        added.map_err(|error| refused(entry, error.into()))
    }

    /// Gives the folders their owners, modes and times, the innermost first.
    pub(super) fn finish(&mut self) -> Result<()> {
        self.last = None;
        for path in self.folders.iter().rev() {
            let Some(meta) = self.metas.get(path).copied().flatten() else {
                continue;
            };
            let set = self
                .root
                .descend(path)
                .and_then(|folder| folder.set_meta(&meta));
            set.with_context(|| format!("cannot unpack `{}`", path.display()))?;
        }
        Ok(())
    }

    /// What the archive says of the folder at `path`.
    pub(super) fn meta(&self, path: &Path) -> Option<Meta> {
        self.metas.get(path).copied().flatten()
    }

    fn folder(&mut self, entry: &Entry) -> Result<()> {
        match self.metas.get_mut(&entry.path) {
            // One that was made for what is in it, or the top.
            Some(meta @ None) => *meta = Some(entry.meta),
            Some(Some(_)) => return Err(refused(entry, Errno::EXIST.into())),
            None => {
                let parent = entry.path.parent().unwrap_or(Path::new(""));
                self.enter(parent, entry)?;
                self.make(&entry.path, Some(entry.meta))
                    .map_err(|error| refused(entry, error))?;
            }
        }
        Ok(())
    }

    /// Makes a folder in the one that was entered.
    fn make(&mut self, path: &Path, meta: Option<Meta>) -> io::Result<()> {
        if let (Some((_, folder)), Some(name)) = (&self.last, path.file_name()) {
            folder.make(name, if meta.is_some() { 0o700 } else { 0o755 })?;
        }
        self.folders.push(path.to_owned());
        self.metas.insert(path.to_owned(), meta);
        Ok(())
    }

    /// Goes to the folder at `path`, and makes what is missing of it.
    fn enter(&mut self, path: &Path, entry: &Entry) -> Result<()> {
        if self.last.as_ref().is_some_and(|(last, _)| last == path) {
            return Ok(());
        }
        let folder = match self.root.descend(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().unwrap_or(Path::new(""));
                self.enter(parent, entry)?;
                self.make(path, None).and_then(|()| self.root.descend(path))
            }
            folder => folder,
        };
        let folder = folder.map_err(|error| refused(entry, error))?;
        self.last = Some((path.to_owned(), folder));
        Ok(())
    }

    /// The folder and the name of what a hard link points to.
    fn linked<'a>(&self, to: &'a Path, entry: &Entry) -> Result<(Tree, &'a OsStr)> {
        let (Some(parent), Some(name)) = (to.parent(), to.file_name()) else {
            return Err(refused(entry, Errno::ISDIR.into()));
        };
        let folder = self.root.descend(parent);
        let folder = folder.map_err(|error| refused(entry, error))?;
        Ok((folder, name))
    }
}

fn create(folder: &Tree, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?;
    Ok(File::from(file))
}

fn write(
    file: &File,
    size: u64,
    segments: &[(u64, u64)],
    content: &mut impl Read,
    buffer: &mut [u8],
) -> Result<()> {
    for (offset, len) in segments {
        let (mut at, mut left) = (*offset, *len);
        while left > 0 {
            let room = usize::try_from(left)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let read = match content.read(&mut buffer[..room]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|error| damaged(&error))?,
            };
            toolkit::signals::check()?;
            file.write_all_at(&buffer[..read], at)
                .context("cannot unpack")?;
            at += read as u64;
            left -= read as u64;
        }
    }
    // The last hole has no bytes.
    file.set_len(size).context("cannot unpack")
}

/// Gives owner, mode and time to what cannot be opened: a link, or a FIFO.
fn unopened(folder: &Tree, name: &OsStr, entry: &Entry, mode: bool) -> Result<(), Errno> {
    let meta = &entry.meta;
    if let Some((user, group)) = meta.owner() {
        let flags = AtFlags::SYMLINK_NOFOLLOW;
        rustix::fs::chownat(folder, name, Some(user), Some(group), flags)?;
    }
    if mode {
        rustix::fs::chmodat(folder, name, meta.permissions(), AtFlags::empty())?;
    }
    rustix::fs::utimensat(folder, name, &meta.times(), AtFlags::SYMLINK_NOFOLLOW)
}

fn in_place<T>(entry: &Entry, result: io::Result<T>) -> Result<T> {
    result.with_context(|| format!("cannot unpack `{}`", entry.path.display()))
}

/// Why an entry could not be made: the archive's fault, or the disk's.
fn refused(entry: &Entry, error: io::Error) -> anyhow::Error {
    let name = entry.path.as_os_str().as_bytes();
    match Errno::from_io_error(&error) {
        Some(Errno::EXIST) => hostile(name, "is there twice"),
        Some(Errno::NOTDIR | Errno::LOOP) => {
            hostile(name, "lies behind something that is no folder")
        }
        Some(Errno::NOENT | Errno::ISDIR | Errno::PERM) if matches!(entry.kind, Kind::Link(_)) => {
            hostile(name, "is a link to what is not in the archive")
        }
        _ => anyhow::Error::new(error).context(format!("cannot unpack `{}`", entry.path.display())),
    }
}
