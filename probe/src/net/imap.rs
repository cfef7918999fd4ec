//! IMAP as far as a check speaks it (RFC 9051, RFC 3501).

use super::dialog::{Dialog, at};
use super::printable;
use anyhow::Result;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// The most lines between a command and its answer that are read.
const MOST_LINES: usize = 200;
const SHOWN: usize = 200;

/// What a server answered to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Whether it was `OK`.
    pub(crate) is_ok: bool,
    /// The answer's line, without its tag.
    pub(crate) line: String,
    /// The lines before it that begin with a star, without that.
    pub(crate) data: Vec<String>,
}

impl Answer {
    /// The answer's line, as it may be shown.
    pub(crate) fn shown(&self) -> String {
        printable(&self.line, SHOWN)
    }
}

/// Reads the greeting.
///
/// # Errors
/// `imap_greeting` when the server says goodbye at once; `imap_not_spoken`;
/// those of [`Dialog::line`].
pub(crate) fn greeting<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<String> {
    let line = at(dialog.line(), "the greeting")?;
    let Some(text) = line.strip_prefix("* ") else {
        return Err(not_spoken(&line).into());
    };
    let text = printable(text, SHOWN);
    let word = text.split(' ').next().unwrap_or_default();
    match word.to_ascii_uppercase().as_str() {
        "OK" | "PREAUTH" => Ok(text),
        "BYE" => Err(
            Failure::new("imap_greeting", format!("the server greets with `{text}`"))
                .hint("look at the mail server's log")
                .into(),
        ),
        _ => Err(not_spoken(&line).into()),
    }
}

/// The words of the server's capabilities.
///
/// # Errors
/// `imap_capability` when it refuses; those of [`command`].
pub(crate) fn capabilities<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Vec<String>> {
    let answer = command(dialog, "CAPABILITY")?;
    let words = answer.data.iter().find_map(|line| {
        let (first, words) = line.split_once(' ')?;
        first.eq_ignore_ascii_case("CAPABILITY").then_some(words)
    });
    let Some(words) = words.filter(|_| answer.is_ok) else {
        return Err(Failure::new(
            "imap_capability",
            format!("the server answers CAPABILITY with `{}`", answer.shown()),
        )
        .into());
    };
    let words = words.split_ascii_whitespace();
    Ok(words.map(str::to_ascii_uppercase).collect())
}

/// Asks for TLS.
///
/// # Errors
/// `starttls_refused`; those of [`command`].
pub(crate) fn start_tls<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<()> {
    let answer = command(dialog, "STARTTLS")?;
    if answer.is_ok {
        return Ok(());
    }
    let line = answer.shown();
    Err(Failure::new(
        "starttls_refused",
        format!("the server answers STARTTLS with `{line}`"),
    )
    .hint("look at the mail server's log")
    .into())
}

/// Logs in. Both are sent as literals, which may hold any character.
///
/// # Errors
/// Those of [`command`].
pub(crate) fn login<S: Read + Write>(
    dialog: &mut Dialog<S>,
    user: &str,
    password: &str,
) -> Result<Answer> {
    literals(dialog, &["LOGIN", user, password])
}

/// Sends a command and reads the answer.
///
/// # Errors
/// `imap_not_spoken`; `too_much`; those of [`Dialog::line`].
pub(crate) fn command<S: Read + Write>(dialog: &mut Dialog<S>, text: &str) -> Result<Answer> {
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
