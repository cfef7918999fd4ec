//! Whether a private key is a certificate's, and nobody else's.

use crate::net::tls::read_file;
use crate::report::Fault;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The rights of those who are neither the file's owner nor in its group.
const OTHERS: u32 = 0o007;

/// What is wrong with the key in `file`, for the first of `chain`.
pub(super) fn judge(file: &Path, chain: &[CertificateDer<'static>]) -> Vec<Fault> {
    let mut faults: Vec<_> = foreign(file, chain).into_iter().collect();
    faults.extend(exposed(file));
    faults
}

fn foreign(file: &Path, chain: &[CertificateDer<'static>]) -> Option<Fault> {
    let unusable = |why: &str| {
        let observed = format!("cannot use `{}`: {why}", file.display());
        Some(Fault::fail(
            "certificate_key_unreadable",
            observed,
            "a private key in PEM format",
        ))
    };
    let bytes = match read_file(file) {
        Ok(bytes) => bytes,
        Err(error) => return unusable(&error.to_string()),
    };
    let key = match PrivateKeyDer::from_pem_slice(&bytes) {
        Ok(key) => key,
        Err(pem::Error::NoItemsFound) => {
            return unusable("it holds no private key, or one behind a password");
        }
        Err(error) => return unusable(&error.to_string()),
    };
    let key = match any_supported_type(&key) {
        Ok(key) => key,
        Err(error) => return unusable(&error.to_string()),
    };
    match CertifiedKey::new(chain.to_vec(), key).keys_match() {
        Ok(()) => None,
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            let observed = format!("the key in `{}` is another's", file.display());
            let fault = Fault::fail("certificate_key", observed, "the certificate's own key");
            Some(fault.hint("a renewal makes both anew: take both from the same"))
        }
        Err(error) => unusable(&error.to_string()),
    }
}

fn exposed(file: &Path) -> Option<Fault> {
    let mode = fs::metadata(file).ok()?.permissions().mode();
    if mode & OTHERS == 0 {
        return None;
    }
    let observed = format!(
        "every user of this machine has a right to `{}` (mode {:03o})",
        file.display(),
        mode & 0o777
    );
    let fault = Fault::warn(
        "certificate_key_exposed",
        observed,
        "a key for its owner and group alone",
    );
    Some(fault.hint(format!("chmod o= {}", file.display())))
}
