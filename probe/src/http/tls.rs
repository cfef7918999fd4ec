//! TLS to a server whose certificate is verified, and what is wrong with it
//! otherwise.

use super::certificate;
use super::wire::Timed;
use crate::Deadline;
use crate::net::Address;
use anyhow::{Context, Result};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, InvalidMessage, RootCertStore,
    SignatureScheme, StreamOwned,
};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use toolkit::failure::Failure;

/// What rustls needs for one connection, and what it found wrong.
#[derive(Debug)]
pub(super) struct Client {
    config: Arc<ClientConfig>,
    verifier: Arc<Verifier>,
}

impl Client {
    /// One that trusts the authorities of the PEM file `ca`, else the
    /// machine's.
    ///
    /// # Errors
    /// `tls_ca` when there are none.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let (roots, named) = match ca {
            None => (machine(), Vec::new()),
            Some(file) => authorities(file)?,
        };
        let inner = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
        let verifier = Arc::new(Verifier {
            inner: inner.build().map_err(|error| unusable(ca, &error))?,
            named,
            refused: Mutex::new(None),
        });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .context("cannot set up TLS")?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
            .with_no_client_auth();
        Ok(Self {
            config: Arc::new(config),
            verifier,
        })
    }

    /// Shakes hands with the server at `address`.
    ///
    /// # Errors
    /// What is wrong with its certificate, or with its TLS.
    pub(super) fn shake(
        &self,
        address: &Address,
        mut timed: Timed,
        deadline: Deadline,
    ) -> Result<StreamOwned<ClientConnection, Timed>> {
        let name = ServerName::try_from(address.host.clone())
            .with_context(|| format!("`{}` is no name for TLS", address.host))?;
        let mut client = ClientConnection::new(Arc::clone(&self.config), name)?;
        while client.is_handshaking() {
            let Err(error) = client.complete_io(&mut timed) else {
                continue;
            };
            if let Some(failure) = self.verifier.refused() {
                return Err(failure.into());
            }
            if error.kind() == ErrorKind::TimedOut {
                let late = anyhow::Error::from(deadline.missed());
                return Err(late.context(format!("no TLS handshake with {address}")));
            }
            return Err(no_handshake(&error, address).into());
        }
        Ok(StreamOwned::new(client, timed))
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

/// Whom this machine trusts: read once, as that takes a while.
fn machine() -> Arc<RootCertStore> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        // One that cannot be read is one that is not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Arc::new(roots)
    });
    Arc::clone(roots)
}

fn authorities(file: &Path) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>)> {
    let named = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(Some(file), &error))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(named.iter().cloned());
    Ok((Arc::new(roots), named))
}

fn unusable(ca: Option<&Path>, why: &dyn std::fmt::Display) -> Failure {
    let from = ca.map_or("this machine".to_owned(), |file| {
        format!("`{}`", file.display())
    });
    Failure::new(
        "tls_ca",
        format!("no certificate authority in {from}: {why}"),
    )
    .hint("`ca` is a file of certificates in PEM format")
}

/// Verifies as webpki does, and remembers what is wrong.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    /// The certificates of `ca`: a server may show one of them as its own.
    named: Vec<CertificateDer<'static>>,
    refused: Mutex<Option<Failure>>,
}

impl Verifier {
    fn refused(&self) -> Option<Failure> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.take()
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = if self.named.iter().any(|named| named == server) {
            certificate::verify_itself(server, host, now)
        } else {
            let inner = &self.inner;
            inner.verify_server_cert(server, intermediates, host, ocsp, now)
        };
        if let Err(Error::InvalidCertificate(why)) = &verified {
            let failure = certificate::refused(why, server, host);
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            *refused = Some(failure);
        }
        verified
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
