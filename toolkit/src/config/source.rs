//! Where the configuration comes from: flags, environment, the nearest file.

use crate::failure::Failure;
use anyhow::Result;
use rustix::fs::OFlags;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The name of the file that is looked for.
const FILE: &str = "sextant.toml";

/// No configuration is longer; a log or an image named by mistake is.
const LONGEST: u64 = 1 << 20;

/// What [`Config::load`](super::Config::load) starts from.
#[derive(Clone, Default)]
pub struct Source {
    /// The file, as named by `--config`; relative to `folder`.
    pub config: Option<PathBuf>,
    /// The environment, as chosen by `--env`.
    pub env: Option<String>,
    /// The working folder.
    pub folder: PathBuf,
    /// The environment variables that are UTF-8.
    pub vars: BTreeMap<String, String>,
}

impl Source {
    /// The value of a variable that is set and not empty.
    fn filled(&self, name: &str) -> Option<&String> {
        self.vars.get(name).filter(|value| !value.is_empty())
    }

    /// The environment chosen by flag, else by `$SEXTANT_ENV`.
    pub(super) fn chosen_env(&self) -> Option<String> {
        let flag = self.env.as_ref().filter(|name| !name.is_empty());
        flag.or_else(|| self.filled("SEXTANT_ENV")).cloned()
    }

    /// The working folder as an absolute path.
    pub(super) fn absolute_folder(&self) -> Result<PathBuf> {
        // Symbolic links stay: `current/` of a deployment is the folder's name.
        std::path::absolute(&self.folder).map_err(|error| unreadable(&self.folder, &error).into())
    }

    /// The absolute path of `sextant.toml`: from the flag, else from
    /// `$SEXTANT_CONFIG`, else the nearest one upwards. None where there is
    /// none.
    pub(super) fn locate(&self) -> Result<Option<PathBuf>> {
        let folder = self.absolute_folder()?;
        let flag = self
            .config
            .as_ref()
            .filter(|path| !path.as_os_str().is_empty());
        if let Some(path) = flag {
            return Ok(Some(folder.join(path)));
        }
        if let Some(path) = self.filled("SEXTANT_CONFIG") {
            return Ok(Some(folder.join(path)));
        }
        for folder in folder.ancestors() {
            let path = folder.join(FILE);
            match path.symlink_metadata() {
                Ok(_) => return Ok(Some(path)),
                Err(error) if is_absent(&error) => {}
                // Not seeing it is not the same as its not being there.
                Err(error) => return Err(unreadable(&path, &error).into()),
            }
        }
        Ok(None)
    }
}

/// The content of a file.
///
/// # Errors
/// `config` when it cannot be read, is longer than 1 MiB, or is no regular
/// file: reading a pipe would wait for ever.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let refused = |why: &str| {
        Failure::not_started("config", format!("cannot read `{}`: {why}", path.display()))
    };
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .and_then(|file: File| Ok((file.metadata()?, file)));
    let (metadata, file) = file.map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(refused("it is a folder"));
    }
    if !metadata.is_file() {
        return Err(refused("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(refused("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::not_started(
        "config",
        format!("cannot read `{}`: {error}", path.display()),
    )
}

/// Whether an error means that there is no such file.
pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
