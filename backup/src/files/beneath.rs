//! Files of one tree, opened without leaving it whatever becomes of it.

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// A folder, or the one file in a folder, to read from.
pub(super) struct Beneath {
    folder: OwnedFd,
    only: Option<OsString>,
}

impl Beneath {
    /// Opens the tree at `root`, a path without symbolic links.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let (folder, only) = match (root.parent(), root.file_name()) {
            (Some(folder), Some(name)) if !root.is_dir() => (folder, Some(name.to_owned())),
            _ => (root, None),
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(CWD, folder, flags, Mode::empty())?;
        Ok(Self { folder, only })
    }

    /// Opens what is at `within` as a file to read. It may turn out to be
    /// something else; opening it waits for nobody.
    pub(super) fn read(&self, within: &Path) -> io::Result<File> {
        self.at(within, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
    }

    /// Opens what is at `within` without reading it: a symbolic link is itself.
    pub(super) fn look(&self, within: &Path) -> io::Result<File> {
        self.at(within, OFlags::PATH)
    }

    fn at(&self, within: &Path, flags: OFlags) -> io::Result<File> {
        let path = match &self.only {
            Some(name) => Path::new(name),
            None if within.as_os_str().is_empty() => Path::new("."),
            None => within,
        };
        let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let inside = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        let opened = rustix::fs::openat2(&self.folder, path, flags, Mode::empty(), inside);
        let opened = match opened {
            // Before Linux 5.6, or a container's filter of that time.
            Err(Errno::NOSYS | Errno::PERM) => {
                rustix::fs::openat(&self.folder, path, flags, Mode::empty())
            }
            opened => opened,
        };
        Ok(File::from(opened?))
    }
}
