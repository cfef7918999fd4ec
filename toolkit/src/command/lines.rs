//! What a child says on stderr: shown, and its last lines kept.

use crate::output;
use crate::redact;
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, PipeReader, Read};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How many of a child's last lines are kept for its record.
const TAIL: usize = 20;
/// A line longer than this, in bytes, is cut into several: a child may write
/// gigabytes on one.
const LONGEST_LINE: usize = 4096;
/// How long the last lines of an ended child are waited for.
const LINGER: Duration = Duration::from_secs(2);

/// A child's last lines on stderr, gathered on a thread of their own.
#[derive(Debug)]
pub(super) struct Lines {
    kept: Arc<Mutex<VecDeque<String>>>,
    ended: Receiver<()>,
}

impl Lines {
    pub(super) fn collect(words: PipeReader, echo: bool) -> Result<Self> {
        let kept = Arc::new(Mutex::new(VecDeque::with_capacity(TAIL)));
        let (end, ended) = mpsc::sync_channel(1);
        let shared = Arc::clone(&kept);
        thread::Builder::new()
            .name("child stderr".into())
            .spawn(move || {
                read_lines(BufReader::new(words), |line| keep(&shared, line, echo));
                let _ = end.send(());
            })
            .context("cannot start a thread")?;
        Ok(Self { kept, ended })
    }

    /// The last lines, once the child has ended.
    pub(super) fn last(&self) -> Vec<String> {
        // A daemon that the child left behind may hold the stream open for ever.
        let _ = self.ended.recv_timeout(LINGER);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }
}

fn keep(kept: &Mutex<VecDeque<String>>, line: String, echo: bool) {
    if echo {
        output::line(&line);
    }
    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() == TAIL {
        kept.pop_front();
    }
    kept.push_back(line);
}

/// Hands on each line, redacted and without its end. Where one is cut, no
/// secret is: it is read on for as many bytes as the longest secret has.
fn read_lines(mut reader: impl BufRead, mut each: impl FnMut(String)) {
    let mut held = Vec::new();
    loop {
        let most = LONGEST_LINE + redact::longest();
        let room = u64::try_from(most.saturating_sub(held.len())).unwrap_or(u64::MAX);
        let read = (&mut reader).take(room).read_until(b'\n', &mut held);
        let is_last = !matches!(read, Ok(1..));
        let has_ended = held.last() == Some(&b'\n');
        if is_last && held.is_empty() {
            return;
        }
        let whole = has_ended || is_last;
        while whole && held.pop_if(|end| matches!(end, b'\n' | b'\r')).is_some() {}
        let mut line = held.as_slice();
        while line.len() > LONGEST_LINE && (whole || line.len() >= most) {
            let (first, rest) = line.split_at(redact::cut(line, LONGEST_LINE));
            each(shown(first));
            line = rest;
        }
        if whole && (line.len() == held.len() || !line.is_empty()) {
            each(shown(line));
            line = &[];
        }
        held = line.to_vec();
    }
}

fn shown(line: &[u8]) -> String {
    redact::text(&String::from_utf8_lossy(line)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io;

    /// The lines that are handed on, read in pieces of `size`.
    fn lines(bytes: &[u8], size: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let reader = BufReader::with_capacity(size, bytes);
        read_lines(reader, |line| lines.push(line));
        lines
    }

    #[test]
    fn lines_are_as_they_were_written() {
        for size in [1, 2, 3, 5000] {
            assert_eq!(lines(b"", size), [""; 0]);
            assert_eq!(lines(b"a\n\nb\r\n\nlast", size), ["a", "", "b", "", "last"]);
            let longest = "x".repeat(LONGEST_LINE);
            assert_eq!(
                lines(format!("{longest}\ny\n").as_bytes(), size),
                [&longest, "y"]
            );
            assert_eq!(
                lines(format!("{longest}z").as_bytes(), size),
                [&longest, "z"]
            );
        }
    }

    #[test]
    fn no_secret_shows_wherever_a_long_line_is_cut() {
        let secret = "0nly-f0r-this-test/line";
        redact::learn(secret);
        let encoded = "0nly-f0r-this-test%2Fline";
        for form in [secret, encoded] {
            for cut in [LONGEST_LINE, 2 * LONGEST_LINE] {
                for start in cut - form.len() - 2..cut + 2 {
                    for end in ["", "\n", "y", &"y".repeat(5000)] {
                        let line = format!("{}{form}{end}", "x".repeat(start));
                        let seen = lines(line.as_bytes(), 1000);
                        let expected = line.trim_end().replace(form, redact::MASK);
                        assert_eq!(seen.concat(), expected, "at {start}");
                    }
                }
            }
        }
    }

    proptest! {
        /// However secrets lie in it, and in each other, a line shows what it
        /// would show in one piece.
        #[test]
        fn a_cut_line_shows_what_it_would_whole(
            parts in prop::collection::vec((0..3000usize, 0..4usize), 1..12),
            size in 1..6000usize,
        ) {
            let secrets = ["abcdefgh-cut", "cutter-of-lines", "fgh-cutter", "cut!"];
            for secret in secrets {
                redact::learn(secret);
            }
            let text = |(filler, which): &(usize, usize)| ".".repeat(*filler) + secrets[*which];
            let line: String = parts.iter().map(text).collect();
            prop_assert_eq!(lines(line.as_bytes(), size).concat(), redact::text(&line));
        }
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory() {
        let mut bytes = 0;
        let endless = io::repeat(b'x').take(256 << 20);
        read_lines(BufReader::new(endless), |line| {
            assert!(line.len() <= LONGEST_LINE, "{}", line.len());
            bytes += line.len();
        });
        assert_eq!(bytes, 256 << 20);
    }
}
