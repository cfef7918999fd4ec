//! The folder of the reports: each file whole, and a link to the newest.

use anyhow::{Context, Result};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{fs, process};
use toolkit::durable;
use toolkit::failure::Failure;

/// Writes `NAME.EXTENSION` into `folder`, whole or not at all, and lets
/// `LATEST.EXTENSION` lead to it, unless that leads to a newer one. Returns
/// where it is.
pub(crate) fn write(
    folder: &Path,
    name: &str,
    latest: &str,
    extension: &str,
    bytes: &[u8],
) -> Result<PathBuf> {
    let file = format!("{name}.{extension}");
    let path = folder.join(&file);
    let written = || -> Result<()> {
        durable::create_folder(folder)?;
        durable::write(&path, bytes)?;
        link(folder, &file, &format!("{latest}.{extension}"))
    };
    written().map_err(|error| {
        Failure::new("unwritable", format!("{error:#}"))
            .hint("name a folder that can be written with `--out`")
    })?;
    Ok(path)
}

/// Lets the link lead to `file`: made aside, renamed over the old one.
fn link(folder: &Path, file: &str, latest: &str) -> Result<()> {
    let link = folder.join(latest);
    // Names hold their time: one that is made again of old records is no news.
    let is_newer = |old: &PathBuf| old.as_os_str() > file && folder.join(old).exists();
    if fs::read_link(&link).ok().as_ref().is_some_and(is_newer) {
        return Ok(());
    }
    let aside = folder.join(format!(".{latest}.{}", process::id()));
    let linked = || -> io::Result<()> {
        match symlink(file, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&aside)?;
                symlink(file, &aside)?;
            }
            made => made?,
        }
        fs::rename(&aside, &link)?;
        durable::sync_folder(folder)
    };
    linked().with_context(|| format!("cannot make `{}` lead to `{file}`", link.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_leads_to_the_newest() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("reports/2026");
        let leads_to = || fs::read_link(folder.join("latest.md")).unwrap();
        let path = write(
            &folder,
            "deployment-20261120_100000",
            "latest",
            "md",
            b"one",
        )
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(
            &folder,
            "deployment-20261121_100000",
            "latest",
            "md",
            b"two",
        )
        .unwrap();
        assert_eq!(leads_to().to_str(), Some("deployment-20261121_100000.md"));
        write(
            &folder,
            "deployment-20261120_100000",
            "latest",
            "md",
            b"one again",
        )
        .unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one again");
        assert_eq!(leads_to().to_str(), Some("deployment-20261121_100000.md"));
        let left = fs::read_dir(&folder).unwrap().count();
        assert_eq!(left, 3, "nothing is left aside");
    }

    #[test]
    fn a_link_left_by_a_killed_run_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let aside = format!(".latest.md.{}", process::id());
        symlink("nowhere", folder.path().join(aside)).unwrap();
        write(folder.path(), "deployment-1", "latest", "md", b"one").unwrap();
        let latest = fs::read(folder.path().join("latest.md")).unwrap();
        assert_eq!(latest, b"one");
    }
}
