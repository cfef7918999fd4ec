//! Runs a dump program and judges whether all of its dump is there.

use anyhow::{Context, Result};
use std::io;
use std::process::ChildStdout;
use toolkit::command::{Command, Ended, Io, Stdout};
use toolkit::failure::Failure;
use toolkit::sql::tally::{Counter, Tally};

/// What takes a dump: it reads the stream to its end, hands on each piece, and
/// returns the number of bytes.
pub(crate) trait Sink {
    fn take(self, dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])) -> io::Result<u64>;
}

impl<F: FnOnce(&mut ChildStdout, &mut dyn FnMut(&[u8])) -> io::Result<u64>> Sink for F {
    fn take(self, dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])) -> io::Result<u64> {
        self(dump, seen)
    }
}

/// Runs `command`, whose stdin keeps it alive, into `sink`, and counts what it
/// writes.
///
/// # Errors
/// `dump_failed`, `dump_empty`, `dump_truncated` when its last line is missing;
/// what `sink` returns.
pub(crate) fn run(command: &Command, sink: impl Sink) -> Result<Tally> {
    let io = Io {
        stdin: true,
        stdout: Stdout::Read,
        echo: false,
    };
    let mut running = command.start(io)?;
    let mut stdout = running.take_stdout().context("no output to read")?;
    let mut counter = Counter::new();
    let taken = sink.take(&mut stdout, &mut |piece| counter.feed(piece));
    // A sink that failed leaves the program blocked: it is ended with `running`.
    let bytes = taken.context("cannot save the dump")?;
    let tally = counter.finish();
    let ended = running.wait()?;
    judge(&ended, bytes, tally.complete)?;
    Ok(tally)
}

fn judge(ended: &Ended, bytes: u64, complete: bool) -> Result<(), Failure> {
    if !ended.status.success() {
        let words: Vec<_> = ended.lines.iter().map(|line| line.trim()).collect();
        let words = match words.join("; ") {
            none if none.is_empty() => ended.status.to_string(),
            words => words,
        };
        let message = format!("the dump failed after {bytes} bytes: {words}");
        return Err(Failure::new("dump_failed", message).hint("look into the server's log"));
    }
    if bytes == 0 {
        let message = "the dump is empty, though its program reported success";
        return Err(Failure::new("dump_empty", message).hint("look into the server's log"));
    }
    if !complete {
        let message = "the dump lacks its last line, though its program reported success";
        return Err(Failure::new("dump_truncated", message).hint("run it again"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// The reason with which a dump by this script is refused.
    fn refused(script: &str) -> &'static str {
        let command = Command::new("sh").args(["-c", script]);
        let ran = run(
            &command,
            |dump: &mut ChildStdout, seen: &mut dyn FnMut(&[u8])| {
                let mut bytes = Vec::new();
                dump.read_to_end(&mut bytes)?;
                seen(&bytes);
                Ok(bytes.len() as u64)
            },
        );
        ran.map_or_else(|error| Failure::of(&error).reason, |_| "none")
    }

    #[test]
    fn success_alone_is_no_proof() {
        let end = "printf -- '--\\n-- PostgreSQL database dump complete\\n--\\n'";
        assert_eq!(refused(end), "none");
        assert_eq!(refused(&format!("{end}; exit 1")), "dump_failed");
        assert_eq!(refused("true"), "dump_empty");
        assert_eq!(refused("echo 'SELECT 1;'"), "dump_truncated");
    }

    #[test]
    fn a_sink_that_fails_ends_the_program() {
        let command = Command::new("yes");
        let full =
            |_: &mut ChildStdout, _: &mut dyn FnMut(&[u8])| Err(io::ErrorKind::StorageFull.into());
        let error = run(&command, full).unwrap_err();
        assert!(
            format!("{error:#}").starts_with("cannot save the dump: "),
            "{error:#}"
        );
    }
}
