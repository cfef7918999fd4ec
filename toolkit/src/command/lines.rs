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
/// A line longer than this is kept cut: a child may write gigabytes on one.
const LONGEST_LINE: u64 = 4096;
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

/// Hands on each line, redacted and without its end.
fn read_lines(mut reader: impl BufRead, mut each: impl FnMut(String)) {
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        let read = (&mut reader)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut bytes);
        if !matches!(read, Ok(1..)) {
            return;
        }
        let line = String::from_utf8_lossy(&bytes);
        each(redact::text(line.trim_end_matches(['\n', '\r'])).into_owned());
    }
}
