//! Asks a person, on the terminal itself: stdin and stdout carry records.

use crate::failure::Failure;
use crate::output;
use crate::signals;
use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};

/// How often a wait for an answer looks whether it was interrupted.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// Shows `question` and lets the work go on only if `word` is typed.
///
/// # Errors
/// `no_terminal` (exit status 2) when nobody can be asked; `not_confirmed` when
/// the answer is another.
pub fn word(question: &str, word: &str) -> Result<()> {
    let mut terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .map_err(|_| {
            Failure::not_started(
                "no_terminal",
                "there is no terminal to ask for confirmation on",
            )
            .hint("confirm beforehand with `--yes`")
        })?;
    let asked = output::printable(&format!("Type `{word}` to go on: "));
    write!(terminal, "{}\n{asked}", output::printable(question))
        .context("cannot ask on the terminal")?;
    let answer = answer(&terminal)?;
    if answer.trim() == word {
        return Ok(());
    }
    let failure = Failure::new(
        "not_confirmed",
        format!("not confirmed: `{word}` was not typed"),
    );
    Err(failure.hint("nothing was touched").into())
}

fn answer(terminal: &File) -> Result<String> {
    loop {
        signals::check()?;
        let mut events = [PollFd::new(terminal, PollFlags::IN)];
        let _ = poll(&mut events, Some(&TICK));
        if !events[0].revents().is_empty() {
            let mut answer = String::new();
            BufReader::new(terminal)
                .read_line(&mut answer)
                .context("cannot read the answer")?;
            return Ok(answer);
        }
    }
}
