//! Encryption to a server, with the meaning that libpq gives to `sslmode`
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html>).

use super::conninfo::Keywords;
use super::params::bad;
use super::verifier::Verifier;
use crate::failure::Failure;
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where distributions keep the authorities that a system trusts.
const SYSTEM_ROOTS: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// libpq's `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Encrypted only when the server insists.
    Allow,
    /// Encrypted when the server can.
    Prefer,
    /// Encrypted; the server's identity is not asked for, unless a root
    /// certificate is there.
    Require,
    /// The certificate is signed by a trusted authority.
    VerifyCa,
    /// And it was issued for the host that was asked for.
    VerifyFull,
}

/// libpq's names, weakest first.
const MODES: &[(&str, SslMode)] = &[
    ("disable", SslMode::Disable),
    ("allow", SslMode::Allow),
    ("prefer", SslMode::Prefer),
    ("require", SslMode::Require),
    ("verify-ca", SslMode::VerifyCa),
    ("verify-full", SslMode::VerifyFull),
    // What node-postgres calls it.
    ("no-verify", SslMode::Require),
];

/// How a connection is encrypted, and whom it trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// How much is asked for.
    pub mode: SslMode,
    /// The authorities' certificates, PEM; when there, chains are verified in
    /// every mode, as libpq does.
    pub roots: Option<PathBuf>,
    /// Our own certificate and its key, PEM.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether TLS starts without asking (`sslnegotiation=direct`, server 17).
    pub at_once: bool,
}

impl Tls {
    pub(super) fn from_keywords(
        keywords: &Keywords,
        home: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let get = |name: &str| keywords.get(name).map(String::as_str);
        let beside = |name: &str| {
            let file = home?.join(".postgresql").join(name);
            file.exists().then_some(file)
        };
        let mode = get("sslmode").map(mode).transpose()?;
        let system = get("sslrootcert") == Some("system");
        let roots = match get("sslrootcert") {
            Some("system") => Some(system_roots(variable)?),
            Some(file) => Some(PathBuf::from(file)),
            None => beside("root.crt"),
        };
        if system && mode.is_some_and(|mode| mode < SslMode::VerifyFull) {
            return Err(bad("`sslrootcert=system` needs `sslmode=verify-full`"));
        }
        let default = if system {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        };
        let certificate = get("sslcert").map(PathBuf::from);
        let key = get("sslkey").map(PathBuf::from);
        let identity = certificate
            .or_else(|| beside("postgresql.crt"))
            .zip(key.or_else(|| beside("postgresql.key")));
        Ok(Self {
            mode: mode.unwrap_or(default),
            // A file that was named is required only by modes that verify.
            roots: roots.filter(|file| file.exists() || mode >= Some(SslMode::VerifyCa)),
            identity,
            at_once: get("sslnegotiation") == Some("direct"),
        })
    }

    /// The variables that make a local program do the same.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let name = MODES.iter().find(|(_, mode)| *mode == self.mode);
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut env = vec![("PGSSLMODE", name.map_or("prefer", |(name, _)| name).into())];
        env.extend(self.roots.iter().map(|file| ("PGSSLROOTCERT", text(file))));
        if let Some((certificate, key)) = &self.identity {
            env.push(("PGSSLCERT", text(certificate)));
            env.push(("PGSSLKEY", text(key)));
        }
        if self.at_once {
            env.push(("PGSSLNEGOTIATION", "direct".into()));
        }
        env
    }

    /// The TLS client that verifies what this asks for.
    ///
    /// # Errors
    /// `pg_tls`: a file is missing or is no certificate.
    pub(super) fn client(&self) -> Result<ClientConfig, Failure> {
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new(self, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| failed(format!("cannot read `{}`: {error}", key.display())))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| {
                    failed(format!("cannot use `{}`: {error}", certificate.display()))
                })?
            }
        };
        if self.at_once {
            // The protocol's name, which a direct start must offer.
            config.alpn_protocols = vec![b"postgresql".to_vec()];
        }
        Ok(config)
    }
}

fn mode(text: &str) -> Result<SslMode, Failure> {
    let found = MODES.iter().find(|(name, _)| *name == text);
    found.map(|(_, mode)| *mode).ok_or_else(|| {
        let names: Vec<_> = MODES[..6].iter().map(|(name, _)| *name).collect();
        bad(format!("`{text}` is no `sslmode`")).hint(format!("use one of {}", names.join(", ")))
    })
}

fn system_roots(variable: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, Failure> {
    let named = variable("SSL_CERT_FILE").map(PathBuf::from);
    let known = SYSTEM_ROOTS.iter().map(PathBuf::from);
    let found = named.into_iter().chain(known).find(|file| file.exists());
    found.ok_or_else(|| {
        bad("this system has no list of trusted authorities for `sslrootcert=system`")
            .hint("install `ca-certificates`")
    })
}

pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(failed(format!("no certificate is in `{}`", file.display()))),
        Err(error) => Err(failed(format!("cannot read `{}`: {error}", file.display()))),
    }
}

pub(super) fn failed(message: String) -> Failure {
    Failure::new("pg_tls", message).hint(super::error::TLS_HINT)
}
