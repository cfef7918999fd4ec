//! What is left out of an archive.

use anyhow::Result;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use toolkit::failure::Failure;
use toolkit::part;

/// Patterns and folders that are left out.
#[derive(Debug, Default)]
pub(crate) struct Exclude {
    globs: GlobSet,
    folders: Vec<PathBuf>,
}

impl Exclude {
    /// Leaves out what matches one of `globs`, and `folders` wherever they are
    /// (the backups themselves).
    ///
    /// A pattern with a `/` is matched against the path within what is saved,
    /// one without against names at any depth; `*` stops at a `/`, `**` does
    /// not. What is in a folder that is left out is left out too.
    ///
    /// # Errors
    /// `bad_glob`.
    pub(crate) fn new(globs: &[String], folders: &[PathBuf]) -> Result<Self> {
        let mut set = GlobSetBuilder::new();
        for text in globs {
            let pattern = text.trim_end_matches('/');
            let pattern = match pattern.strip_prefix('/') {
                Some(within) => within.to_owned(),
                None if pattern.contains('/') => pattern.to_owned(),
                None => format!("**/{pattern}"),
            };
            let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
            let glob = glob.map_err(|error| {
                let message = format!("`{text}` is no pattern: {}", error.kind());
                Failure::not_started("bad_glob", message)
            })?;
            set.add(glob);
        }
        Ok(Self {
            globs: set.build()?,
            // One that is not there needs no leaving out.
            folders: folders
                .iter()
                .filter_map(|path| path.canonicalize().ok())
                .collect(),
        })
    }

    /// Whether the file at `path`, without symbolic links, is left out; it is
    /// at `within` of what is saved.
    pub(super) fn matches(&self, path: &Path, within: &Path) -> bool {
        let name = path.file_name().map_or(&[][..], OsStrExt::as_bytes);
        name.starts_with(part::ASIDE.as_bytes())
            || self.folders.iter().any(|folder| folder == path)
            || (!within.as_os_str().is_empty() && self.globs.is_match(within))
    }
}
