//! TLS to a server whose certificate holds, and what is wrong otherwise.

use super::certificate;
use crate::Limits;
use crate::net::tls::{self, Asked, Session, Trust};
use crate::net::{Address, Stream};
use anyhow::Result;
use rustls::pki_types::UnixTime;
use rustls::{Error, InvalidMessage};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use toolkit::failure::Failure;

/// Whom a request trusts.
#[derive(Debug)]
pub(super) struct Client(Arc<Trust>);

impl Client {
    /// One that trusts the authorities of the PEM file `ca`, else the
    /// machine's.
    ///
    /// # Errors
    /// `tls_ca` when there are none.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self> {
        let trust = Trust::by(ca).map_err(|error| Failure {
            reason: "tls_ca",
            ..Failure::of(&error).hint("`ca` is a file of certificates in PEM format")
        });
        Ok(Self(trust?))
    }

    /// Shakes hands with the server at `address`.
    ///
    /// # Errors
    /// What is wrong with its certificate, or with its TLS.
    pub(super) fn shake(&self, address: &Address, stream: Stream) -> Result<Session> {
        let host = tls::name(&address.host)?;
        let deadline = stream.deadline();
        let session = tls::shake(stream, &host).map_err(|error| {
            if error.kind() == ErrorKind::TimedOut {
                let late = anyhow::Error::from(deadline.missed());
                return late.context(format!("no TLS handshake with {address}"));
            }
            no_handshake(&error, address).into()
        })?;
        let asked = Asked {
            whose: Some((&host, &self.0)),
            days: Limits::default(),
            now: UnixTime::now(),
        };
        match certificate::refused(&session.shown, &host, &asked) {
            Some(failure) => Err(failure.into()),
            None => Ok(session),
        }
    }
}

fn no_handshake(error: &std::io::Error, address: &Address) -> Failure {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) => {
            Failure::new("tls_none", format!("{address} speaks no TLS"))
                .hint("write `http://`, or let it speak TLS there")
        }
        Some(Error::AlertReceived(alert)) => {
            let message = format!("{address} refuses the TLS handshake: {alert:?}");
            Failure::new("tls_refused", message)
                .hint("look at its log; it may know no version from TLS 1.2 on")
        }
        Some(Error::PeerIncompatible(why)) => Failure::new(
            "tls_refused",
            format!("{address} speaks no TLS that is still safe: {why:?}"),
        )
        .hint("let it speak TLS 1.2 or 1.3"),
        Some(other) => Failure::new("tls_refused", format!("no TLS with {address}: {other}")),
        None => Failure::new(
            "tls_broken_off",
            format!("{address} closed the connection during the TLS handshake"),
        ),
    }
}
