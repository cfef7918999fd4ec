//! SMTP as far as a check speaks it (RFC 5321, RFC 3207).

mod login;

use super::dialog::{Dialog, at};
use super::mail::Mail;
use super::printable;
use super::starttls::own_name;
use anyhow::Result;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// The most lines of one reply that are read.
const MOST_LINES: usize = 100;
const SHOWN: usize = 200;

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Three digits.
    pub(crate) code: u16,
    /// What follows them, line by line.
    pub(crate) lines: Vec<String>,
}

impl Reply {
    /// The code and the first line.
    pub(crate) fn shown(&self) -> String {
        let first = self.lines.first().map_or("", String::as_str);
        printable(&format!("{} {first}", self.code), SHOWN)
    }

    /// Whether it offers the extension `word`, or, as in `AUTH PLAIN`, that with
    /// this parameter.
    pub(crate) fn offers(&self, wanted: &str) -> bool {
        let mut wanted = wanted.split_ascii_whitespace();
        let keyword = wanted.next().unwrap_or_default();
        let parameters: Vec<_> = wanted.collect();
        // The first line is the server's name.
        self.lines.iter().skip(1).any(|line| {
            let mut words = line.split_ascii_whitespace();
            let is_it = words
                .next()
                .is_some_and(|word| word.eq_ignore_ascii_case(keyword));
            let words: Vec<_> = words.collect();
            let has = |one: &&str| words.iter().any(|word| word.eq_ignore_ascii_case(one));
            is_it && parameters.iter().all(has)
        })
    }
}

/// Reads a reply.
///
/// # Errors
/// `smtp_not_spoken` when it is none; those of [`Dialog::line`].
fn reply<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Reply> {
    let mut lines = Vec::new();
    loop {
        let line = dialog.line()?;
        let Some((code, is_last, text)) = part(&line) else {
            return Err(not_spoken(&line).into());
        };
        lines.push(text.to_owned());
        if is_last {
            return Ok(Reply { code, lines });
        }
        if lines.len() >= MOST_LINES {
            return Err(Failure::new("too_much", "the server's reply does not end").into());
        }
    }
}

fn part(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let is_code = code.bytes().all(|byte| byte.is_ascii_digit());
    let code = code.parse().ok().filter(|_| is_code)?;
    match rest.chars().next() {
        None => Some((code, true, "")),
        Some(' ') => Some((code, true, &rest[1..])),
        Some('-') => Some((code, false, &rest[1..])),
        Some(_) => None,
    }
}

fn not_spoken(line: &str) -> Failure {
    let line = printable(line, SHOWN);
    Failure::new(
        "smtp_not_spoken",
        format!("the server speaks something other than SMTP: `{line}`"),
    )
    .hint("is this the port of a mail server, or does it speak TLS at once?")
}

/// The protocol.
#[derive(Debug)]
pub(crate) struct Smtp;

impl Mail for Smtp {
    /// The answer to EHLO.
    type Offers = Reply;

    const GOODBYE: &'static str = "QUIT";

    /// # Errors
    /// `smtp_greeting` when the server takes no mail now; those of [`reply`].
    fn greeting<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<String> {
        let reply = at(reply(dialog), "the greeting")?;
        Ok(expect(reply, &[220], "smtp_greeting", "greets with")?.shown())
    }

    /// # Errors
    /// `smtp_ehlo` when the server refuses; those of [`reply`].
    fn offers<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Reply> {
        let reply = say(dialog, &format!("EHLO {}", own_name()), "EHLO")?;
        expect(reply, &[250], "smtp_ehlo", "answers EHLO with")
    }

    fn has(offers: &Reply, wanted: &str) -> bool {
        offers.offers(wanted)
    }

    /// # Errors
    /// `starttls_refused`; those of [`reply`].
    fn start_tls<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<()> {
        let reply = say(dialog, "STARTTLS", "STARTTLS")?;
        expect(reply, &[220], "starttls_refused", "answers STARTTLS with")?;
        Ok(())
    }

    /// # Errors
    /// `smtp_no_login` when it takes none; `smtp_refused` when it does not now;
    /// those of [`reply`].
    fn log_in<S: Read + Write>(
        dialog: &mut Dialog<S>,
        offers: &Reply,
        user: &str,
        password: &str,
    ) -> Result<Option<String>> {
        login::log_in(dialog, offers, user, password)
    }
}

/// Says `text`, called `step` in messages, and reads the reply.
///
/// # Errors
/// Those of [`reply`].
fn say<S: Read + Write>(dialog: &mut Dialog<S>, text: &str, step: &str) -> Result<Reply> {
    dialog.send(text)?;
    at(reply(dialog), &format!("the answer to {step}"))
}

/// Says what the server takes with one of `codes` when it goes on.
///
/// # Errors
/// `smtp_refused` when it does not; those of [`reply`].
pub(crate) fn go_on<S: Read + Write>(
    dialog: &mut Dialog<S>,
    text: &str,
    step: &str,
    codes: &[u16],
) -> Result<()> {
    let reply = say(dialog, text, step)?;
    expect(reply, codes, REFUSED, &format!("answers {step} with"))?;
    Ok(())
}

/// The reason of what a server does not take.
const REFUSED: &str = "smtp_refused";

fn expect(reply: Reply, codes: &[u16], reason: &'static str, what: &str) -> Result<Reply> {
    if codes.contains(&reply.code) {
        return Ok(reply);
    }
    let message = format!("the server {what} `{}`", reply.shown());
    Err(Failure::new(reason, message)
        .hint("look at the mail server's log")
        .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_read_as_they_are_written() {
        assert_eq!(part("220 mx ready"), Some((220, true, "mx ready")));
        assert_eq!(part("250-SIZE 10"), Some((250, false, "SIZE 10")));
        assert_eq!(part("250"), Some((250, true, "")));
        for wrong in [
            "",
            "22",
            "+OK",
            "abc hi",
            "+22 hi",
            "220_hi",
            "é20 hi",
            "HTTP/1.1 400",
        ] {
            assert_eq!(part(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn extensions_are_words_and_not_parts_of_them() {
        let lines = ["AUTH", "SIZE 10", "auth plain LOGIN", "STARTTLSX"];
        let reply = Reply {
            code: 250,
            lines: lines.map(str::to_owned).to_vec(),
        };
        for there in ["SIZE", "auth", "AUTH PLAIN", "AUTH LOGIN PLAIN"] {
            assert!(reply.offers(there), "{there}");
        }
        for missing in ["STARTTLS", "AUTH XOAUTH2", "PLAIN"] {
            assert!(!reply.offers(missing), "{missing}");
        }
    }
}
