//! From a connection in the clear to where TLS begins.

use super::Stream;
use super::dialog::at;
use super::imap::Imap;
use super::mail::{Begun, Mail};
use super::smtp::Smtp;
use anyhow::Result;
use serde::Deserialize;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// The protocol in which TLS is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartTls {
    /// SMTP's `STARTTLS`.
    Smtp,
    /// IMAP's `STARTTLS`.
    Imap,
    /// PostgreSQL's `SSLRequest`.
    Postgres,
}

impl StartTls {
    /// Asks for TLS on a new connection, and returns it where TLS begins.
    ///
    /// # Errors
    /// `starttls_missing` when the server does not offer it,
    /// `starttls_refused`, `starttls_injected`, and what the protocol finds.
    pub fn ask(self, stream: Stream) -> Result<Stream> {
        match self {
            Self::Smtp => mail::<Smtp>(stream),
            Self::Imap => mail::<Imap>(stream),
            Self::Postgres => postgres(stream),
        }
    }
}

fn mail<P: Mail>(stream: Stream) -> Result<Stream> {
    let begun = Begun::<P, _>::in_clear(stream)?;
    if !begun.has_starttls() {
        return Err(missing().into());
    }
    begun.start_tls()
}

/// The failure that a server does not offer STARTTLS.
pub(crate) fn missing() -> Failure {
    Failure::new("starttls_missing", "the server does not offer STARTTLS")
        .hint("set up a certificate in the server; or is TLS spoken at once on this port?")
}

/// The name under which this machine greets.
pub(crate) fn own_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy().into_owned();
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return "localhost".into();
    }
    name
}

/// <https://www.postgresql.org/docs/current/protocol-message-formats.html>
fn postgres(mut stream: Stream) -> Result<Stream> {
    const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let deadline = stream.deadline();
    let mut answer = [0];
    let asked = stream.write_all(&SSL_REQUEST);
    let answered = asked.and_then(|()| stream.read_exact(&mut answer));
    at(
        answered.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset => {
                Failure::new("closed_early", "the server closed the connection").into()
            }
            _ => deadline.explain(error),
        }),
        "the answer to SSLRequest",
    )?;
    match &answer {
        b"S" => Ok(stream),
        b"N" => Err(
            Failure::new("starttls_missing", "the server does not speak TLS")
                .hint("set `ssl = on` in postgresql.conf")
                .into(),
        ),
        b"E" => Err(Failure::new("starttls_refused", "the server answers with an error").into()),
        _ => Err(Failure::new(
            "pg_not_spoken",
            "the server speaks something other than PostgreSQL's protocol",
        )
        .into()),
    }
}
