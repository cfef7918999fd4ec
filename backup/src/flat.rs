//! A set of one file, named as the scripts before named theirs:
//! `PREFIX-STAMP.sql.gz`, and its proof `PREFIX-STAMP.json` beside it.
//!
//! Two files cannot get their names at once. The proof is written into the
//! hidden folder before the first of them does, so that whatever is killed in
//! between can be finished by the next run.

use anyhow::{Context, Result};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use toolkit::set::{FORMAT, Info, Part, Stamp};
use toolkit::{checksum, durable};

/// What a part's file is called: its ending is that of `name`.
pub(crate) fn part_name(prefix: &str, stamp: &Stamp, name: &str) -> String {
    let ending = name.split_once('.').map_or("", |(_, ending)| ending);
    format!("{prefix}-{stamp}.{ending}")
}

/// Whether `folder` has a file of this set's, or of a script's that names its
/// dumps in the same way.
pub(crate) fn is_taken(folder: &Path, prefix: &str, stamp: &Stamp) -> Result<bool> {
    let beginning = format!("{prefix}-{stamp}.");
    let cannot = || format!("cannot list `{}`", folder.display());
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let name = entry.with_context(cannot)?.file_name();
        if name.as_encoded_bytes().starts_with(beginning.as_bytes()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Gives the part in `partial` its name in `folder`, and then its proof: a
/// file without one is no set. The part's path.
pub(crate) fn publish(
    partial: &Path,
    folder: &Path,
    prefix: &str,
    stamp: &Stamp,
    info: &Info,
) -> Result<PathBuf> {
    let proof = format!("{prefix}-{stamp}.json");
    info.write(&partial.join(&proof))?;
    let files = || info.parts.iter().map(|part| &part.file).chain([&proof]);
    let renamed =
        files().try_for_each(|file| durable::rename(&partial.join(file), &folder.join(file)));
    if let Err(error) = renamed {
        // Half a set is none: what got its name loses it again.
        for file in files().filter(|file| !partial.join(file).exists()) {
            let _ = fs::remove_file(folder.join(file));
        }
        return Err(error);
    }
    let last = info.parts.last().map(|part| folder.join(&part.file));
    Ok(last.unwrap_or_else(|| folder.to_owned()))
}

/// Finishes what a run that was killed had begun to publish from `partial`:
/// its part has its name, and the proof does not yet. The proof's path; none
/// when nothing is to be finished.
///
/// A file that is not, byte for byte, the part of the proof is somebody else's.
pub(crate) fn finish(partial: &Path, folder: &Path, stamp: &Stamp) -> Result<Option<PathBuf>> {
    let cannot = || format!("cannot list `{}`", partial.display());
    let ending = format!("-{stamp}.json");
    for entry in fs::read_dir(partial).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Some(prefix) = name.strip_suffix(&ending) else {
            continue;
        };
        let beginning = format!("{prefix}-{stamp}.");
        let is_published = |part: &Part| {
            let is_name = Path::new(&part.file).file_name() == Some(OsStr::new(&part.file));
            is_name && part.file.starts_with(&beginning) && is(&folder.join(&part.file), part)
        };
        let target = folder.join(&name);
        // What cannot be read was never whole.
        if let Ok(Some(info)) = Info::read(&entry.path())
            && info.format == FORMAT
            && !info.parts.is_empty()
            && info.parts.iter().all(is_published)
            && target.symlink_metadata().is_err()
        {
            durable::rename(&entry.path(), &target)?;
            return Ok(Some(target));
        }
    }
    Ok(None)
}

/// Whether a file is the part, byte for byte.
fn is(path: &Path, part: &Part) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.is_file() && found.len() == part.bytes)
        && checksum::of_file(path).is_ok_and(|found| found == (part.bytes, part.sha256.clone()))
}
