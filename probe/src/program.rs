//! What a program writes, within the deadline.

use crate::{Deadline, aside};
use anyhow::{Context, Result};
use std::io::Read;
use toolkit::command::{Command, Io, Stdout};
use toolkit::failure::Failure;

/// The most that is read of it.
const LARGEST: u64 = 32 << 20;

/// Runs `command` to its end, and returns what it wrote to stdout. What is late
/// is killed.
///
/// # Errors
/// `missing_program`, `command_failed`, `timeout`.
pub(crate) fn read(command: &Command, deadline: Deadline) -> Result<Vec<u8>> {
    let io = Io {
        stdout: Stdout::Read,
        ..Io::default()
    };
    let mut running = command.start(io)?;
    let stdout = running.take_stdout().context("it has no stdout")?;
    let bytes = aside::ask(deadline, move || {
        let mut bytes = Vec::new();
        stdout.take(LARGEST + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    })?;
    if bytes.len() as u64 > LARGEST {
        let program = command.program().to_string_lossy();
        let message = format!("`{program}` wrote more than {LARGEST} bytes");
        return Err(Failure::new("command_failed", message).into());
    }
    if !running.wait_within(deadline.left()?)? {
        return Err(deadline.missed().into());
    }
    running.wait()?.success(command)?;
    Ok(bytes)
}
