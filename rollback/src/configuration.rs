//! The files that configure a release: copied when it is left, and put back.

use crate::release::{Kept, Release, Releases};
use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use toolkit::application::Application;
use toolkit::durable;
use toolkit::failure::Failure;

/// What is longer is no configuration, in bytes.
const LONGEST: u64 = 16 << 20;

/// Copies the Compose files and the files of variables that are in use.
///
/// `sextant.toml` and `config/` come and go with the code.
pub(crate) fn copy(application: &Application<'_>, to: &Path) -> Result<Vec<Kept>> {
    durable::create_folder(to)?;
    let own = application.config().path.clone();
    let mut kept = Vec::new();
    for path in application.stack.config_paths()? {
        if !path.is_file() || Some(&path) == own.as_ref() {
            continue;
        }
        let file = format!("{}-{}", kept.len(), file_name(&path));
        let bytes = read(&path)?;
        durable::write(&to.join(&file), &bytes)?;
        let mode = fs::metadata(&path).map_or(0o600, |found| found.permissions().mode() & 0o7777);
        kept.push(Kept { path, file, mode });
    }
    Ok(kept)
}

/// The files of `release` that are not as they were.
pub(crate) fn differing(release: &Release, releases: &Releases) -> Result<Vec<PathBuf>> {
    let folder = releases.of_id(&release.id);
    let mut differing = Vec::new();
    for kept in &release.configuration {
        let wanted = read(&folder.join(&kept.file))?;
        if read(&kept.path).ok().as_ref() != Some(&wanted) {
            differing.push(kept.path.clone());
        }
    }
    Ok(differing)
}

/// Puts the files of `release` back where they differ; returns which did.
pub(crate) fn put_back(release: &Release, releases: &Releases) -> Result<Vec<PathBuf>> {
    let differing = differing(release, releases)?;
    let folder = releases.of_id(&release.id);
    for kept in &release.configuration {
        if differing.contains(&kept.path) {
            if let Some(above) = kept.path.parent() {
                fs::create_dir_all(above)
                    .with_context(|| format!("cannot create `{}`", above.display()))?;
            }
            durable::write(&kept.path, &read(&folder.join(&kept.file))?)?;
            durable::set_mode(&kept.path, kept.mode)?;
        }
    }
    Ok(differing)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read `{}`", path.display()))?;
    if bytes.len() as u64 > LONGEST {
        let message = format!("`{}` is longer than {} MiB", path.display(), LONGEST >> 20);
        return Err(Failure::new("configuration", message).into());
    }
    Ok(bytes)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
