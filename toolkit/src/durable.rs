//! Files that are whole or absent, whenever the power goes.

use anyhow::{Context, Result};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// Writes `bytes` to `path`, mode 0600: aside, synced, renamed over it, and the
/// folder synced. A reader sees the old content or the new, never a part.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o600)
}

/// [`write`] of a file that is made for others to read, mode 0644.
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o644)
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let folder = parent(path);
    let written = || -> io::Result<()> {
        // `tempfile` creates it with mode 0600, and removes it on failure.
        let mut aside = tempfile::NamedTempFile::new_in(folder)?;
        aside.write_all(bytes)?;
        let permissions = fs::Permissions::from_mode(mode);
        aside.as_file().set_permissions(permissions)?;
        aside.as_file().sync_all()?;
        aside.persist(path)?;
        sync_folder(folder)
    };
    written().with_context(|| format!("cannot write `{}`", path.display()))
}

/// Renames `from` to `to` within one file system, and syncs both folders.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    let renamed = || -> io::Result<()> {
        fs::rename(from, to)?;
        sync_folder(parent(to))?;
        sync_folder(parent(from))
    };
    renamed().with_context(|| format!("cannot rename `{}` to `{}`", from.display(), to.display()))
}

/// Creates `folder` and what is missing above it, with mode 0700. Folders that
/// are there keep their mode.
pub fn create_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot create `{}`", folder.display()))
}

/// Makes the names in `folder` survive a power cut.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Sets the mode of `path`, as far as this user may.
pub fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of `{}`", path.display()))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_a_file_whole_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        write_public(&path, b"two").unwrap();
        assert_eq!(mode(), 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_the_file_it_cannot_write() {
        let error = write(Path::new("/nowhere/a.json"), b"").unwrap_err();
        assert!(format!("{error:#}").starts_with("cannot write `/nowhere/a.json`: "));
    }
}
