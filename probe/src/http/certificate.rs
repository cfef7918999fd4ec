//! What is wrong with a server's certificate, in words.

use rustls::client::danger::ServerCertVerified;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};
use std::time::Duration;
use toolkit::failure::Failure;
use x509_cert::Certificate;
use x509_cert::der::Decode;

/// Verifies a certificate that is trusted as it is: a self-signed server's,
/// which webpki would call a misused authority.
pub(super) fn verify_itself(
    server: &CertificateDer<'_>,
    host: &ServerName<'_>,
    now: UnixTime,
) -> Result<ServerCertVerified, Error> {
    let parsed = Certificate::from_der(server).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate.validity;
    let now = Duration::from_secs(now.as_secs());
    if now < validity.not_before.to_unix_duration() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(CertificateError::Expired.into());
    }
    rustls::client::verify_server_name(&ParsedCertificate::try_from(server)?, host)?;
    Ok(ServerCertVerified::assertion())
}

/// The failure of a certificate that is refused for `why`.
pub(super) fn refused(
    why: &CertificateError,
    server: &CertificateDer<'_>,
    host: &ServerName<'_>,
) -> Failure {
    use CertificateError as E;
    let host = host.to_str();
    let parsed = Certificate::from_der(server).ok();
    let body = parsed.map(|parsed| parsed.tbs_certificate);
    let issuer = body
        .as_ref()
        .map_or_else(String::new, |body| body.issuer.to_string());
    let is_self_signed = body
        .as_ref()
        .is_some_and(|body| body.issuer == body.subject);
    let of =
        |reason, what: String| Failure::new(reason, format!("the certificate of `{host}` {what}"));
    match why {
        E::Expired | E::ExpiredContext { .. } => {
            let end = body.map_or_else(String::new, |body| {
                format!(" on {}", body.validity.not_after)
            });
            of("tls_expired", format!("expired{end}"))
                .hint("renew it, and let the server read it anew")
        }
        E::NotValidYet | E::NotValidYetContext { .. } => {
            let start = body.map_or_else(String::new, |body| {
                format!(" before {}", body.validity.not_before)
            });
            of("tls_not_yet_valid", format!("is not valid{start}"))
                .hint("compare the clocks of both machines")
        }
        E::NotValidForName => of("tls_wrong_host", "was issued for another host".into()),
        E::NotValidForNameContext { presented, .. } => of(
            "tls_wrong_host",
            format!("was issued for {}", names(presented)),
        )
        .hint("name the host as the certificate does, or have it issued for this name too"),
        // Such a one often says that it is an authority, which webpki minds first.
        E::UnknownIssuer | E::Other(_) if is_self_signed => {
            of("tls_self_signed", "is signed by itself".into())
                .hint("have it signed by an authority, or name its file as `ca`")
        }
        E::UnknownIssuer => of(
            "tls_unknown_issuer",
            format!("is signed by `{issuer}`, who is not trusted"),
        )
        .hint(
            "let the server send the certificates in between, or name the authority's file as `ca`",
        ),
        E::Revoked => of("tls_revoked", "was revoked".into()),
        other => of("tls_certificate", format!("cannot be verified: {other}")),
    }
}

/// `DnsName("a.example")` is how rustls lists what a certificate is for.
fn names(presented: &[String]) -> String {
    const MOST: usize = 5;
    let plain = |name: &String| {
        let quoted = name.split('"').nth(1);
        format!("`{}`", quoted.unwrap_or(name))
    };
    match presented.get(..MOST) {
        _ if presented.is_empty() => "no host".into(),
        None => presented.iter().map(plain).collect::<Vec<_>>().join(", "),
        Some(first) => {
            let first: Vec<_> = first.iter().map(plain).collect();
            format!("{} and {} more", first.join(", "), presented.len() - MOST)
        }
    }
}
