//! IMAP as far as a check speaks it (RFC 9051, RFC 3501).

use super::dialog::{Dialog, at};
use super::mail::Mail;
use super::printable;
use anyhow::Result;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// The most lines between a command and its answer that are read.
const MOST_LINES: usize = 200;
const SHOWN: usize = 200;
/// Where more is said.
const LOG: &str = "look at the mail server's log";

/// What a server answered to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    /// Whether it was `OK`.
    is_ok: bool,
    /// The answer's line, without its tag.
    line: String,
    /// The lines before it that begin with a star, without that.
    data: Vec<String>,
}

impl Answer {
    /// The answer's line, as it may be shown.
    fn shown(&self) -> String {
        printable(&self.line, SHOWN)
    }
}

/// The protocol.
#[derive(Debug)]
pub(crate) struct Imap;

impl Mail for Imap {
    /// The words of the server's capabilities.
    type Offers = Vec<String>;

    const GOODBYE: &'static str = "z LOGOUT";

    /// # Errors
    /// `imap_greeting` when the server says goodbye at once; `imap_not_spoken`;
    /// those of [`Dialog::line`].
    fn greeting<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<String> {
        let line = at(dialog.line(), "the greeting")?;
        let Some(text) = line.strip_prefix("* ") else {
            return Err(not_spoken(&line).into());
        };
        let text = printable(text, SHOWN);
        let word = text.split(' ').next().unwrap_or_default();
        match word.to_ascii_uppercase().as_str() {
            "OK" | "PREAUTH" => Ok(text),
            "BYE" => {
                let message = format!("the server greets with `{text}`");
                Err(Failure::new("imap_greeting", message).hint(LOG).into())
            }
            _ => Err(not_spoken(&line).into()),
        }
    }

    /// # Errors
    /// `imap_capability` when it refuses; those of [`command`].
    fn offers<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Vec<String>> {
        let answer = command(dialog, "CAPABILITY")?;
        let words = answer.data.iter().find_map(|line| {
            let (first, words) = line.split_once(' ')?;
            first.eq_ignore_ascii_case("CAPABILITY").then_some(words)
        });
        let Some(words) = words.filter(|_| answer.is_ok) else {
            let message = format!("the server answers CAPABILITY with `{}`", answer.shown());
            return Err(Failure::new("imap_capability", message).into());
        };
        Ok(words.split_ascii_whitespace().map(str::to_owned).collect())
    }

    fn has(offers: &Vec<String>, wanted: &str) -> bool {
        offers.iter().any(|word| word.eq_ignore_ascii_case(wanted))
    }

    /// # Errors
    /// `starttls_refused`; those of [`command`].
    fn start_tls<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<()> {
        let answer = command(dialog, "STARTTLS")?;
        if answer.is_ok {
            return Ok(());
        }
        let message = format!("the server answers STARTTLS with `{}`", answer.shown());
        Err(Failure::new("starttls_refused", message).hint(LOG).into())
    }

    /// Both are sent as literals, which may hold any character.
    ///
    /// # Errors
    /// Those of [`command`].
    fn log_in<S: Read + Write>(
        dialog: &mut Dialog<S>,
        _: &Vec<String>,
        user: &str,
        password: &str,
    ) -> Result<Option<String>> {
        let answer = literals(dialog, &["LOGIN", user, password])?;
        Ok((!answer.is_ok).then(|| answer.shown()))
    }
}

/// Sends a command and reads the answer.
///
/// # Errors
/// `imap_not_spoken`; `too_much`; those of [`Dialog::line`].
fn command<S: Read + Write>(dialog: &mut Dialog<S>, text: &str) -> Result<Answer> {
    dialog.send(&format!("a {text}"))?;
    at(answer(dialog), &format!("the answer to {text}"))
}

/// Sends a command whose arguments are literals: each is announced by its
/// length, and sent once the server asks for it.
fn literals<S: Read + Write>(dialog: &mut Dialog<S>, words: &[&str]) -> Result<Answer> {
    let mut line = format!("a {}", words[0]);
    for argument in &words[1..] {
        dialog.send(&format!("{line} {{{}}}", argument.len()))?;
        let answer = at(answer(dialog), &format!("the answer to {}", words[0]))?;
        if !answer.line.starts_with('+') {
            return Ok(answer);
        }
        (*argument).clone_into(&mut line);
    }
    dialog.send(&line)?;
    at(answer(dialog), &format!("the answer to {}", words[0]))
}

fn answer<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Answer> {
    let mut data = Vec::new();
    while data.len() < MOST_LINES {
        let line = dialog.line()?;
        if let Some(text) = line.strip_prefix("* ") {
            data.push(text.to_owned());
            continue;
        }
        let (is_ok, line) = match line.strip_prefix("a ") {
            Some(text) => (is_ok(text), text.to_owned()),
            None if line.starts_with('+') => (false, line),
            None => return Err(not_spoken(&line).into()),
        };
        return Ok(Answer { is_ok, line, data });
    }
    Err(Failure::new("too_much", "the server's answer does not end").into())
}

fn is_ok(text: &str) -> bool {
    let word = text.split(' ').next().unwrap_or_default();
    word.eq_ignore_ascii_case("OK")
}

fn not_spoken(line: &str) -> Failure {
    let line = printable(line, SHOWN);
    Failure::new(
        "imap_not_spoken",
        format!("the server speaks something other than IMAP: `{line}`"),
    )
    .hint("is this the port of an IMAP server, or does it speak TLS at once?")
}
