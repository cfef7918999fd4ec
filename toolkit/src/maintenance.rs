//! Maintenance mode: how it is switched, and the marker that tells that it is
//! on, since when, and for what.
//!
//! The marker is on disk before the switch is turned on, and goes after it is
//! off: whatever is killed, what was switched on is known.

use crate::command::{Command, Io, Stdout};
use crate::config::{Config, StepRun};
use crate::durable;
use crate::failure::Failure;
use crate::state::State;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

/// The marker in the state folder.
const MARKER: &str = "maintenance.json";
/// How long one of the commands may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// That maintenance mode was switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The operation, or the run, that it is for.
    pub operation: String,
    /// When: RFC 3339, UTC.
    pub since: String,
    /// Who switched it on.
    pub by: String,
}

impl Marker {
    /// The marker that is there.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn read(state: &State) -> Result<Option<Self>> {
        let path = state.folder().join(MARKER);
        match fs::read(&path) {
            // One that cannot be understood still says that it is on.
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).unwrap_or(Self {
                operation: String::new(),
                since: String::new(),
                by: String::new(),
            }))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    fn write(&self, state: &State) -> Result<()> {
        durable::write(&state.folder().join(MARKER), &serde_json::to_vec(self)?)
    }

    fn remove(state: &State) -> Result<()> {
        let path = state.folder().join(MARKER);
        let removed = match fs::remove_file(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        };
        removed
            .and_then(|()| durable::sync_folder(state.folder()))
            .with_context(|| format!("cannot remove `{}`", path.display()))
    }
}

/// How maintenance mode is switched: by commands, or by a file that the proxy
/// watches.
#[derive(Debug, PartialEq, Eq)]
pub struct Switch {
    on: Option<Command>,
    off: Option<Command>,
    status: Option<Command>,
    file: Option<PathBuf>,
}

impl Switch {
    /// As `[maintenance]` says; none where it says nothing.
    ///
    /// # Errors
    /// `config` when one of `on` and `off` is given without the other.
    pub fn of(config: &Config) -> Result<Option<Self>, Failure> {
        let table = &config.file.maintenance;
        let command =
            |run: &Option<StepRun>| run.as_ref().map(|run| run.command().folder(&config.root));
        let switch = Self {
            on: command(&table.on),
            off: command(&table.off),
            status: command(&table.status),
            file: table.file.as_ref().map(|path| config.resolve(path)),
        };
        if switch.on.is_some() != switch.off.is_some() {
            return Err(Failure::not_started(
                "config",
                "`[maintenance]` has one of `on` and `off`, and not the other",
            )
            .hint("give both: what is switched on has to be switched off again"));
        }
        Ok((switch.on.is_some() || switch.file.is_some()).then_some(switch))
    }

    /// Switches it on for what `marker` says, and looks that it is.
    ///
    /// # Errors
    /// `maintenance` when it cannot be switched on.
    pub fn on(&self, state: &State, marker: &Marker) -> Result<()> {
        marker.write(state)?;
        if let Some(path) = &self.file {
            durable::write_public(path, b"maintenance\n")?;
        }
        if let Some(command) = &self.on {
            run(command)?;
        }
        self.expect(true)
    }

    /// Switches it off, and looks that it is.
    ///
    /// # Errors
    /// `maintenance` when it cannot be switched off: the marker stays.
    pub fn off(&self, state: &State) -> Result<()> {
        if let Some(path) = &self.file {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot remove `{}`", path.display()));
                }
                _ => {}
            }
        }
        if let Some(command) = &self.off {
            run(command)?;
        }
        self.expect(false)?;
        Marker::remove(state)
    }

    /// Whether it is on; none where nothing tells.
    pub fn is_on(&self) -> Result<Option<bool>> {
        if let Some(command) = &self.status {
            let mut running = command.start(Io::default())?;
            if !running.wait_within(PATIENCE)? {
                running.stop()?;
                return Err(late(command).into());
            }
            return Ok(Some(running.wait()?.status.success()));
        }
        Ok(self.file.as_ref().map(|path| path.exists()))
    }

    fn expect(&self, on: bool) -> Result<()> {
        let word = |on| if on { "on" } else { "off" };
        match self.is_on()? {
            Some(is) if is != on => Err(Failure::new(
                "maintenance",
                format!(
                    "maintenance mode was switched {} and is {}",
                    word(on),
                    word(is)
                ),
            )
            .hint("run `[maintenance] status` by hand: its exit status says whether it is on")
            .into()),
            _ => Ok(()),
        }
    }
}

fn run(command: &Command) -> Result<()> {
    let mut running = command.start(Io {
        stdout: Stdout::Shown,
        echo: true,
        ..Io::default()
    })?;
    if !running.wait_within(PATIENCE)? {
        running.stop()?;
        return Err(late(command).into());
    }
    let ended = running.wait()?;
    ended.success(command).map_err(|failure| {
        let message = format!("maintenance mode cannot be switched: {}", failure.message);
        Failure::new("maintenance", message)
            .hint("correct `[maintenance]` in sextant.toml")
            .into()
    })
}

fn late(command: &Command) -> Failure {
    let message = format!("{command} did not end within {} s", PATIENCE.as_secs());
    Failure::new("maintenance", message).hint("correct `[maintenance]` in sextant.toml")
}
