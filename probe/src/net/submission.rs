//! Handing a message to a mail server (RFC 6409), by a deadline for all of it.

use super::mail::{self, Begun, Encryption, Mail};
use super::smtp::{self, Smtp};
use super::tls::{self, Trust};
use super::{Address, Connection, Dialog, Stream, starttls};
use crate::Deadline;
use anyhow::Result;
use std::path::Path;
use toolkit::config::Secret;

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
    /// the letter; those of [`StartTls::ask`](super::StartTls::ask) and
    /// [`tls::start_proven`]; `certificate_unreadable` for `ca`; `closed_early`,
    /// `timeout`.
    pub fn send(&self, letter: &Letter<'_>, deadline: Deadline) -> Result<()> {
        let (stream, _) = Stream::open(self.server, deadline)?;
        let begun = Begun::<Smtp>::with(stream, self.encryption, |stream| {
            let host = tls::name(&self.server.host)?;
            tls::start_proven(stream, &host, &*Trust::by(self.ca)?)
        })?;
        if self.encryption == Encryption::Starttls && !begun.is_encrypted() {
            return Err(starttls::missing().into());
        }
        let mut dialog = begun.dialog;
        if let Some((user, password)) = self.login {
            let refused = Smtp::log_in(&mut dialog, &begun.offers, user, password.expose())?;
            if let Some(answer) = refused {
                return Err(mail::refused("smtp_login", user, &answer).into());
            }
        }
        letter.deliver(&mut dialog)?;
        // What comes of a goodbye changes nothing.
        let _ = dialog.send(Smtp::GOODBYE);
        Ok(())
    }
}

impl Letter<'_> {
    fn deliver(&self, dialog: &mut Dialog<Connection>) -> Result<()> {
        let Self { from, to, content } = self;
        let is_ascii = from.is_ascii() && to.iter().all(|to| to.is_ascii());
        let utf8 = if is_ascii { "" } else { " SMTPUTF8" };
        let from = format!("MAIL FROM:<{from}>{utf8}");
        smtp::go_on(dialog, &from, &from, &[250])?;
        for to in *to {
            let to = format!("RCPT TO:<{to}>");
            // 251 is taken as well, for somewhere else.
            smtp::go_on(dialog, &to, &to, &[250, 251])?;
        }
        smtp::go_on(dialog, "DATA", "DATA", &[354])?;
        smtp::go_on(dialog, &dotted(content), "the message", &[250])
    }
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
