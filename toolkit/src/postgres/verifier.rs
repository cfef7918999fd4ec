//! Whether a server's certificate is what `sslmode` asks for, and what is wrong
//! with it otherwise.

use super::certificate;
use super::error::inside;
use super::tls::{SslMode, Tls, certificates, failed};
use crate::failure::Failure;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::error::Error as StdError;
use std::path::Path;

/// Judges the server's certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    /// None: any certificate will do.
    roots: Option<Roots>,
    /// Whether it must have been issued for the host.
    name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

#[derive(Debug)]
struct Roots {
    store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
}

impl Verifier {
    pub(super) fn new(tls: &Tls, provider: &CryptoProvider) -> Result<Self, Failure> {
        let roots = match &tls.roots {
            Some(file) => Some(Roots::read(file)?),
            None if tls.mode >= SslMode::VerifyCa => {
                return Err(failed(
                    "`sslmode` asks for a verified certificate, and no `sslrootcert` is named or in `~/.postgresql/root.crt`".into(),
                ));
            }
            None => None,
        };
        Ok(Self {
            roots,
            name: tls.mode == SslMode::VerifyFull,
            algorithms: provider.signature_verification_algorithms,
        })
    }
}

impl Roots {
    fn read(file: &Path) -> Result<Self, Failure> {
        let certificates = certificates(file)?;
        let mut store = RootCertStore::empty();
        // Very old authorities in a system's list are no reason to fail.
        store.add_parsable_certificates(certificates.iter().cloned());
        Ok(Self {
            store,
            certificates,
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else {
            return Ok(ServerCertVerified::assertion());
        };
        if roots.certificates.iter().any(|root| root == server) {
            // A self-signed server, trusted by itself: what PostgreSQL's own
            // documentation sets up, and what webpki calls a misused authority.
            certificate::check_dates(server, now)?;
        } else {
            rustls::client::verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(server)?,
                &roots.store,
                intermediates,
                now,
                self.algorithms.all,
            )?;
        }
        if self.name {
            check_name(server, host)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Whether the certificate was issued for `host`: by its alternative names,
/// or, as in libpq, by its common name when it has none.
fn check_name(server: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let checked = ParsedCertificate::try_from(server)
        .and_then(|parsed| rustls::client::verify_server_name(&parsed, host));
    match checked {
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) if certificate::has_common_name(server, &host.to_str()) => Ok(()),
        other => other,
    }
}

/// What is wrong with a server's certificate, in words, when that is what
/// `error` or one of its causes is about.
pub(super) fn complaint(error: &(dyn StdError + 'static)) -> Option<String> {
    match inside::<Error>(error)? {
        Error::InvalidCertificate(why) => Some(words(why)),
        _ => None,
    }
}

fn words(why: &CertificateError) -> String {
    let words = match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "was issued for another host"
        }
        CertificateError::UnknownIssuer => "is signed by nobody in `sslrootcert`",
        CertificateError::BadSignature => "has a signature that is not its issuer's",
        // Such as X.509 version 1, which `openssl x509 -req` made for long.
        other => return format!("its certificate cannot be verified ({other})"),
    };
    format!("its certificate {words}")
}
