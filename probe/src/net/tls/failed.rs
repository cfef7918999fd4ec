//! Why there was no handshake.

use crate::Deadline;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, Error, InvalidMessage, PeerIncompatible};
use std::io::{self, ErrorKind};
use toolkit::failure::Failure;

/// The failure of a handshake that ended with `error`.
pub(super) fn failed(error: io::Error, host: &ServerName<'_>, deadline: Deadline) -> anyhow::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    if let Some(why) = inner {
        return refused(why, host).into();
    }
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => Failure::new(
            "closed_early",
            "the server closed the connection instead of starting TLS",
        )
        .hint("look at the server's log; does this port speak TLS at once?")
        .into(),
        _ => deadline.explain(error),
    }
}

/// What ended a connection after its handshake: `tls_client_certificate` when
/// the server wants us to show one, `tls_broken`, else what [`Deadline::explain`]
/// makes of it.
pub fn broken(error: io::Error, deadline: Deadline) -> anyhow::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        None => deadline.explain(error),
        Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            no_certificate_of_ours().into()
        }
        Some(why) => Failure::new("tls_broken", format!("TLS was broken off: {why}")).into(),
    }
}

fn no_certificate_of_ours() -> Failure {
    Failure::new(
        "tls_client_certificate",
        "the server serves only those who show a certificate",
    )
}

fn refused(why: &Error, host: &ServerName<'_>) -> Failure {
    match why {
        Error::InvalidMessage(
            InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload,
        ) => Failure::new(
            "tls_not_spoken",
            "the server answers with something other than TLS",
        )
        .hint("is this the port for TLS, or does it want `starttls`?"),
        Error::AlertReceived(AlertDescription::ProtocolVersion)
        | Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::SupportedVersionsExtensionRequired,
        ) => Failure::new("tls_protocol", "the server speaks neither TLS 1.2 nor 1.3")
            .hint("allow TLS 1.2 and 1.3 in the server's configuration"),
        Error::AlertReceived(AlertDescription::UnrecognisedName) => Failure::new(
            "tls_wrong_host",
            format!("the server knows no host `{}`", host.to_str()),
        )
        .hint("compare `host` with the names that the server is set up for"),
        Error::AlertReceived(AlertDescription::CertificateRequired) => no_certificate_of_ours(),
        Error::AlertReceived(alert) => Failure::new(
            "tls_refused",
            format!("the server refused the handshake ({alert:?})"),
        )
        .hint("look at the server's log, and at its certificate, protocols and ciphers"),
        other => Failure::new("tls_handshake", format!("no handshake: {other}")),
    }
}
