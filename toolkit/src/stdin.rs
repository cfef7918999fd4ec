//! Standard input, read to its end before a tool acts.

use crate::output;
use crate::record::LONGEST;
use rustix::fs::{FileType, fstat};
use std::io::{self, BufRead, Read};
use std::ops::ControlFlow;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// After this long, people are told what is being waited for.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether stdin is something that records come from: a pipe, a socket or a
/// file; never a terminal or `/dev/null`.
pub fn is_connected() -> bool {
    fstat(io::stdin()).is_ok_and(|stat| {
        let kind = FileType::from_raw_mode(stat.st_mode);
        matches!(
            kind,
            FileType::Fifo | FileType::Socket | FileType::RegularFile
        )
    })
}

/// One line, as far as it could be read.
pub enum Line<'a> {
    /// A line that ended, without its end.
    Whole(&'a [u8]),
    /// What stands after the last line's end.
    Last(&'a [u8]),
    /// A line of more than [`LONGEST`] bytes; it was skipped.
    TooLong,
}

/// Hands on each line of `reader`, whatever bytes it is made of.
pub fn lines(reader: &mut impl BufRead, mut each: impl FnMut(Line<'_>)) -> io::Result<()> {
    lines_until(reader, |line| {
        each(line);
        ControlFlow::Continue(())
    })
}

/// The same until `each` has enough; what comes after it can be read later.
pub fn lines_until(
    reader: &mut impl BufRead,
    mut each: impl FnMut(Line<'_>) -> ControlFlow<()>,
) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX).saturating_add(2);
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let ended = line.pop_if(|last| *last == b'\n').is_some();
        let enough = match (ended, line.len() > LONGEST) {
            (true, false) => each(Line::Whole(&line)),
            (false, false) => each(Line::Last(&line)),
            (true, true) => each(Line::TooLong),
            (false, true) => {
                reader.skip_until(b'\n')?;
                each(Line::TooLong)
            }
        };
        if enough.is_break() {
            return Ok(());
        }
        line.shrink_to(1 << 16);
    }
}

/// Says so on stderr when the input has not ended after three seconds, until
/// the returned sender is dropped.
pub fn say_when_waiting(tool: &'static str) -> mpsc::Sender<()> {
    let (ended, wait) = mpsc::channel();
    thread::spawn(move || {
        if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            output::note(
                tool,
                "waiting for the end of stdin (`--no-input` does without it)",
            );
        }
    });
    ended
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn read(bytes: &[u8]) -> Vec<String> {
        let mut seen = Vec::new();
        lines(&mut BufReader::new(bytes), |line| {
            seen.push(match line {
                Line::Whole(line) => format!("whole {}", line.len()),
                Line::Last(line) => format!("last {}", line.len()),
                Line::TooLong => "too long".into(),
            });
        })
        .unwrap();
        seen
    }

    #[test]
    fn the_longest_line_passes_and_a_longer_one_costs_only_itself() {
        let mut bytes = vec![b'x'; LONGEST];
        bytes.push(b'\n');
        bytes.extend(vec![b'y'; LONGEST + 1]);
        bytes.push(b'\n');
        bytes.extend(vec![b'z'; 3 * LONGEST]);
        bytes.extend(b"\nab\nc");
        let whole = format!("whole {LONGEST}");
        assert_eq!(
            read(&bytes),
            [&whole, "too long", "too long", "whole 2", "last 1"]
        );
    }
}
