//! How a dialog with a mail server begins, in SMTP as in IMAP.

use super::tls::Session;
use super::{Connection, Dialog, Stream};
use anyhow::Result;
use serde::Deserialize;
use std::io::{Read, Write};
use toolkit::failure::Failure;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    /// Asked for in clear, and insisted on.
    #[default]
    Starttls,
    /// From the first byte, as on the ports 465 and 993.
    Tls,
    /// Not at all: for a relay on this machine.
    None,
}

/// A protocol of mail servers.
pub(crate) trait Mail {
    /// What a server says that it can do.
    type Offers;

    /// What is said before one leaves.
    const GOODBYE: &'static str;

    /// Reads the greeting, as it may be shown.
    fn greeting<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<String>;

    /// Asks what the server can do.
    fn offers<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<Self::Offers>;

    /// Whether that is among it.
    fn has(offers: &Self::Offers, wanted: &str) -> bool;

    /// Asks for TLS.
    fn start_tls<S: Read + Write>(dialog: &mut Dialog<S>) -> Result<()>;

    /// Logs in; when that is refused, returns the server's words.
    fn log_in<S: Read + Write>(
        dialog: &mut Dialog<S>,
        offers: &Self::Offers,
        user: &str,
        password: &str,
    ) -> Result<Option<String>>;
}

/// A dialog that has begun.
#[derive(Debug)]
pub(crate) struct Begun<P: Mail, S = Connection> {
    pub(crate) dialog: Dialog<S>,
    pub(crate) greeting: String,
    /// Over TLS, what is offered there.
    pub(crate) offers: P::Offers,
}

impl<P: Mail, S: Read + Write> Begun<P, S> {
    fn on(mut dialog: Dialog<S>) -> Result<Self> {
        let greeting = P::greeting(&mut dialog)?;
        let offers = P::offers(&mut dialog)?;
        Ok(Self {
            dialog,
            greeting,
            offers,
        })
    }
}

impl<P: Mail> Begun<P, Stream> {
    /// Begins in the clear.
    ///
    /// # Errors
    /// What the protocol finds.
    pub(crate) fn in_clear(stream: Stream) -> Result<Self> {
        let deadline = stream.deadline();
        Self::on(Dialog::new(stream, deadline))
    }

    /// Whether TLS can be asked for.
    pub(crate) fn has_starttls(&self) -> bool {
        P::has(&self.offers, "STARTTLS")
    }

    /// The connection, where TLS begins.
    ///
    /// # Errors
    /// `starttls_refused`, `starttls_injected`, and what the protocol finds.
    pub(crate) fn start_tls(mut self) -> Result<Stream> {
        P::start_tls(&mut self.dialog)?;
        self.dialog.into_stream()
    }
}

impl<P: Mail> Begun<P> {
    /// Begins on a new connection, which `secure` encrypts where it is to be;
    /// where the server offers no STARTTLS, it stays in the clear.
    ///
    /// # Errors
    /// Those of [`Begun::start_tls`] and of `secure`.
    pub(crate) fn with(
        stream: Stream,
        encryption: Encryption,
        secure: impl FnOnce(Stream) -> Result<Session>,
    ) -> Result<Self> {
        let deadline = stream.deadline();
        if encryption == Encryption::Tls {
            return Self::on(Dialog::new(secure(stream)?.into(), deadline));
        }
        let begun = Begun::<P, Stream>::in_clear(stream)?;
        if encryption == Encryption::None || !begun.has_starttls() {
            return Ok(Self {
                dialog: begun.dialog.into(),
                greeting: begun.greeting,
                offers: begun.offers,
            });
        }
        let greeting = begun.greeting.clone();
        let session = secure(begun.start_tls()?)?;
        let mut dialog = Dialog::new(session.into(), deadline);
        let offers = P::offers(&mut dialog)?;
        Ok(Self {
            dialog,
            greeting,
            offers,
        })
    }

    /// Whether what is said is encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self.dialog.stream(), Connection::Tls(_))
    }
}

/// The failure, called `reason`, of a login that the server refused with
/// `answer`.
pub(crate) fn refused(reason: &'static str, user: &str, answer: &str) -> Failure {
    let message = format!("the server refuses the login of `{user}`: `{answer}`");
    Failure::new(reason, message).hint("compare `user` and `password` with the mail server's")
}
