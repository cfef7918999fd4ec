//! Certificates, good and bad ones.

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd,
};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MADE: &str = "a certificate can be made";

/// A certificate with its issuers' up to the root, and its key, PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The certificate, its issuers' below it.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

/// Somebody who signs.
#[derive(Debug)]
pub struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
    /// What its servers show above their own certificate.
    above: String,
}

impl Authority {
    /// One that signed its own certificate.
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate().expect(MADE);
        let params = authority(name);
        Self {
            certificate: params.self_signed(&key).expect(MADE),
            issuer: Issuer::new(params, key),
            above: String::new(),
        }
    }

    /// Somebody who signs in this one's name.
    pub fn intermediate(&self, name: &str) -> Self {
        let key = KeyPair::generate().expect(MADE);
        let params = authority(name);
        let certificate = params.signed_by(&key, &self.issuer).expect(MADE);
        Self {
            above: certificate.pem() + &self.above,
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    /// Its certificate, for those who trust it.
    pub fn pem(&self) -> String {
        self.certificate.pem()
    }

    /// A certificate for `name`, valid for so many days from now on.
    pub fn server(&self, name: &str, days: i64) -> Pair {
        self.between(name, -400, days)
    }

    /// One valid between these days, counted from today.
    pub fn between(&self, name: &str, from: i64, until: i64) -> Pair {
        let key = KeyPair::generate().expect(MADE);
        let params = server(name, from, until);
        let certificate = params.signed_by(&key, &self.issuer).expect(MADE);
        Pair {
            certificate: certificate.pem() + &self.above,
            key: key.serialize_pem(),
        }
    }
}

/// A server that signed its own certificate.
pub fn self_signed(name: &str, days: i64) -> Pair {
    signed_by_itself(&server(name, -400, days))
}

/// One that is an authority as well, as `openssl req -x509` makes it.
pub fn own_authority(name: &str, days: i64) -> Pair {
    let mut params = server(name, -400, days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    signed_by_itself(&params)
}

fn signed_by_itself(params: &CertificateParams) -> Pair {
    let key = KeyPair::generate().expect(MADE);
    let certificate = params.self_signed(&key).expect(MADE);
    Pair {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// Writes `text` into a file of `folder`.
pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    crate::durable::write(&file, text.as_bytes()).expect("a file can be written");
    file
}

fn server(name: &str, from: i64, until: i64) -> CertificateParams {
    // Half a day off, so that a test does not meet the end of a day.
    let at = |days: i64| {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = i64::try_from(now.as_secs()).expect(MADE) + days * 86400 + 43200;
        date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(seconds).expect(MADE))
    };
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect(MADE);
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = at(from);
    params.not_after = at(until);
    params
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}
