//! TLS servers as no package sets them up: one that shows a certificate
//! without having its key, one that serves nobody without a certificate.

use crate::authority::{Authority, Pair};
use crate::hostile;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::version::TLS13;
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use std::sync::Arc;

/// Shows one's certificate, and signs with another's key.
#[derive(Debug)]
struct Impostor(Arc<CertifiedKey>);

impl ResolvesServerCert for Impostor {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// Serves with the certificate of `shown` and the key of `own`; its address.
pub(crate) fn impostor(
    shown: &Pair,
    own: &Pair,
    version: &'static SupportedProtocolVersion,
) -> String {
    let key = ring::sign::any_supported_type(&key(own)).unwrap();
    let resolver = Impostor(Arc::new(CertifiedKey::new(chain(shown), key)));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    serve(config)
}

/// Serves those alone who show a certificate of `authority`'s.
pub(crate) fn demanding(pair: &Pair, authority: &Authority) -> String {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(chain(pair), key(pair));
    serve(config.unwrap())
}

fn chain(pair: &Pair) -> Vec<CertificateDer<'static>> {
    let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes());
    chain.collect::<Result<_, _>>().unwrap()
}

fn key(pair: &Pair) -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap()
}

fn serve(config: ServerConfig) -> String {
    let config = Arc::new(config);
    hostile::serve(move |mut stream| {
        let mut server = ServerConnection::new(Arc::clone(&config)).unwrap();
        while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
        // Until the other side closes.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}
