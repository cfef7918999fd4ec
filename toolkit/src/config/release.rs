//! The sections on how a release is brought out, and taken back.

use super::file::StepRun;
use super::value;
use crate::command::Command;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// `[maintenance]`: how maintenance mode is switched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Maintenance {
    /// The command that switches it on.
    pub on: Option<StepRun>,
    /// The command that switches it off.
    pub off: Option<StepRun>,
    /// The command whose exit status 0 says that it is on.
    pub status: Option<StepRun>,
    /// The file that is there while it is on.
    #[serde(deserialize_with = "value::some_path")]
    pub file: Option<PathBuf>,
}

/// `[rollback]`: what a way back needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rollback {
    /// Of how many releases the images are kept.
    pub keep: Option<u32>,
    /// The services that go on running while the others are stopped.
    pub leave: Vec<String>,
    /// The steps that change no data.
    pub harmless: Option<Vec<String>>,
    /// How long the application may take to be healthy.
    #[serde(deserialize_with = "value::some_duration")]
    pub wait: Option<Duration>,
}

/// `[pm2]`: what PM2 runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pm2 {
    /// The file that describes the processes.
    #[serde(deserialize_with = "value::some_path")]
    pub ecosystem: Option<PathBuf>,
}

/// `[systemd]`: which units the application is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Systemd {
    /// Their names, in the order in which they are started.
    pub units: Vec<String>,
}

impl StepRun {
    /// The command, to be started in the folder of `sextant.toml`.
    pub fn command(&self) -> Command {
        match self {
            Self::Words(words) => {
                let mut words = words.iter();
                Command::new(words.next().map_or("", String::as_str)).args(words)
            }
            Self::Line(line) => Command::new("sh").args(["-c", line]),
        }
    }
}
