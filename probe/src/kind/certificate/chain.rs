//! Whether each certificate of a file is signed by the next.

use crate::net::tls::Certificate;
use crate::net::tls::judge::{on_a_valid_day, signed_by};
use crate::report::Fault;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{CertificateError, Error, RootCertStore};

/// What is wrong with the order of a chain, or with its signatures. `read` is
/// what each of `chain` says.
pub(super) fn judge(
    chain: &[CertificateDer<'static>],
    read: &[Certificate],
    now: UnixTime,
) -> Option<Fault> {
    order(read).or_else(|| signatures(chain, read, now))
}

/// Whether each is issued by the one that follows.
fn order(read: &[Certificate]) -> Option<Fault> {
    let pair = read
        .windows(2)
        .find(|pair| pair[0].issuer != pair[1].subject)?;
    let fault = Fault::fail(
        "certificate_chain",
        format!(
            "`{}` is signed by `{}`, and after it stands `{}`",
            pair[0].subject, pair[0].issuer, pair[1].subject
        ),
        "the server's certificate first, then each issuer's",
    );
    Some(fault.hint("write them in that order, the server's own first"))
}

fn signatures(
    chain: &[CertificateDer<'static>],
    read: &[Certificate],
    now: UnixTime,
) -> Option<Fault> {
    let (leaf, above) = chain.split_first()?;
    let (top, between) = above.split_last()?;
    let day = on_a_valid_day(read.first()?, now);
    let mut roots = RootCertStore::empty();
    let added = roots.add(top.clone());
    let result = added.and_then(|()| signed_by(leaf, between, &roots, day));
    let why = match result.err()? {
        // What has expired above is told of each by itself.
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => return None,
        Error::InvalidCertificate(CertificateError::BadSignature) => {
            "a signature in the chain is not that of the next certificate".to_owned()
        }
        other => format!("the chain cannot be verified ({other})"),
    };
    let fault = Fault::fail("certificate_chain", why, "each signed by the next");
    Some(fault.hint("take the issuer's certificates that came with this one"))
}
