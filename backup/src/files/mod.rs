//! Files and folders as one tar stream that GNU tar unpacks to the same:
//! owner, mode, time to the nanosecond, links of both kinds, holes, names of
//! any bytes.
//!
//! The tree may change while it is read. Nothing is opened through a symbolic
//! link, and what a file grows or shrinks by never reaches its neighbours.

mod beneath;
mod content;
mod exclude;
mod header;
mod sparse;

pub(crate) use exclude::Exclude;

use crate::compress::Compressor;
use anyhow::{Context, Result};
use beneath::Beneath;
use content::Exact;
use header::Entry;
use rustix::fs::{FileType, Stat};
use rustix::io::Errno;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use tar::{Builder, EntryType};
use toolkit::failure::Failure;
use toolkit::signals;
use walkdir::WalkDir;

/// How many warnings are kept in words.
const WARNINGS: usize = 100;

/// One folder or file to save.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name in the archive: relative, without `..`.
    pub(crate) name: PathBuf,
}

/// What an archive came to hold.
#[derive(Debug, Default)]
pub(crate) struct Archived {
    /// How many files, folders, links and FIFOs.
    pub(crate) entries: u64,
    /// What was left out or changed while it was read, in words: the first
    /// hundred, and how many more.
    pub(crate) warnings: Vec<String>,
}

/// Writes `roots`, in their order, each sorted by name, as one tar archive.
///
/// # Errors
/// `unreadable_file` when something may not be read; `interrupted`.
pub(crate) fn pack(roots: &[Root], exclude: &Exclude, to: &mut Compressor) -> Result<Archived> {
    let mut archive = Archive {
        builder: Builder::new(to),
        linked: HashMap::new(),
        archived: Archived::default(),
        untold: 0,
    };
    for root in roots {
        archive.root(root, exclude)?;
    }
    archive
        .builder
        .finish()
        .context("cannot write the archive")?;
    if archive.untold > 0 {
        let more = format!("and {} more warnings", archive.untold);
        archive.archived.warnings.push(more);
    }
    Ok(archive.archived)
}

struct Archive<'a> {
    builder: Builder<&'a mut Compressor>,
    /// The first name of each file that has several, by device and inode.
    linked: HashMap<(u64, u64), Vec<u8>>,
    archived: Archived,
    untold: u64,
}

impl Archive<'_> {
    fn root(&mut self, root: &Root, exclude: &Exclude) -> Result<()> {
        let path = root.path.canonicalize();
        let path = path.map_err(|error| unreadable(&root.path, &error))?;
        let beneath = Beneath::open(&path).map_err(|error| unreadable(&path, &error))?;
        let mut walk = WalkDir::new(&path).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            signals::check()?;
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().unwrap_or(&path).to_owned();
                    self.unread(&at, &error.into())?;
                    continue;
                }
            };
            let within = entry.path().strip_prefix(&path).unwrap_or(Path::new(""));
            if exclude.matches(entry.path(), within) {
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
                continue;
            }
            let name = if within.as_os_str().is_empty() {
                root.name.clone()
            } else {
                root.name.join(within)
            };
            let opened = if entry.file_type().is_file() {
                beneath.read(within)
            } else {
                beneath.look(within)
            };
            match opened.and_then(|file| Ok((rustix::fs::fstat(&file)?, file))) {
                Ok((stat, file)) => self.add(entry.path(), &name, &file, &stat)?,
                Err(error) => self.unread(entry.path(), &error)?,
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, name: &Path, file: &File, stat: &Stat) -> Result<()> {
        let name = name.as_os_str().as_bytes();
        let several =
            stat.st_nlink > 1 && FileType::from_raw_mode(stat.st_mode) != FileType::Directory;
        let key = (stat.st_dev, stat.st_ino);
        if several && let Some(first) = self.linked.get(&key).cloned() {
            let entry = Entry::new(name, stat, EntryType::Link).link(&first);
            return self.entry(&entry);
        }
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.content(path, name, file, stat)?,
            FileType::Directory => {
                let name = [name, b"/"].concat();
                self.entry(&Entry::new(&name, stat, EntryType::Directory))?;
            }
            FileType::Fifo => self.entry(&Entry::new(name, stat, EntryType::Fifo))?,
            FileType::Symlink => match rustix::fs::readlinkat(file, "", Vec::new()) {
                Ok(target) => {
                    let entry = Entry::new(name, stat, EntryType::Symlink);
                    self.entry(&entry.link(target.as_bytes()))?;
                }
                Err(error) => return self.unread(path, &error.into()),
            },
            FileType::Socket => {
                self.warn(format!("`{}` is a socket, left out", path.display()));
                return Ok(());
            }
            _ => {
                self.warn(format!("`{}` is a device, left out", path.display()));
                return Ok(());
            }
        }
        if several {
            self.linked.insert(key, name.to_owned());
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>) -> Result<()> {
        self.archived.entries += 1;
        let written = entry.write(&mut self.builder);
        written.context("cannot write the archive")
    }

    fn content(&mut self, path: &Path, name: &[u8], file: &File, stat: &Stat) -> Result<()> {
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let holes = sparse::map(file, stat).map_err(|error| unreadable(path, &error))?;
        let entry = Entry::new(name, stat, EntryType::Regular);
        let entry = match &holes {
            Some(segments) => entry.segments(size, segments),
            None => entry.size(size),
        };
        self.entry(&entry)?;
        let whole = [(0, size)];
        let (mut stored, mut missing) = (0, 0);
        for (offset, len) in holes.as_deref().unwrap_or(&whole) {
            let mut exact = Exact::new(file, *offset, *len);
            let copied = self.builder.get_mut().copy_from(&mut exact, |_| ());
            signals::check()?;
            if let Some(error) = exact.error {
                return Err(unreadable(path, &error));
            }
            copied.context("cannot write the archive")?;
            missing += exact.missing;
            stored += len;
        }
        let padding = usize::try_from(stored.next_multiple_of(512) - stored).unwrap_or(0);
        let padded = self.builder.get_mut().write_all(&[0; 512][..padding]);
        padded.context("cannot write the archive")?;
        if missing > 0 || content::changed(file, stat) {
            self.warn(format!("`{}` changed while it was read", path.display()));
        }
        Ok(())
    }

    /// What cannot be read is a failure, unless it is no longer there.
    fn unread(&mut self, path: &Path, error: &io::Error) -> Result<()> {
        let what = match Errno::from_io_error(error) {
            Some(Errno::NOENT) => "vanished",
            // A symbolic link stands where a file or folder was.
            Some(Errno::LOOP | Errno::NOTDIR) => "was replaced",
            _ => return Err(unreadable(path, error)),
        };
        self.warn(format!("`{}` {what} while it was read", path.display()));
        Ok(())
    }

    fn warn(&mut self, warning: String) {
        if self.archived.warnings.len() < WARNINGS {
            self.archived.warnings.push(warning);
        } else {
            self.untold += 1;
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> anyhow::Error {
    let message = format!("cannot read `{}`: {error}", path.display());
    let failure = Failure::new("unreadable_file", message);
    failure
        .hint("run as a user that may read it, or exclude it")
        .into()
}

#[cfg(test)]
mod tests;
