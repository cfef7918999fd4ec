//! What a certificate says.

use anyhow::Result;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use toolkit::failure::Failure;
use x509_cert::der::Decode;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

const DAY: f64 = 24.0 * 3600.0;
/// Fifty times what a list of all public authorities takes.
const LARGEST: u64 = 10 * 1024 * 1024;
/// A name longer than this is cut in messages.
const LONGEST: usize = 200;

/// What is read from a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whom it is for, as in RFC 4514: `CN=example.org`.
    pub subject: String,
    /// Who signed it.
    pub issuer: String,
    /// Whether these two are the same.
    pub is_self_issued: bool,
    /// The hosts that it is for: DNS names and addresses.
    pub names: Vec<String>,
    /// From when on it is valid, in seconds since 1970.
    pub not_before: u64,
    /// Until when.
    pub not_after: u64,
}

/// The certificates in a PEM file, in its order.
///
/// # Errors
/// `certificate_unreadable` when there is none, or one is broken.
pub fn read_chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let unreadable = |why: String| {
        let message = format!("cannot read `{}`: {why}", file.display());
        Failure::new("certificate_unreadable", message)
            .hint("give a readable file with certificates in PEM format")
    };
    let bytes = read_file(file).map_err(|error| unreadable(error.to_string()))?;
    let found = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unreadable(error.to_string()))?;
    if found.is_empty() {
        return Err(unreadable("it holds no certificate".into()));
    }
    Ok(found)
}

/// The content of a file; never that of a pipe or a device, which may not end.
pub(crate) fn read_file(file: &Path) -> io::Result<Vec<u8>> {
    let there = fs::metadata(file)?;
    if !there.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    if there.len() > LARGEST {
        return Err(io::Error::other("it is too large"));
    }
    fs::read(file)
}

impl Certificate {
    /// Reads one.
    ///
    /// # Errors
    /// `certificate_unreadable` when it is not X.509.
    pub fn read(der: &CertificateDer<'_>) -> Result<Self, Failure> {
        let parsed = x509_cert::Certificate::from_der(der).map_err(|error| {
            Failure::new(
                "certificate_unreadable",
                format!("its certificate is not X.509: {error}"),
            )
        })?;
        let body = parsed.tbs_certificate;
        // One whose names cannot be read is for nobody.
        let names = body.get::<SubjectAltName>().ok().flatten();
        let names = names.map(|(_, names)| names.0).unwrap_or_default();
        Ok(Self {
            subject: text(&body.subject),
            issuer: text(&body.issuer),
            is_self_issued: body.subject == body.issuer,
            names: names.iter().filter_map(host).collect(),
            not_before: body.validity.not_before.to_unix_duration().as_secs(),
            not_after: body.validity.not_after.to_unix_duration().as_secs(),
        })
    }

    /// How many days it is valid from `now` on, a time in seconds since 1970;
    /// less than zero once it has expired.
    #[allow(clippy::cast_precision_loss)] // days are asked for, not nanoseconds
    pub fn days_left(&self, now: u64) -> f64 {
        (self.not_after as f64 - now as f64) / DAY
    }

    /// How people know it: by its first name, else by its subject.
    pub fn title(&self) -> &str {
        self.names.first().unwrap_or(&self.subject)
    }
}

/// The day of a time in seconds since 1970: `2026-11-20`.
pub(crate) fn day(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok();
    let time = time.and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    time.map_or_else(
        || "an unknown day".into(),
        |time| time.format("%Y-%m-%d").to_string(),
    )
}

fn text(name: &Name) -> String {
    if name.is_empty() {
        return "nobody".into();
    }
    printable(&name.to_string())
}

fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(printable(name.as_str())),
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let address = four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn printable(text: &str) -> String {
    crate::net::printable(text, LONGEST)
}
