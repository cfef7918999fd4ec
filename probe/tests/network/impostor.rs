//! A TLS server that shows a certificate without having its key.

use crate::authority::Pair;
use crate::hostile;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};
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
    let chain = CertificateDer::pem_slice_iter(shown.certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
    let key = ring::sign::any_supported_type(&key).unwrap();
    let resolver = Impostor(Arc::new(CertifiedKey::new(chain, key)));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(resolver));
    let config = Arc::new(config);
    hostile::serve(move |mut stream| {
        let mut server = ServerConnection::new(Arc::clone(&config)).unwrap();
        while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
        // Until the other side closes.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}
