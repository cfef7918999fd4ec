//! `deployment-info.json`: what the scripts before wrote, and the proof.

use super::members;
use crate::durable;
use crate::part::Member;
use anyhow::{Context, Result, bail};
use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The version of the proof that this code writes.
pub const FORMAT: u64 = 1;

/// Longer than the proof of a terabyte; what is longer is no proof.
const LONGEST: u64 = 64 << 20;

/// A set's description and proof.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// The tag or commit that was deployed.
    #[serde(default)]
    pub version: String,
    /// When the set was begun: RFC 3339, local time.
    #[serde(default)]
    pub date: String,
    /// Who ran `backup`.
    #[serde(default)]
    pub deployed_by: String,
    /// Where.
    #[serde(default)]
    pub hostname: String,
    /// The full hash of the commit in the working folder.
    #[serde(default)]
    pub git_commit: String,
    /// Its branch.
    #[serde(default)]
    pub git_branch: String,
    /// Where the set was made.
    #[serde(default)]
    pub backup_path: String,
    /// `success`: what is not is not renamed into place.
    #[serde(default)]
    pub status: String,

    /// Version of the proof below; 0 where there is none.
    #[serde(default)]
    pub format: u64,
    /// The application's name.
    #[serde(default)]
    pub project: String,
    /// The environment chosen by `--env`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env: Option<String>,
    /// The pipeline that made it.
    #[serde(default)]
    pub run: String,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// The id of the image that each service ran.
    #[serde(default)]
    pub images: BTreeMap<String, String>,
    /// SHA-256 of the resolved Compose configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose_sha256: Option<String>,
    /// What the set holds.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The last test restore that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Proven>,
    /// What a later version wrote; kept when the file is written again.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// One file of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it is asked for by: `database`, `globals`, `redis`, `config`, or
    /// the name of a `[files]` entry. One of several databases carries its own
    /// name.
    pub name: String,
    /// The file's name within the set.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// The size of what it holds, uncompressed, in bytes.
    pub raw_bytes: u64,
    /// How long it took to save, in milliseconds.
    pub ms: u64,
    /// The compressed members that the file consists of, in order: each can
    /// be decompressed without the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "members")]
    pub members: Vec<Member>,
    /// What it holds, and what a restored copy is compared with.
    #[serde(flatten)]
    pub proof: Proof,
    /// What was met on the way that a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// What a part holds, by its kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    /// One PostgreSQL database as plain SQL.
    Database(Value),
    /// Roles and tablespaces as plain SQL.
    Globals(Value),
    /// A Redis dataset as RDB.
    Redis(Value),
    /// Files as a tar archive.
    Files(Value),
}

/// How a part's file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Plain,
    /// One or more gzip members.
    Gzip,
    /// One or more zstd frames.
    Zstd,
}

impl Form {
    /// By the ending of a file's name.
    pub fn of(file: &str) -> Self {
        let ending = Path::new(file).extension().unwrap_or_default();
        match ending.to_str() {
            Some("gz" | "tgz") => Self::Gzip,
            Some("zst") => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// A test restore that succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proven {
    /// When: RFC 3339, UTC.
    pub at: String,
    /// How long restoring took, in milliseconds.
    pub ms: u64,
    /// The parts that were restored.
    pub parts: Vec<String>,
}

impl Part {
    /// What kind of thing it is, in the words of the command line.
    pub fn kind(&self) -> &'static str {
        match self.proof {
            Proof::Database(_) => "database",
            Proof::Globals(_) => "globals",
            Proof::Redis(_) => "redis",
            Proof::Files(_) => "files",
        }
    }
}

impl Info {
    /// Reads the file; nothing where there is none.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let mut bytes = Vec::new();
        let read = file.take(LONGEST).read_to_end(&mut bytes);
        read.with_context(|| format!("cannot read `{}`", path.display()))?;
        let info: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("`{}` cannot be understood", path.display()))?;
        // A name with a folder in it would lead out of the set.
        if let Some(part) = info.parts.iter().find(|part| !is_file_name(&part.file)) {
            bail!(
                "`{}` names a part outside the set: `{}`",
                path.display(),
                part.file
            );
        }
        Ok(Some(info))
    }

    /// Writes the file, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        durable::write(path, &json)
    }

    /// When the set was begun.
    pub fn time(&self) -> Option<DateTime<FixedOffset>> {
        DateTime::parse_from_rfc3339(&self.date).ok()
    }
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part() -> Part {
        Part {
            name: "database".into(),
            file: "database.sql.gz".into(),
            bytes: 10,
            sha256: "00".into(),
            raw_bytes: 20,
            ms: 1,
            members: vec![Member {
                offset: 0,
                bytes: 10,
                raw_bytes: 20,
            }],
            proof: Proof::Database(serde_json::json!({"tables": {"public.users": 17}})),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn what_a_later_version_wrote_survives_rewriting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployment-info.json");
        let mut info = Info {
            format: FORMAT,
            parts: vec![part()],
            ..Info::default()
        };
        info.unknown.insert("later".into(), 5.into());
        info.write(&path).unwrap();
        assert_eq!(Info::read(&path).unwrap(), Some(info));
    }

    #[test]
    fn a_part_outside_the_set_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployment-info.json");
        for file in ["../x", "/etc/passwd", "..", ""] {
            let part = Part {
                file: file.into(),
                ..part()
            };
            Info {
                parts: vec![part],
                ..Info::default()
            }
            .write(&path)
            .unwrap();
            assert!(
                format!("{:#}", Info::read(&path).unwrap_err()).contains("outside the set"),
                "{file}"
            );
        }
    }

    #[test]
    fn the_scripts_own_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployment-info.json");
        durable::write(
            &path,
            br#"{"version":"v1.2.3","date":"2025-03-15T14:30:22+01:00","status":"success"}"#,
        )
        .unwrap();
        let info = Info::read(&path).unwrap().unwrap();
        assert_eq!((info.format, info.version.as_str()), (0, "v1.2.3"));
    }
}
