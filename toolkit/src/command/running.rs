//! A started child, and how it ends.

use super::Command;
use super::group::Group;
use super::lines::Lines;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{PidfdFlags, pidfd_open};
use std::io::{self, PipeReader, Read};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus};
use std::time::{Duration, Instant};

/// How long a child that was asked to end may take to do so.
const GRACE: Duration = Duration::from_secs(10);
/// How often a wait looks whether this tool was interrupted.
const TICK: Duration = Duration::from_secs(1);

/// A started child. Dropped before [`Running::wait`], it and all that it
/// started are killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    group: Group,
    lines: Lines,
    _guard: signals::Guard,
}

impl Running {
    /// A child, and what ends it when this tool is interrupted.
    pub(super) fn new(
        child: Child,
        guard: signals::Guard,
        words: PipeReader,
        echo: bool,
    ) -> Result<Self> {
        let group = Group::of(&child);
        let lines = Lines::collect(words, echo)?;
        Ok(Self {
            lines,
            child,
            group,
            _guard: guard,
        })
    }

    /// The child's input; dropping it is end-of-input.
    ///
    /// Empty when it was not asked for in [`Io`], or already taken.
    pub fn take_stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// The child's output, to be moved to another thread.
    pub fn take_stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// The child's output; an empty stream when it was not asked for.
    pub fn stdout(&mut self) -> impl Read + '_ {
        OptionalReader(self.child.stdout.as_mut())
    }

    /// The child and everything that it started.
    pub fn group(&self) -> Group {
        self.group
    }

    fn wait_for(&mut self, longest: Duration) -> Result<bool> {
        if self.child.try_wait()?.is_some() {
            return Ok(true);
        }
        if let Some(pid) = self.group.leader() {
            let process = pidfd_open(pid, PidfdFlags::empty())?;
            let mut events = [PollFd::new(&process, PollFlags::IN)];
            let longest = Timespec::try_from(longest).ok();
            // A signal cuts the wait short, and that is as good as its end.
            let _ = poll(&mut events, longest.as_ref());
        }
        Ok(self.child.try_wait()?.is_some())
    }

    /// Waits at most this long, or until this tool is interrupted; whether it
    /// has ended.
    pub fn wait_within(&mut self, longest: Duration) -> Result<bool> {
        let begun = Instant::now();
        loop {
            let left = longest.saturating_sub(begun.elapsed());
            if self.wait_for(left.min(TICK))? {
                return Ok(true);
            }
            if left.is_zero() || signals::interrupted().is_some() {
                return Ok(false);
            }
        }
    }

    /// Waits for the child and returns how it ended, with its last lines.
    ///
    /// # Errors
    /// `interrupted` when a signal to this tool was what ended it.
    pub fn wait(mut self) -> Result<Ended> {
        drop(self.child.stdin.take());
        let mut asked: Option<Instant> = None;
        while !self.wait_for(TICK)? {
            if signals::interrupted().is_some() {
                let asked = *asked.get_or_insert_with(Instant::now);
                if asked.elapsed() > GRACE {
                    self.group.kill();
                }
            }
        }
        let status = self.child.wait()?;
        let lines = self.lines.last();
        signals::check()?;
        Ok(Ended { status, lines })
    }

    /// Ends the child and all that it started: asked first, then killed.
    pub fn stop(mut self) -> Result<Ended> {
        drop(self.child.stdin.take());
        self.group.terminate();
        self.wait_for(GRACE)?;
        // What it started may have ignored the request.
        self.group.kill();
        self.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.group.kill();
            let _ = self.child.wait();
        }
    }
}

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status or signal.
    pub status: ExitStatus,
    /// Its last lines on stderr, redacted.
    pub lines: Vec<String>,
}

impl Ended {
    /// An error, with the child's last words, unless it ended with status 0.
    pub fn success(&self, command: &Command) -> Result<(), Failure> {
        if self.status.success() {
            return Ok(());
        }
        let program = command.program.to_string_lossy();
        let words = self.lines.iter().rev().find(|line| !line.trim().is_empty());
        let words = words.map_or_else(|| self.status.to_string(), Clone::clone);
        Err(Failure::new(
            "command_failed",
            format!("`{program}` failed: {}", words.trim()),
        ))
    }
}

struct OptionalReader<'a>(Option<&'a mut ChildStdout>);

impl Read for OptionalReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |stdout| stdout.read(buffer))
    }
}
