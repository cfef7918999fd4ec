//! What was deployed at one time: everything that a way back needs.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use toolkit::durable;
use toolkit::set::Stamp;
use toolkit::state::State;

/// The version of the record that this code writes.
const FORMAT: u64 = 1;
/// A release's own file in its folder.
const FILE: &str = "release.json";
/// The name of the release that serves.
const CURRENT: &str = "current";

/// How it came to be known, and how that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// A deployment or a rollback brought it, and it was seen to serve.
    Good,
    /// It served already when a deployment was prepared.
    Found,
    /// A deployment that brought it failed, or was interrupted on the way.
    Failed,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) format: u64,
    /// Its name: the local date and time at which it was first seen.
    pub(crate) id: String,
    /// The same: RFC 3339, UTC.
    pub(crate) at: String,
    /// Who deployed it.
    pub(crate) by: String,
    /// The pipeline that deployed it.
    pub(crate) run: String,
    /// The tag, else the short commit.
    pub(crate) version: String,
    pub(crate) git_commit: String,
    pub(crate) git_branch: String,
    /// The image of each service.
    pub(crate) services: BTreeMap<String, Image>,
    /// SHA-256 of the resolved Compose configuration.
    pub(crate) compose_sha256: Option<String>,
    /// The files that configure it.
    pub(crate) configuration: Vec<Kept>,
    /// The backup set with the data as it left them, once it was replaced.
    pub(crate) set: Option<PathBuf>,
    pub(crate) standing: Standing,
}

/// The image that a service ran.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Image {
    /// `sha256:…`
    pub(crate) id: String,
    /// What the Compose file, or Compose itself, called it; empty when unknown.
    pub(crate) name: String,
    /// The tag that keeps it from being pruned as long as nobody prunes all.
    pub(crate) tag: Option<String>,
    /// Where a registry has it.
    pub(crate) digests: Vec<String>,
    /// What was mounted at each path: volumes by their names, folders of the host.
    #[serde(default)]
    pub(crate) mounts: BTreeMap<String, String>,
}

/// A configuration file and where its copy is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Where it belongs, absolute.
    pub(crate) path: PathBuf,
    /// Its copy's name in the release's folder.
    pub(crate) file: String,
    /// Its permissions.
    pub(crate) mode: u32,
}

impl Release {
    /// Whether both are the same code and images.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let ids = |release: &Self| -> BTreeMap<String, String> {
            let services = release.services.iter();
            services
                .map(|(name, image)| (name.clone(), image.id.clone()))
                .collect()
        };
        ids(self) == ids(other)
            && self.git_commit == other.git_commit
            && self.compose_sha256 == other.compose_sha256
    }

    /// What people call it.
    pub(crate) fn title(&self) -> String {
        if self.version.is_empty() {
            format!("release {}", self.id)
        } else {
            format!("{} ({})", self.version, self.id)
        }
    }
}

/// The releases of one project, in its state folder.
#[derive(Debug, Clone)]
pub(crate) struct Releases {
    folder: PathBuf,
}

impl Releases {
    pub(crate) fn of(state: &State) -> Result<Self> {
        let folder = state.folder().join("releases");
        durable::create_folder(&folder)?;
        Ok(Self { folder })
    }

    /// All that can be read, the oldest first.
    pub(crate) fn all(&self) -> Result<Vec<Release>> {
        let entries = fs::read_dir(&self.folder)
            .with_context(|| format!("cannot list `{}`", self.folder.display()))?;
        let mut all: Vec<Release> = entries
            .flatten()
            .filter_map(|entry| read(&entry.path().join(FILE)).ok()?)
            .collect();
        all.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(all)
    }

    /// The one of this name.
    pub(crate) fn get(&self, id: &str) -> Result<Release> {
        read(&self.of_id(id).join(FILE))?
            .with_context(|| format!("there is no release `{id}` in `{}`", self.folder.display()))
    }

    /// The one that serves, as far as is recorded.
    pub(crate) fn current(&self) -> Result<Option<Release>> {
        match fs::read_to_string(self.folder.join(CURRENT)) {
            Ok(id) => read(&self.of_id(id.trim()).join(FILE)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("cannot read which release serves"),
        }
    }

    /// Notes which one serves.
    pub(crate) fn set_current(&self, id: &str) -> Result<()> {
        durable::write(&self.folder.join(CURRENT), format!("{id}\n").as_bytes())
    }

    /// Writes one, its folder being there already or not.
    pub(crate) fn write(&self, release: &Release) -> Result<()> {
        let folder = self.of_id(&release.id);
        durable::create_folder(&folder)?;
        let mut json = serde_json::to_vec_pretty(release)?;
        json.push(b'\n');
        durable::write(&folder.join(FILE), &json)?;
        durable::sync_folder(&self.folder).context("cannot sync the folder of the releases")
    }

    /// A name that no release has, from `stamp` on.
    pub(crate) fn free(&self, mut stamp: Stamp) -> String {
        while self.of_id(&stamp.to_string()).exists() {
            stamp = stamp.next();
        }
        stamp.to_string()
    }

    /// Where the copies of a release's files are.
    pub(crate) fn of_id(&self, id: &str) -> PathBuf {
        // An id comes from a file name, a set's name or the command line.
        self.folder.join(id.replace('/', "_"))
    }
}

impl Default for Release {
    fn default() -> Self {
        Self {
            format: FORMAT,
            id: String::new(),
            at: String::new(),
            by: String::new(),
            run: String::new(),
            version: String::new(),
            git_commit: String::new(),
            git_branch: String::new(),
            services: BTreeMap::new(),
            compose_sha256: None,
            configuration: Vec::new(),
            set: None,
            standing: Standing::Found,
        }
    }
}

fn read(path: &Path) -> Result<Option<Release>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("cannot understand `{}`", path.display())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}
