//! What `sextant.toml` may hold, section by section. `man/sextant.toml.5` is
//! the same for people; a test holds the two together.
//!
//! Nothing here has a default: what is not written is found or decided by the
//! tool that needs it.

use super::compression::Compression;
use super::release::{Maintenance, Pm2, Rollback, Systemd};
use super::secrets::Secret;
use super::value;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

/// The whole file, its chosen `[env.NAME]` laid over it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    /// The project's name in records and in the state folder: lower-case
    /// letters, digits, `_` and `-`, beginning with a letter or digit.
    #[serde(deserialize_with = "value::project")]
    pub project: Option<String>,
    /// How the application is run.
    #[serde(deserialize_with = "value::text")]
    pub engine: Option<Engine>,
    /// The Compose files, in the order in which later ones override.
    #[serde(deserialize_with = "value::paths")]
    pub compose: Vec<PathBuf>,
    /// The files of variables read instead of `.env`; later ones override.
    #[serde(deserialize_with = "value::paths")]
    pub env_file: Vec<PathBuf>,
    /// `[backup]`
    pub backup: Backup,
    /// `[restore]`
    pub restore: Restore,
    /// `[database]`
    pub database: Database,
    /// `[redis]`
    pub redis: Redis,
    /// `[config]`
    pub config: ConfigPart,
    /// `[files]`, by the name of the part.
    #[serde(deserialize_with = "value::files")]
    pub files: BTreeMap<String, Files>,
    /// `[step.NAME]`
    pub step: BTreeMap<String, Step>,
    /// `[maintenance]`
    pub maintenance: Maintenance,
    /// `[rollback]`
    pub rollback: Rollback,
    /// `[pm2]`
    pub pm2: Pm2,
    /// `[systemd]`
    pub systemd: Systemd,
}

/// How the application is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// By Docker Compose, v2 or 1.29.
    Compose,
    /// By PM2.
    Pm2,
    /// As units of systemd.
    Systemd,
    /// By something that Sextant does not know.
    None,
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "compose" => Ok(Self::Compose),
            "pm2" => Ok(Self::Pm2),
            "systemd" => Ok(Self::Systemd),
            "none" => Ok(Self::None),
            _ => Err(format!(
                "`{text}` is no engine; there are `compose`, `pm2`, `systemd` and `none`"
            )),
        }
    }
}

/// `[backup]`: what is saved, where, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backup {
    /// The folder of the sets.
    #[serde(deserialize_with = "value::some_path")]
    pub to: Option<PathBuf>,
    /// How many blocks are compressed side by side, from 1 to 256.
    #[serde(deserialize_with = "value::jobs")]
    pub jobs: Option<u16>,
    /// How parts are compressed.
    #[serde(deserialize_with = "value::text")]
    pub compress: Option<Compression>,
    /// Keeps every set younger than this, counted from the newest.
    #[serde(deserialize_with = "value::some_duration")]
    pub keep_within: Option<Duration>,
    /// Keeps this many of the newest sets.
    pub keep_last: Option<u32>,
    /// Keeps the newest set of each of this many days that have one.
    pub keep_daily: Option<u32>,
    /// Keeps the newest set of each of this many weeks that have one.
    pub keep_weekly: Option<u32>,
    /// Keeps the newest set of each of this many months that have one.
    pub keep_monthly: Option<u32>,
    /// Keeps the newest set of each of this many years that have one.
    pub keep_yearly: Option<u32>,
    /// The parts saved when none is named: `database`, `globals`, `redis`,
    /// `config` or a name of `[files]`.
    pub parts: Option<Vec<String>>,
}

/// `[restore]`: what becomes of what is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Restore {
    /// Whether the replaced database stays after the new one has answered.
    pub keep_old: Option<bool>,
}

/// `[database]`: the `PostgreSQL` server, where it cannot be found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// A `postgres://` URL or a libpq connection string.
    #[serde(deserialize_with = "value::url")]
    pub url: Option<Secret>,
    /// The Compose service.
    pub service: Option<String>,
    /// The role to connect as.
    pub user: Option<String>,
    /// Its password.
    #[serde(deserialize_with = "value::password")]
    pub password: Option<Secret>,
    /// The databases to save, instead of the application's own.
    pub names: Option<Vec<String>>,
    /// Whether every database of the server is saved; not together with
    /// `names`.
    pub all: Option<bool>,
}

/// `[redis]`: the Redis server, where it cannot be found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Redis {
    /// A `redis://` or `rediss://` URL.
    #[serde(deserialize_with = "value::url")]
    pub url: Option<Secret>,
    /// The Compose service.
    pub service: Option<String>,
    /// The ACL user.
    pub user: Option<String>,
    /// Its password.
    #[serde(deserialize_with = "value::password")]
    pub password: Option<Secret>,
}

/// `[config]`: the part `config` of a backup.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigPart {
    /// The files and folders in it.
    #[serde(deserialize_with = "value::paths")]
    pub paths: Vec<PathBuf>,
}

/// An entry of `[files]`, written `name = "path"` or
/// `name = { path = "path", exclude = ["*.tmp"] }`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    /// The file or folder.
    #[serde(deserialize_with = "value::path")]
    pub path: PathBuf,
    /// The globs of what is left out.
    #[serde(default)]
    pub exclude: Vec<String>,
}

/// `[step.NAME]`: what `step NAME` runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// The command.
    pub run: Option<StepRun>,
    /// After how long the command and all that it started are ended.
    #[serde(deserialize_with = "value::some_duration")]
    pub timeout: Option<Duration>,
    /// How often a failed command is run again.
    pub retry: Option<u32>,
    /// How long is waited before that.
    #[serde(deserialize_with = "value::some_duration")]
    pub delay: Option<Duration>,
    /// The word to type before the command is run.
    pub confirm: Option<String>,
}

/// The command of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepRun {
    /// Given to `sh -c`, with its `$` untouched.
    Line(String),
    /// A program and its arguments, run as they are. Never empty.
    Words(Vec<String>),
}
