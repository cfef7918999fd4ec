//! `tls`: what a server that speaks TLS shows of itself, and what it puts up
//! with.

mod old;
mod suites;
mod version;

pub use version::Version;

use super::{Probe, Written};
use crate::net::tls::{self, Wanted};
use crate::net::{Address, StartTls, Stream};
use crate::report::Fault;
use crate::{Around, Limits, Report};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;

/// A server that speaks TLS.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Where: `example.org:443`.
    pub address: Address,
    /// The host that the certificate must be for, and that is asked for (SNI);
    /// the address's where it is not given.
    pub host: Option<String>,
    /// Down to how many days before its end the certificate is a warning, and a
    /// failure.
    #[serde(default)]
    pub days: Limits,
    /// The oldest protocol that the server may accept: `1.0`, `1.1`, `1.2`,
    /// `1.3`.
    #[serde(default)]
    pub lowest: Version,
    /// Whether the server may accept strong cipher suites alone: with forward
    /// secrecy and authenticated encryption, as RFC 9325 and ANSSI have it.
    #[serde(default)]
    pub strong: bool,
    /// The protocol in which TLS is asked for first: `smtp`, `imap`,
    /// `postgres`. Without it, TLS is spoken at once.
    pub starttls: Option<StartTls>,
    /// The PEM file of the authorities that may have signed the certificate;
    /// without it, those that this machine trusts.
    pub ca: Option<PathBuf>,
}

impl Tls {
    fn host(&self) -> &str {
        self.host.as_deref().unwrap_or(&self.address.host)
    }

    fn open(&self, around: &Around<'_>) -> Result<Stream> {
        let (stream, _) = Stream::open(&self.address, around.deadline)?;
        match self.starttls {
            None => Ok(stream),
            Some(protocol) => protocol.ask(stream),
        }
    }

    /// Whether a handshake comes to be in which this is the only version.
    fn accepts(&self, version: Version, around: &Around<'_>) -> Result<bool> {
        let stream = self.open(around)?;
        let tried = match version {
            Version::Tls10 | Version::Tls11 => old::accepts(stream, version, self.host()),
            Version::Tls12 | Version::Tls13 => version.modern(stream, self.host()),
        };
        tried.with_context(|| format!("{version} alone"))
    }
}

impl Written for Tls {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let wrong = tls::name(self.host()).err()?;
        let key = if self.host.is_some() {
            "host"
        } else {
            "address"
        };
        Some((key, wrong.message))
    }
}

impl Probe for Tls {
    fn expects(&self) -> String {
        format!(
            "{} or newer, and a certificate for `{}`, at {}",
            self.lowest,
            self.host(),
            self.address
        )
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let mut report = Report::default();
        let wanted = Wanted {
            host: self.host(),
            ca: self.ca.as_deref(),
            days: self.days,
        };
        let session = wanted.start(self.open(around)?, around.config, &mut report)?;
        let spoken = session.version();
        session.close();
        let mut accepted = Vec::new();
        for version in Version::below(self.lowest) {
            if self.accepts(version, around)? {
                accepted.push(version.to_string());
            }
        }
        report.observed = match report.measures.iter().find(|one| one.name == "days_left") {
            Some(days) => format!("{spoken}, {:.0} days left", days.value.floor()),
            None => spoken.to_owned(),
        };
        report.faults.extend(too_old(&accepted, self.lowest));
        if self.strong {
            let weak = suites::weak(self.open(around)?, self.host());
            report.faults.extend(weak.context("weak ciphers alone")?);
        }
        report.fact("accepted_below_lowest", accepted);
        Ok(report)
    }
}

/// What is wrong with accepting these versions below `lowest`.
fn too_old(accepted: &[String], lowest: Version) -> Option<Fault> {
    if accepted.is_empty() {
        return None;
    }
    let observed = format!("the server accepts {}", accepted.join(" and "));
    let fault = Fault::fail("tls_old_protocol", observed, format!("{lowest} or newer"));
    Some(fault.hint("leave the old versions out of the server's list of protocols"))
}
