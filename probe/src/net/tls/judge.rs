//! What is wrong with the certificates that a server showed.

use super::certificate::{Certificate, day};
use super::recorder::Shown;
use super::trust::Trust;
use crate::Limits;
use crate::report::{Fault, Level, Measure, Report, Unit};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, RootCertStore};
use std::time::Duration;
use toolkit::failure::Failure;

/// How many days a certificate is to be valid, where nothing else is said: a
/// renewal that works does its work a month ahead.
pub const DAYS: Limits = Limits {
    warn: Some(30.0),
    fail: Some(7.0),
};

/// What is asked of a server's certificate.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host that it must be for, and who may have signed it; none where
    /// anybody's will do.
    pub whose: Option<(&'a ServerName<'static>, &'a Trust)>,
    /// How many days it must be valid.
    pub days: Limits,
    /// The time.
    pub now: UnixTime,
}

impl Shown {
    /// Adds to `report` what is wrong with the certificates, the days that are
    /// left, and what they say. The reasons: `tls_expired`,
    /// `tls_not_yet_valid`, `tls_expires` (within the limits), `tls_wrong_host`,
    /// `tls_self_signed`, `tls_unknown_issuer`, `tls_bad_signature`,
    /// `tls_unproven`, `tls_invalid`.
    pub fn judge(&self, asked: &Asked<'_>, report: &mut Report) {
        let Some(leaf) = self.chain.first() else {
            report.fault(invalid("the server showed no certificate"));
            return;
        };
        let read = match Certificate::read(leaf) {
            Ok(read) => read,
            Err(failure) => {
                report.fault(invalid(&failure.message));
                return;
            }
        };
        report.faults.extend(dates(&read, asked.days, asked.now));
        if let Some((host, trust)) = asked.whose {
            report.faults.extend(other_host(leaf, &read, host));
            let untrusted = untrusted(&self.chain, &read, trust, asked.now);
            report.faults.extend(untrusted);
        }
        if let Some(why) = &self.unproven {
            report.fault(Fault::fail(
                "tls_unproven",
                format!("the handshake is not signed with the certificate's key ({why})"),
                "a server that has the certificate's key",
            ));
        }
        let days = read.days_left(asked.now.as_secs());
        let days = Measure::new("days_left", (days * 100.0).floor() / 100.0, Unit::Days);
        report.measure(days.limits(asked.days).less_is_worse());
        report.fact("subject", read.subject);
        report.fact("issuer", read.issuer);
        report.fact("names", read.names);
        report.fact("not_after", day(read.not_after));
    }
}

impl Shown {
    /// The first of what [`Shown::judge`] calls a failure.
    pub(crate) fn fault(&self, asked: &Asked<'_>) -> Option<Fault> {
        let mut report = Report::default();
        self.judge(asked, &mut report);
        let mut faults = report.faults.into_iter();
        faults.find(|fault| fault.level == Level::Fail)
    }

    /// Whether the certificates are such that the server may be told a secret.
    ///
    /// # Errors
    /// The first of what [`Shown::judge`] calls a failure.
    pub fn proven(&self, asked: &Asked<'_>) -> Result<(), Failure> {
        let Some(fault) = self.fault(asked) else {
            return Ok(());
        };
        let mut failure = Failure::new(fault.reason, fault.observed);
        failure.hint = fault.hint;
        Err(failure)
    }
}

fn invalid(observed: &str) -> Fault {
    Fault::fail("tls_invalid", observed, "a certificate")
}

/// Whether it is valid now, and long enough.
pub(crate) fn dates(read: &Certificate, days: Limits, now: UnixTime) -> Option<Fault> {
    let now = now.as_secs();
    let left = read.days_left(now);
    let title = read.title();
    if now < read.not_before {
        let observed = format!(
            "the certificate for `{title}` is valid from {} on, not yet",
            day(read.not_before)
        );
        let fault = Fault::fail("tls_not_yet_valid", observed, "a certificate valid today");
        return Some(fault.hint("compare the clocks of the two machines"));
    }
    if now > read.not_after {
        let observed = format!(
            "the certificate for `{title}` expired on {}",
            day(read.not_after)
        );
        let fault = Fault::fail("tls_expired", observed, "a certificate valid today");
        return Some(fault.hint("renew it, and reload the server that shows it"));
    }
    let (level, limit) = days.below(left)?;
    let observed = format!(
        "the certificate for `{title}` expires in {left:.1} days, on {}",
        day(read.not_after)
    );
    let fault = Fault::new(
        level,
        "tls_expires",
        observed,
        format!("more than {limit} days left"),
    );
    Some(fault.hint("renew it; look why that was not done by itself"))
}

/// Whether it is for another host.
pub(crate) fn other_host(
    leaf: &CertificateDer<'_>,
    read: &Certificate,
    host: &ServerName<'_>,
) -> Option<Fault> {
    let parsed = ParsedCertificate::try_from(leaf).ok()?;
    rustls::client::verify_server_name(&parsed, host).err()?;
    let host = host.to_str();
    let observed = match read.names.as_slice() {
        [] => "a certificate without alternative names, that is for no host".to_owned(),
        some => format!("a certificate for {}", names(some)),
    };
    Some(
        Fault::fail(
            "tls_wrong_host",
            observed,
            format!("a certificate for `{host}`"),
        )
        .hint("compare `host` with the server's configuration"),
    )
}

/// The hosts that a certificate is for, in words.
pub(crate) fn names(all: &[String]) -> String {
    const SHOWN: usize = 5;
    if all.is_empty() {
        return "no host".into();
    }
    let shown: Vec<_> = all
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = all.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!(" and {more} more"));
    format!("{}{}", shown.join(", "), more.unwrap_or_default())
}

/// Whether nobody who is trusted vouches for it.
pub(crate) fn untrusted(
    chain: &[CertificateDer<'static>],
    read: &Certificate,
    trust: &Trust,
    now: UnixTime,
) -> Option<Fault> {
    let (leaf, above) = chain.split_first()?;
    // A server that is trusted by itself, which webpki would call a misused
    // authority.
    if trust.names(leaf) {
        return None;
    }
    let result = signed_by(leaf, above, &trust.store, on_a_valid_day(read, now));
    let error = result.err()?;
    let origin = &trust.origin;
    let expected = format!("one signed by {origin}");
    if read.is_self_issued {
        let observed = format!("the certificate for `{}` is self-signed", read.title());
        let fault = Fault::fail("tls_self_signed", observed, expected);
        return Some(fault.hint("name its file as `ca`, or have it signed by an authority"));
    }
    let Error::InvalidCertificate(why) = error else {
        return Some(Fault::fail("tls_invalid", error.to_string(), expected));
    };
    Some(match why {
        CertificateError::UnknownIssuer => unknown_issuer(above, read, expected),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Fault::fail(
            "tls_expired",
            format!(
                "a certificate above that for `{}` has expired",
                read.title()
            ),
            "a chain valid today",
        )
        .hint("let the server send its authority's present chain"),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Fault::fail(
            "tls_not_yet_valid",
            format!(
                "a certificate above that for `{}` is not valid yet",
                read.title()
            ),
            "a chain valid today",
        ),
        CertificateError::BadSignature => Fault::fail(
            "tls_bad_signature",
            format!("its signature is not that of `{}`", read.issuer),
            expected,
        ),
        other => Fault::fail("tls_invalid", other.to_string(), expected),
    })
}

/// A day on which it was valid, where today it is not: one that has expired may
/// be self-signed as well.
pub(crate) fn on_a_valid_day(read: &Certificate, now: UnixTime) -> UnixTime {
    let day = now.as_secs().max(read.not_before).min(read.not_after);
    UnixTime::since_unix_epoch(Duration::from_secs(day))
}

/// Whether a chain leads from `leaf` to one of `roots`.
pub(crate) fn signed_by(
    leaf: &CertificateDer<'_>,
    between: &[CertificateDer<'_>],
    roots: &RootCertStore,
    now: UnixTime,
) -> Result<(), Error> {
    rustls::client::verify_server_cert_signed_by_trust_anchor(
        &ParsedCertificate::try_from(leaf)?,
        roots,
        between,
        now,
        default_provider().signature_verification_algorithms.all,
    )
}

fn unknown_issuer(above: &[CertificateDer<'_>], read: &Certificate, expected: String) -> Fault {
    let top = above.last().and_then(|one| Certificate::read(one).ok());
    let fault = |who: &str| {
        let observed = format!("it is signed by `{who}`, who is not trusted");
        Fault::fail("tls_unknown_issuer", observed, expected)
    };
    match top {
        None => fault(&read.issuer).hint(
            "the server sends no certificate of its issuer: let it send the full chain, or name the issuer's file as `ca`",
        ),
        Some(top) => fault(&top.issuer).hint("name the file of this authority as `ca`"),
    }
}
