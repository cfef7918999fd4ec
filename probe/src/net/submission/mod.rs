//! Handing a message to a mail server (RFC 6409), by a deadline for all of it.

mod login;

use super::dialog::{Dialog, at};
use super::smtp::{self, Reply};
use super::starttls::own_name;
use super::tls::{self, Session, Trust};
use super::{Address, StartTls, Stream};
use crate::Deadline;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::io::{Read, Write};
use std::path::Path;
use toolkit::config::Secret;
use toolkit::failure::Failure;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Asked for in clear, and insisted on.
    #[default]
    Starttls,
    /// From the first byte, as on port 465.
    Tls,
    /// Not at all: for a relay on this machine.
    None,
}

/// A mail server, and as whom it is used.
#[derive(Debug, Clone, Copy)]
pub struct Submission<'a> {
    /// Where it is; its certificate must be for this host.
    pub server: &'a Address,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// The PEM file of the authorities that are trusted instead of the
    /// machine's.
    pub ca: Option<&'a Path>,
    /// User and password.
    pub login: Option<(&'a str, &'a Secret)>,
}

/// A message on its way. Addresses are without `<>` and ends of lines.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// The sender's address.
    pub from: &'a str,
    /// The addresses of the recipients.
    pub to: &'a [&'a str],
    /// Headers and body, in lines that end in CRLF.
    pub content: &'a str,
}

impl Submission<'_> {
    /// Hands over `letter`. The password is sent only where the certificate, if
    /// there is to be one, holds.
    ///
    /// # Errors
    /// `smtp_login` when the server refuses user and password,
    /// `smtp_no_login` when it takes none, `smtp_refused` when it does not take
    /// the letter; those of [`StartTls::ask`] and [`tls::start_proven`];
    /// `certificate_unreadable` for `ca`; `closed_early`, `timeout`.
    pub fn send(&self, letter: &Letter<'_>, deadline: Deadline) -> Result<()> {
        let (stream, _) = Stream::open(self.server, deadline)?;
        match self.encryption {
            Encryption::None => {
                let mut dialog = Dialog::plain(stream);
                smtp::greeting(&mut dialog)?;
                self.deliver(dialog, letter)
            }
            Encryption::Starttls => {
                let session = self.secure(StartTls::Smtp.ask(stream)?)?;
                self.deliver(Dialog::new(session, deadline), letter)
            }
            Encryption::Tls => {
                let mut dialog = Dialog::new(self.secure(stream)?, deadline);
                smtp::greeting(&mut dialog)?;
                self.deliver(dialog, letter)
            }
        }
    }

    fn secure(&self, stream: Stream) -> Result<Session> {
        let host = tls::name(&self.server.host)?;
        tls::start_proven(stream, &host, &*Trust::by(self.ca)?)
    }

    fn deliver<S: Read + Write>(&self, mut dialog: Dialog<S>, letter: &Letter<'_>) -> Result<()> {
        let hello = smtp::hello(&mut dialog, &own_name())?;
        if let Some((user, password)) = self.login {
            login::log_in(&mut dialog, &hello, user, password.expose())?;
        }
        let Letter { from, to, content } = letter;
        let is_ascii = from.is_ascii() && to.iter().all(|to| to.is_ascii());
        let utf8 = if is_ascii { "" } else { " SMTPUTF8" };
        accepted(&mut dialog, &format!("MAIL FROM:<{from}>{utf8}"))?;
        for to in *to {
            accepted(&mut dialog, &format!("RCPT TO:<{to}>"))?;
        }
        let data = say(&mut dialog, "DATA", "DATA")?;
        if data.code != 354 {
            return Err(refused("DATA", &data));
        }
        let taken = say(&mut dialog, &dotted(content), "the message")?;
        if taken.code != 250 {
            return Err(refused("the message", &taken));
        }
        // What comes of a goodbye changes nothing.
        let _ = dialog.send("QUIT");
        Ok(())
    }
}

fn accepted<S: Read + Write>(dialog: &mut Dialog<S>, command: &str) -> Result<()> {
    let answer = say(dialog, command, command)?;
    // 251 is taken as well, for somewhere else.
    if matches!(answer.code, 250 | 251) {
        return Ok(());
    }
    Err(refused(command, &answer))
}

fn say<S: Read + Write>(dialog: &mut Dialog<S>, text: &str, step: &str) -> Result<Reply> {
    dialog.send(text).with_context(|| step.to_owned())?;
    at(smtp::reply(dialog), &format!("the answer to {step}"))
}

fn refused(step: &str, answer: &Reply) -> anyhow::Error {
    let message = format!("the server answers {step} with `{}`", answer.shown());
    let failure = Failure::new("smtp_refused", message);
    failure.hint("look at the mail server's log").into()
}

/// A message as `DATA` takes it, without the last end of line: a dot alone ends
/// it, so that one that begins a line is doubled (RFC 5321, section 4.5.2).
fn dotted(content: &str) -> String {
    let content = content.strip_suffix("\r\n").unwrap_or(content);
    let lines = content.split("\r\n");
    let lines = lines.map(|line| {
        let dot = if line.starts_with('.') { "." } else { "" };
        format!("{dot}{line}\r\n")
    });
    lines.collect::<String>() + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_at_the_beginning_of_a_line_does_not_end_a_message() {
        assert_eq!(
            dotted("a: b\r\n\r\n.\r\nc.\r\n"),
            "a: b\r\n\r\n..\r\nc.\r\n."
        );
        assert_eq!(dotted(""), "\r\n.");
    }
}
