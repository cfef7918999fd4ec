//! What is read from a certificate beyond what webpki looks at.

use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error};
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;

/// <https://oidref.com/2.5.4.3>
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// <https://oidref.com/2.5.29.17>
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");

/// Whether it is valid now.
pub(super) fn check_dates(certificate: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = Certificate::from_der(certificate)
        .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
    let validity = parsed.tbs_certificate.validity;
    let now = Duration::from_secs(now.as_secs());
    if now < validity.not_before.to_unix_duration() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > validity.not_after.to_unix_duration() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// Whether it has no alternative names and `host` for its common name, whose
/// first label may be a star.
pub(super) fn has_common_name(certificate: &CertificateDer<'_>, host: &str) -> bool {
    let Ok(parsed) = Certificate::from_der(certificate) else {
        return false;
    };
    let body = parsed.tbs_certificate;
    let extensions = body.extensions.unwrap_or_default();
    if extensions
        .iter()
        .any(|extension| extension.extn_id == ALTERNATIVE_NAMES)
    {
        return false;
    }
    let attributes = body.subject.0.iter().flat_map(|set| set.0.iter());
    let names = attributes.filter(|attribute| attribute.oid == COMMON_NAME);
    names.into_iter().any(|attribute| {
        let utf8 = attribute.value.decode_as::<Utf8StringRef<'_>>();
        let printable = attribute.value.decode_as::<PrintableStringRef<'_>>();
        utf8.is_ok_and(|name| matches(name.as_str(), host))
            || printable.is_ok_and(|name| matches(name.as_str(), host))
    })
}

fn matches(name: &str, host: &str) -> bool {
    if let Some(rest) = name.strip_prefix("*.") {
        return host
            .split_once('.')
            .is_some_and(|(_, after)| after.eq_ignore_ascii_case(rest));
    }
    name.eq_ignore_ascii_case(host)
}
