//! What is to be exchanged, on disk before it begins.
//!
//! Which of two files under a name is the new one is told by its inode, which
//! no rename changes: the journal is written once and never again.

use super::place::Work;
use super::tree::Meta;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};
use toolkit::durable;

const NAME: &str = "journal.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Whether the old files are kept.
    pub(super) keep_old: bool,
    /// What the target itself is to become, where the archive says so.
    pub(super) meta: Option<Meta>,
    pub(super) names: Vec<Name>,
}

/// One path to exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Name {
    /// Its bytes: it need be no UTF-8.
    path: Vec<u8>,
    /// The inode of what is to be live; none when nothing is.
    pub(super) inode: Option<u64>,
}

impl Name {
    pub(super) fn new(path: &Path, inode: Option<u64>) -> Self {
        Self {
            path: path.as_os_str().as_bytes().to_owned(),
            inode,
        }
    }

    pub(super) fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(&self.path))
    }
}

/// Makes it survive a power cut.
pub(super) fn write(work: &Work, journal: &Journal) -> Result<()> {
    durable::write(
        &work.folder().path().join(NAME),
        &serde_json::to_vec(journal)?,
    )
}

/// The journal of a restore; none when it had not come so far.
pub(super) fn read(work: &Work) -> Result<Option<Journal>> {
    let path = work.path().join(NAME);
    let bytes = match fs::read(work.folder().path().join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        bytes => bytes.with_context(|| format!("cannot read `{}`", path.display()))?,
    };
    let journal = serde_json::from_slice::<Journal>(&bytes)
        .map_err(anyhow::Error::new)
        .and_then(|journal| {
            let stays = |name: &Name| {
                let mut components = name.path().components();
                components.all(|component| matches!(component, Component::Normal(_)))
            };
            anyhow::ensure!(journal.names.iter().all(stays), "it names what is outside");
            Ok(journal)
        });
    let journal = journal.with_context(|| format!("`{}` is damaged", path.display()))?;
    Ok(Some(journal))
}

/// Forgets it, once all is as it was.
pub(super) fn remove(work: &Work) -> io::Result<()> {
    match fs::remove_file(work.folder().path().join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => work.folder().sync(),
    }
}
