//! Commands as values: built in one place, compared in tests, and spawned only
//! here.
//!
//! Every child is the leader of its own process group, so that all that it
//! started ends with it; is stopped when this tool is interrupted; and has what
//! it writes to stderr redacted.

mod group;
mod lines;
mod running;

pub use group::Group;
pub use running::{Ended, Running};

use crate::failure::Failure;
use crate::redact;
use crate::signals;
use anyhow::{Context, Result};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Stdio;

/// A program, its arguments and its surroundings. Two are equal when they
/// would run the same thing.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    removed: Vec<OsString>,
    folder: Option<PathBuf>,
}

impl Command {
    /// A command that runs `program`, found in `PATH`, without arguments.
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            removed: Vec::new(),
            folder: None,
        }
    }

    /// Adds one argument. Arguments are public (`/proc/*/cmdline`): secrets go
    /// into [`Command::env`].
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments in their order.
    #[must_use]
    pub fn args<I: IntoIterator<Item = S>, S: Into<OsString>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable of the child. Its value is never printed.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Keeps an environment variable of this tool from the child.
    #[must_use]
    pub fn without_env(mut self, name: impl Into<OsString>) -> Self {
        self.removed.push(name.into());
        self
    }

    /// Sets the folder that the child starts in.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The program's name.
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// The program and its arguments as text, for tests and records.
    pub fn argv(&self) -> Vec<String> {
        let program = std::iter::once(&self.program);
        let words = program.chain(&self.args);
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// Runs to the end without stdin and returns what it wrote to stdout.
    ///
    /// # Errors
    /// `missing_program` when it is not there; `command_failed`, with its last
    /// lines, when it ends otherwise than with status 0.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut running = self.start(Io {
            stdout: Stdout::Read,
            ..Io::default()
        })?;
        let mut bytes = Vec::new();
        let read = running.stdout().read_to_end(&mut bytes);
        let ended = running.wait()?;
        ended.success(self)?;
        read.with_context(|| format!("cannot read the output of {self}"))?;
        Ok(bytes)
    }

    /// Runs to the end, without any streams, even when this tool is being
    /// interrupted: this is how what it began is undone.
    ///
    /// # Errors
    /// `missing_program`; `command_failed` when it ends otherwise than with
    /// status 0.
    pub fn clean_up(&self) -> Result<()> {
        let mut command = self.prepared();
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let ended = command.stderr(Stdio::null()).status();
        let status = ended.map_err(|error| self.cannot_start(&error))?;
        let ended = Ended {
            status,
            lines: Vec::new(),
        };
        Ok(ended.success(self)?)
    }

    /// Starts the child and returns at once.
    ///
    /// # Errors
    /// `missing_program` when it is not there.
    pub fn start(&self, io: Io) -> Result<Running> {
        let piped = |wanted| {
            if wanted {
                Stdio::piped()
            } else {
                Stdio::null()
            }
        };
        let (words, stderr) = io::pipe().context("cannot create a pipe")?;
        let stdout = match io.stdout {
            Stdout::Read => Stdio::piped(),
            Stdout::Ignored => Stdio::null(),
            Stdout::Shown => Stdio::from(stderr.try_clone()?),
        };
        let mut command = self.prepared();
        command.stdin(piped(io.stdin)).stdout(stdout).stderr(stderr);
        let spawn = || command.spawn().map_err(|error| self.cannot_start(&error));
        let (child, guard) = signals::start(spawn, |child| {
            let group = Group::of(child);
            move |urgency| group.signal(urgency)
        })?;
        // It holds the writing end of the child's stderr, whose end is awaited.
        drop(command);
        Running::new(child, guard, words, io.echo)
    }

    fn prepared(&self) -> std::process::Command {
        // The one place that spawns; see `clippy.toml`.
        #[allow(clippy::disallowed_methods)]
        let mut command = std::process::Command::new(&self.program);
        for name in &self.removed {
            command.env_remove(name);
        }
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .process_group(0);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    fn cannot_start(&self, error: &io::Error) -> anyhow::Error {
        let program = self.program.to_string_lossy();
        if error.kind() == io::ErrorKind::NotFound {
            return Failure::not_started(
                "missing_program",
                format!("`{program}` is not installed"),
            )
            .hint(format!("install `{program}`, or add its folder to PATH"))
            .into();
        }
        Failure::new(
            "command_failed",
            format!("cannot start `{program}`: {error}"),
        )
        .into()
    }
}

/// As a person would type it; environment values are left out.
impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", redact::text(&self.argv().join(" ")))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env: Vec<_> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("Command")
            .field("argv", &self.argv())
            .field("env", &env)
            .finish_non_exhaustive()
    }
}

/// Which of a child's streams are connected to this tool.
#[derive(Debug, Clone, Copy, Default)]
pub struct Io {
    /// The caller writes to the child; otherwise it has no input.
    pub stdin: bool,
    /// Where its output goes.
    pub stdout: Stdout,
    /// What it writes to stderr is shown to people, not only kept.
    pub echo: bool,
}

/// Where a child's output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stdout {
    /// It is thrown away.
    #[default]
    Ignored,
    /// The caller reads it.
    Read,
    /// It goes where stderr goes, in the order in which it was written.
    Shown,
}
