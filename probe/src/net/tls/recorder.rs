//! A verifier that accepts any certificate, and remembers it.

use anyhow::{Context, Result};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedProtocolVersion,
};
use std::sync::{Arc, Mutex, PoisonError};

/// What a server showed of itself.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Its certificate, then those of its issuers.
    pub chain: Vec<CertificateDer<'static>>,
    /// Why it is not proven that the server has the certificate's key.
    pub unproven: Option<Error>,
}

/// Takes any certificate in one handshake, and keeps what the server showed.
#[derive(Debug)]
pub(super) struct Recorder {
    shown: Mutex<Shown>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Recorder {
    /// A client for one connection, which offers these versions, and what will
    /// have seen its server.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(super) fn config(
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<(ClientConfig, Arc<Self>)> {
        let provider = Arc::new(ring::default_provider());
        let recorder = Arc::new(Self {
            shown: Mutex::default(),
            algorithms: provider.signature_verification_algorithms,
        });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .context("cannot set up TLS")?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&recorder) as _)
            .with_no_client_auth();
        // A resumed session shows no certificate.
        config.resumption = Resumption::disabled();
        Ok((config, recorder))
    }

    /// What the server showed; an empty chain when it has not come to that.
    pub(super) fn shown(&self) -> Shown {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, proof: Result<HandshakeSignatureValid, Error>) -> HandshakeSignatureValid {
        self.lock().unproven = proof.err();
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _host: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain = std::iter::once(server).chain(intermediates);
        self.lock().chain = chain.map(|one| one.clone().into_owned()).collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.algorithms;
        Ok(self.note(rustls::crypto::verify_tls12_signature(
            message,
            certificate,
            signed,
            known,
        )))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.algorithms;
        Ok(self.note(rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signed,
            known,
        )))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
