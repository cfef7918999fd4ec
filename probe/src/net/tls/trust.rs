//! Whom we trust to vouch for servers.

use super::certificate::read_chain;
use anyhow::Result;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use toolkit::config::Config;

/// The authorities whose word is taken.
#[derive(Debug)]
pub struct Trust {
    pub(super) store: RootCertStore,
    certificates: Vec<CertificateDer<'static>>,
    /// Where they come from, for messages.
    pub(super) origin: String,
}

impl Trust {
    /// Those in the PEM file `ca`, and no other; without it, those that this
    /// machine trusts.
    ///
    /// # Errors
    /// Those of [`read_chain`].
    pub fn of(ca: Option<&Path>, config: &Config) -> Result<Arc<Self>> {
        Self::by(ca.map(|file| config.resolve(file)).as_deref())
    }

    /// The same, for a path that is absolute.
    ///
    /// # Errors
    /// Those of [`read_chain`].
    pub fn by(ca: Option<&Path>) -> Result<Arc<Self>> {
        match ca {
            Some(file) => Ok(Arc::new(Self::file(file)?)),
            None => Ok(Self::machine()),
        }
    }

    /// Those in a PEM file, and no other.
    ///
    /// # Errors
    /// Those of [`read_chain`].
    pub fn file(file: &Path) -> Result<Self> {
        let certificates = read_chain(file)?;
        let mut store = RootCertStore::empty();
        // A very old authority in a list is no reason to fail.
        store.add_parsable_certificates(certificates.iter().cloned());
        Ok(Self {
            store,
            certificates,
            origin: format!("`{}`", file.display()),
        })
    }

    /// Those that this machine trusts, or Mozilla's where it has none.
    fn machine() -> Arc<Self> {
        static MACHINE: OnceLock<Arc<Trust>> = OnceLock::new();
        let machine = MACHINE.get_or_init(|| {
            let mut store = RootCertStore::empty();
            // One that cannot be read is one that is not trusted.
            let certificates = rustls_native_certs::load_native_certs().certs;
            store.add_parsable_certificates(certificates.iter().cloned());
            let mut origin = "the authorities of this machine";
            if store.is_empty() {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
                origin = "Mozilla's authorities";
            }
            Arc::new(Self {
                store,
                certificates,
                origin: origin.into(),
            })
        });
        Arc::clone(machine)
    }

    /// Whether `certificate` itself is one of them.
    pub(super) fn names(&self, certificate: &CertificateDer<'_>) -> bool {
        self.certificates.iter().any(|one| one == certificate)
    }
}
