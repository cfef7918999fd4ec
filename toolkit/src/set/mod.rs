//! Backup sets: dated folders, each with its own proof.

mod database;
mod info;
mod members;
mod stamp;

pub use database::DatabaseProof;
pub use info::{FORMAT, Form, Info, Part, Proof, Proven};
pub use stamp::Stamp;

use crate::config::Config;
use crate::failure::Failure;
use anyhow::{Context, Result};
use chrono::{DateTime, FixedOffset, Local};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file that is written last, and so makes a folder a set.
pub const INFO: &str = "deployment-info.json";

/// Where sets are kept when nothing says otherwise.
const FOLDER: &str = "/backup/deployments";

/// The folder that holds the sets: `flag`, else `BACKUP_DIR`, else
/// `[backup] to`, else `/backup/deployments`.
pub fn folder(flag: Option<&Path>, config: &Config) -> Result<PathBuf> {
    Ok(
        match (flag, config.var("BACKUP_DIR"), &config.file.backup.to) {
            (Some(folder), _, _) => {
                std::path::absolute(folder).context("cannot tell the current folder")?
            }
            (None, Some(folder), _) => config.resolve(Path::new(&folder)),
            (None, None, Some(folder)) => config.resolve(folder),
            (None, None, None) => PathBuf::from(FOLDER),
        },
    )
}

/// How long ago `time` was. A clock that was set back makes a time to come:
/// that is now.
fn since(time: DateTime<FixedOffset>) -> Duration {
    let since = Local::now().signed_duration_since(time);
    since.to_std().unwrap_or_default()
}

/// What a folder of a set is called until it is whole: hidden, and not a stamp.
pub fn partial_name(stamp: &Stamp) -> String {
    format!(".{stamp}.partial")
}

/// What can be said of a set without reading its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Every part is there, with its recorded size.
    Complete,
    /// The run that was to make it ended early.
    Partial,
    /// A part is missing or has another size, or the proof is unreadable.
    Damaged,
    /// Made by something else: restored if asked for, never counted or pruned.
    Foreign,
}

impl State {
    /// The word in listings and records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::Damaged => "damaged",
            Self::Foreign => "foreign",
        }
    }
}

/// One backup set on disk.
#[derive(Debug, Clone)]
pub struct Set {
    /// Where its parts are.
    pub folder: PathBuf,
    /// Its description and proof.
    pub proof: PathBuf,
    /// When it was made, by its name.
    pub stamp: Stamp,
    /// What it holds, where that can be read.
    pub info: Option<Info>,
    /// Whether it is whole.
    pub state: State,
    /// Why it is not whole.
    pub why: Option<String>,
    /// What it takes on disk, in bytes.
    pub bytes: u64,
}

impl Set {
    /// Looks at the set in `folder`.
    ///
    /// # Errors
    /// `no_set` when there is no such folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = resolve(folder)?;
        let name = file_name(&folder);
        let begun = begun(&name);
        let stamp = Stamp::parse(begun.unwrap_or(&name)).unwrap_or_else(|| Stamp::named(&name));
        let bytes = size_of(&folder)?;
        let proof = folder.join(INFO);
        let (info, state, why) = if begun.is_some() {
            (
                None,
                State::Partial,
                Some("the run that was making it ended early".into()),
            )
        } else {
            judge(&proof)
        };
        Ok(Self {
            folder,
            proof,
            stamp,
            info,
            state,
            why,
            bytes,
        })
    }

    /// How long ago it was begun, where it says so.
    pub fn age(&self) -> Option<Duration> {
        self.info.as_ref().and_then(Info::time).map(since)
    }

    /// How long ago it was last restored in trial; none when it never was.
    pub fn proven_for(&self) -> Option<Duration> {
        let proven = self.info.as_ref()?.proven.as_ref()?;
        DateTime::parse_from_rfc3339(&proven.at).ok().map(since)
    }

    /// Looks at the flat set whose proof is `path`: `PREFIX-STAMP.json`, beside
    /// the one part that it describes.
    pub fn open_flat(path: &Path) -> Result<Self> {
        let proof = resolve(path)?;
        let name = file_name(&proof);
        let stamp = flat_stamp(&name).unwrap_or_else(|| Stamp::named(&name));
        let folder = proof.parent().unwrap_or(Path::new("/")).to_owned();
        let (info, state, why) = judge(&proof);
        let parts = info.iter().flat_map(|info| &info.parts);
        let bytes = parts.map(|part| part.bytes).sum();
        Ok(Self {
            folder,
            proof,
            stamp,
            info,
            state,
            why,
            bytes,
        })
    }

    /// Whether it is one file with its proof beside it, not a folder.
    pub fn is_flat(&self) -> bool {
        self.proof != self.folder.join(INFO)
    }

    /// What it is called: its folder's name, or its proof's without `.json`.
    pub fn name(&self) -> String {
        if self.is_flat() {
            file_name(&self.proof.with_extension(""))
        } else {
            file_name(&self.folder)
        }
    }

    /// What a person would name on the command line: the folder, or the file.
    pub fn path(&self) -> PathBuf {
        let part = self.info.as_ref().and_then(|info| info.parts.first());
        match part {
            Some(part) if self.is_flat() => self.file(part),
            _ => self.folder.clone(),
        }
    }

    /// Where a part's file is.
    pub fn file(&self, part: &Part) -> PathBuf {
        self.folder.join(&part.file)
    }

    /// The names of its parts, in its order.
    pub fn parts(&self) -> Vec<String> {
        let parts = self.info.iter().flat_map(|info| &info.parts);
        parts.map(|part| part.name.clone()).collect()
    }
}

fn resolve(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().map_err(|error| {
        Failure::not_started(
            "no_set",
            format!("there is no backup set `{}`: {error}", path.display()),
        )
        .hint("`backup --list` shows the sets that there are")
    })
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The stamp of a set that is still being made, by its folder's name.
fn begun(name: &str) -> Option<&str> {
    name.strip_prefix('.')?.strip_suffix(".partial")
}

/// The stamp at the end of a flat set's proof: `PREFIX-STAMP.json`.
fn flat_stamp(name: &str) -> Option<Stamp> {
    let (_, stamp) = name.strip_suffix(".json")?.rsplit_once('-')?;
    Stamp::parse(stamp)
}

/// The sets in `folder`, oldest first; none when the folder is not there.
pub fn list(folder: &Path) -> Result<Vec<Set>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot list `{}`", folder.display()));
        }
    };
    let mut sets = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list `{}`", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A link may lead anywhere; what it names is not ours to count.
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() && Stamp::parse(begun(&name).unwrap_or(&name)).is_some() {
            sets.push(Set::open(&entry.path())?);
        } else if kind.is_file() && flat_stamp(&name).is_some() {
            sets.push(Set::open_flat(&entry.path())?);
        }
    }
    sets.sort_by_key(|set| (set.stamp.clone(), set.name()));
    Ok(sets)
}

/// The set that a person means: `latest` (with every part in `wanted`), the name
/// of one in `folder`, or a path to a set's folder, to a flat set's file or to
/// its proof.
///
/// # Errors
/// `no_set` when there is none.
pub fn find(folder: &Path, name: &str, wanted: &[String]) -> Result<Set> {
    if name == "latest" {
        return latest(folder, wanted);
    }
    // What a listing calls it, also where that is no file's name.
    let listed = list(folder)?.into_iter().find(|set| set.name() == name);
    if let Some(set) = listed {
        return Ok(set);
    }
    let inside = folder.join(name);
    let path = if !name.contains('/') && inside.exists() {
        inside
    } else {
        PathBuf::from(name)
    };
    if path.is_dir() {
        return Set::open(&path);
    }
    let meant =
        resolve(&path).or_else(|error| resolve(&path.with_extension("json")).map_err(|_| error))?;
    let beside = list(meant.parent().unwrap_or(folder))?;
    let mut flat = beside.into_iter().filter(Set::is_flat);
    let found = flat.find(|set| set.path() == meant || set.proof == meant);
    found.ok_or_else(|| {
        Failure::not_started(
            "no_set",
            format!(
                "`{}` is no backup set: no proof stands beside it",
                path.display()
            ),
        )
        .into()
    })
}

/// The newest complete set in `folder` that holds every part in `wanted`.
///
/// # Errors
/// `no_set` when there is none.
pub fn latest(folder: &Path, wanted: &[String]) -> Result<Set> {
    let holds = |set: &Set| {
        let parts = set.info.iter().flat_map(|info| &info.parts);
        let names: Vec<_> = parts
            .flat_map(|part| [part.name.as_str(), part.kind()])
            .collect();
        wanted.iter().all(|wanted| names.contains(&wanted.as_str()))
    };
    let mut sets = list(folder)?;
    sets.retain(|set| set.state == State::Complete && holds(set));
    sets.pop().ok_or_else(|| {
        let parts = if wanted.is_empty() { String::new() } else { format!(" with {}", wanted.join(", ")) };
        Failure::not_started("no_set", format!("there is no complete backup set{parts} in `{}`", folder.display()))
            .hint("`backup --list` shows the sets that there are; `--to` or `BACKUP_DIR` says where they are")
            .into()
    })
}

/// Reads the proof and compares names and sizes with what is there.
fn judge(proof: &Path) -> (Option<Info>, State, Option<String>) {
    let info = match Info::read(proof) {
        Ok(Some(info)) => info,
        Ok(None) => return (None, State::Partial, Some(format!("it has no `{INFO}`"))),
        Err(error) => return (None, State::Damaged, Some(format!("{error:#}"))),
    };
    let folder = proof.parent().unwrap_or(Path::new("/"));
    if info.format == 0 {
        return (
            Some(info),
            State::Foreign,
            Some("it was made without a proof".into()),
        );
    }
    let why = info.parts.iter().find_map(|part| {
        let file = &part.file;
        match fs::symlink_metadata(folder.join(file)) {
            Err(error) => Some(format!("`{file}` cannot be read: {error}")),
            Ok(found) if !found.is_file() => Some(format!("`{file}` is no file")),
            Ok(found) if found.len() != part.bytes => Some(format!(
                "`{file}` has {} bytes instead of {}",
                found.len(),
                part.bytes
            )),
            Ok(_) => None,
        }
    });
    let state = if why.is_some() {
        State::Damaged
    } else {
        State::Complete
    };
    (Some(info), state, why)
}

fn size_of(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list `{}`", folder.display()))?;
    for entry in entries {
        let found = entry.and_then(|entry| entry.metadata());
        let found = found.with_context(|| format!("cannot list `{}`", folder.display()))?;
        if found.is_file() {
            bytes += found.len();
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable;

    fn make(folder: &Path, name: &str, size: u64) -> PathBuf {
        let set = folder.join(name);
        durable::create_folder(&set).unwrap();
        durable::write(&set.join("redis.rdb"), b"12345").unwrap();
        let part = Part {
            name: "redis".into(),
            file: "redis.rdb".into(),
            bytes: size,
            sha256: String::new(),
            raw_bytes: size,
            ms: 0,
            members: Vec::new(),
            proof: Proof::Redis(serde_json::Value::Null),
            warnings: Vec::new(),
        };
        let info = Info {
            format: FORMAT,
            parts: vec![part],
            ..Info::default()
        };
        info.write(&set.join(INFO)).unwrap();
        set
    }

    #[test]
    fn a_listing_judges_by_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        make(here, "20261118_020000", 5);
        make(here, "20261119_020000", 6);
        make(here, "20261121_020000", 5);
        fs::remove_file(here.join("20261121_020000").join(INFO)).unwrap();
        make(here, ".20261122_020000.partial", 5);
        make(here, "holiday-photos", 5);
        durable::write(
            &make(here, "20261120_020000", 5).join(INFO),
            br#"{"version":"v1"}"#,
        )
        .unwrap();
        durable::write(&here.join("app-20261117_020000.json"), b"{").unwrap();
        std::os::unix::fs::symlink(here.join("holiday-photos"), here.join("20261123_020000"))
            .unwrap();

        let sets = list(here).unwrap();
        let seen: Vec<_> = sets
            .iter()
            .map(|set| format!("{} {}", set.name(), set.state.word()))
            .collect();
        assert_eq!(
            seen,
            [
                "app-20261117_020000 damaged",
                "20261118_020000 complete",
                "20261119_020000 damaged",
                "20261120_020000 foreign",
                "20261121_020000 partial",
                ".20261122_020000.partial partial",
            ]
        );
        assert_eq!(
            sets[2].why.as_deref(),
            Some("`redis.rdb` has 5 bytes instead of 6")
        );
        assert_eq!(
            latest(here, &["redis".into()]).unwrap().name(),
            "20261118_020000"
        );
        let missing = latest(here, &["database".into()]).unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("no complete backup set with database"),
            "{missing}"
        );
    }
}
