//! What of the connection that a response came over is not as expected: its HTTP
//! and its certificate.

use super::Http;
use crate::http::{Response, alpn};
use crate::net::tls::Certificate;
use crate::net::tls::judge::dates;
use crate::report::Fault;
use crate::{Around, Measure, Report, Text, Unit};
use anyhow::Result;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::{Deserialize, Deserializer, de};

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// One that the response itself says: `1.0`, `1.1`.
    Said(&'static str),
    /// HTTP/2, which is agreed on by TLS.
    Two,
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(from)?;
        match text.as_str() {
            // The number 1.0 is one of them.
            "1.0" | "1" => Ok(Self::Said("1.0")),
            "1.1" => Ok(Self::Said("1.1")),
            "2" => Ok(Self::Two),
            _ => Err(de::Error::custom(
                "it takes `\"1.0\"`, `\"1.1\"` or `\"2\"`",
            )),
        }
    }
}

/// Judges version and certificate.
///
/// # Errors
/// Why the server cannot be asked which HTTP it offers.
pub(super) fn judge(
    expected: &Http,
    response: &Response,
    report: &mut Report,
    around: &Around<'_>,
) -> Result<()> {
    report.faults.extend(version(expected, response, around)?);
    if expected.certificate_days.is_none() {
        return Ok(());
    }
    let Some(der) = &response.certificate else {
        let fault = Fault::fail("tls_none", "it was answered without TLS", "a certificate");
        report.fault(fault.hint("write `https://`"));
        return Ok(());
    };
    let read = Certificate::read(&CertificateDer::from(der.as_slice()))?;
    let now = UnixTime::now();
    let days = read.days_left(now.as_secs());
    let days = Measure::new("days_left", (days * 100.0).floor() / 100.0, Unit::Days);
    let limits = expected.certificate_days;
    report.measure(days.limits(limits).less_is_worse());
    report.faults.extend(dates(&read, limits, now));
    Ok(())
}

fn version(expected: &Http, response: &Response, around: &Around<'_>) -> Result<Option<Fault>> {
    let wrong = |observed: String, expected: &str| {
        let expected = format!("HTTP/{expected}");
        Ok(Some(Fault::fail("http_version", observed, expected)))
    };
    match expected.version {
        None => Ok(None),
        Some(Version::Said(version)) if version == response.version => Ok(None),
        Some(Version::Said(version)) => wrong(format!("HTTP/{}", response.version), version),
        Some(Version::Two) => {
            let Some(url) = response.hops.last().filter(|url| url.scheme() == "https") else {
                return wrong("no TLS, by which it would be agreed on".into(), "2");
            };
            match alpn::chosen(url, around.deadline)?.as_deref() {
                Some("h2") => Ok(None),
                Some(other) => wrong(format!("it chooses `{other}`"), "2"),
                None => wrong("it says nothing of HTTP/2 in its TLS handshake".into(), "2"),
            }
        }
    }
}
