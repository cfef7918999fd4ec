//! A folder, and what is in it, reached without following a symbolic link.

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// A folder held open: it stays the same folder whatever becomes of its name.
#[derive(Debug)]
pub(super) struct Tree {
    folder: OwnedFd,
}

/// What a file is apart from its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// Permission bits, those above 0777 included.
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Last change, in seconds since 1970 and nanoseconds.
    pub(super) mtime: (i64, i64),
}

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

impl Tree {
    /// Opens the folder at `path`, which may be reached through links, but is
    /// none itself.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let folder = rustix::fs::open(path, FOLDER, Mode::empty())?;
        Ok(Self { folder })
    }

    /// Opens the folder `name` in this one.
    pub(super) fn child(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let folder = rustix::fs::openat(&self.folder, name.as_ref(), FOLDER, Mode::empty())?;
        Ok(Self { folder })
    }

    /// Opens the folder at `path` below this one.
    ///
    /// # Errors
    /// `NotADirectory` where something else, such as a link, is on the way.
    pub(super) fn descend(&self, path: &Path) -> io::Result<Self> {
        let mut at = Self {
            folder: self.folder.try_clone()?,
        };
        for name in path {
            at = at.child(name)?;
        }
        Ok(at)
    }

    /// Makes the folder `name` in this one.
    pub(super) fn make(&self, name: impl AsRef<OsStr>, mode: u32) -> io::Result<()> {
        let mode = Mode::from_raw_mode(mode);
        Ok(rustix::fs::mkdirat(&self.folder, name.as_ref(), mode)?)
    }

    /// What is known of `path`; none when nothing is there.
    pub(super) fn stat(&self, path: impl AsRef<Path>) -> io::Result<Option<Stat>> {
        match rustix::fs::statat(&self.folder, path.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The names in this folder, sorted.
    pub(super) fn names(&self) -> io::Result<Vec<PathBuf>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.path())? {
            names.push(entry?.file_name().into());
        }
        names.sort();
        Ok(names)
    }

    /// A path that leads to this very folder, in this process.
    pub(super) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.folder.as_raw_fd()).into()
    }

    /// Makes the names in this folder survive a power cut.
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.folder)?)
    }

    /// Makes everything on its file system survive a power cut.
    pub(super) fn sync_all(&self) -> io::Result<()> {
        Ok(rustix::fs::syncfs(&self.folder)?)
    }

    /// Gives the folder itself its owner, mode and time.
    pub(super) fn set_meta(&self, meta: &Meta) -> io::Result<()> {
        meta.apply(&self.folder)
    }

    pub(super) fn meta(&self) -> io::Result<Meta> {
        Ok(Meta::of(&rustix::fs::fstat(&self.folder)?))
    }
}

impl AsFd for Tree {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.folder.as_fd()
    }
}

impl Meta {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: (
                stat.st_mtime,
                i64::try_from(stat.st_mtime_nsec).unwrap_or(0),
            ),
        }
    }

    /// Gives it to an open file or folder; see [`Meta::owner`] and
    /// [`Meta::permissions`] for what needs root.
    pub(super) fn apply(&self, file: impl AsFd) -> io::Result<()> {
        if let Some((user, group)) = self.owner() {
            // Before the mode, whose setuid bit it would take away.
            rustix::fs::fchown(&file, Some(user), Some(group))?;
        }
        rustix::fs::fchmod(&file, self.permissions())?;
        Ok(rustix::fs::futimens(&file, &self.times())?)
    }

    /// The owner, which only root may give away.
    pub(super) fn owner(&self) -> Option<(rustix::fs::Uid, rustix::fs::Gid)> {
        let owner = (
            rustix::fs::Uid::from_raw(self.uid),
            rustix::fs::Gid::from_raw(self.gid),
        );
        geteuid().is_root().then_some(owner)
    }

    /// The mode. As GNU tar does, setuid and its like only for root: to
    /// anybody else's file they would give another meaning.
    pub(super) fn permissions(&self) -> Mode {
        let kept = if geteuid().is_root() { 0o7777 } else { 0o777 };
        Mode::from_raw_mode(self.mode & kept)
    }

    pub(super) fn times(&self) -> Timestamps {
        Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: self.mtime.0,
                tv_nsec: self.mtime.1,
            },
        }
    }
}

/// Whether `stat` is of a folder.
pub(super) fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}
