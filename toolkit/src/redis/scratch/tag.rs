//! What a throwaway server is marked with, and those that killed runs left.

use super::super::owner::Owner;
use super::{beside, local};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The label of its container; the value is a [`Tag`].
pub(super) const LABEL: &str = "sextant.scratch";

/// What a later run must know about one that was killed. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Tag {
    pub(in super::super) owner: Owner,
    /// The container that it runs beside.
    pub(in super::super) beside: Option<String>,
    /// What it serves a live server with; nothing for a mere check.
    pub(in super::super) serving: Option<Serving>,
}

/// The live server's side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Serving {
    /// The live server's address.
    pub(in super::super) live: String,
    /// Where the live server finds this one, on 127.0.0.1: picked when it starts.
    pub(in super::super) port: u16,
    /// The live server's settings as they were, of those that are changed.
    pub(in super::super) settings: BTreeMap<String, String>,
}

/// What serves, or served, this container, or the live servers of this machine;
/// its owner may still be at it.
pub(in super::super) fn abandoned(container: Option<&str>) -> Result<Vec<Abandoned>> {
    match container {
        Some(container) => beside::abandoned(container),
        None => Ok(local::abandoned()),
    }
}

/// What a killed run left that a live server may be following.
pub(in super::super) struct Abandoned {
    pub(in super::super) tag: Tag,
    pub(super) left: Left,
}

pub(super) enum Left {
    Container(String),
    Folder(PathBuf),
}

impl Abandoned {
    /// Removes it; nobody may follow it any more.
    pub(in super::super) fn remove(&self) -> Result<()> {
        match &self.left {
            Left::Container(id) => beside::remove(id),
            Left::Folder(folder) => {
                local::remove(folder);
                Ok(())
            }
        }
    }
}
