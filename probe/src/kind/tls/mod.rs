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
use toolkit::failure::Failure;

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
    /// Whether the host that the certificate is for is not known.
    #[serde(skip)]
    is_anybodys: bool,
}

/// Why a server that speaks TLS may show nothing to whoever names no host.
const NAMELESS: [&str; 3] = ["tls_wrong_host", "tls_refused", "tls_client_certificate"];

impl Tls {
    /// A server whose certificate is for a host that is not known: TLS is
    /// spoken, and what it shows is valid for long enough.
    pub fn of_any_host(address: Address) -> Self {
        Self {
            address,
            host: None,
            days: Limits::default(),
            lowest: Version::Tls10,
            strong: false,
            starttls: None,
            ca: None,
            is_anybodys: true,
        }
    }

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
        if self.is_anybodys {
            return format!("TLS, and a valid certificate, at {}", self.address);
        }
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
            is_anybodys: self.is_anybodys,
            ca: self.ca.as_deref(),
            days: self.days,
        };
        let session = match wanted.start(self.open(around)?, around.config, &mut report) {
            Err(error) if self.is_anybodys && NAMELESS.contains(&Failure::of(&error).reason) => {
                return Ok(Report::new("TLS; no certificate without a host's name"));
            }
            session => session?,
        };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Deadline;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;
    use std::time::Duration;
    use toolkit::config::Config;

    /// What is found of a server that says this, once it was greeted.
    fn found(said: &'static [u8]) -> Result<Report> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut [0; 5]).unwrap();
            stream.write_all(said).unwrap();
        });
        let none = Failure::new("none", "none");
        let config = Config::default();
        let around = Around::new(
            &config,
            Err(&none),
            Deadline::after(Duration::from_secs(60)),
        );
        Tls::of_any_host(Address::new("127.0.0.1", port)).look(&around)
    }

    #[test]
    fn one_that_wants_a_name_speaks_tls() {
        for alert in [b"\x15\x03\x03\0\x02\x02\x70", b"\x15\x03\x03\0\x02\x02\x50"] {
            let report = found(alert).unwrap();
            assert!(report.faults.is_empty());
            assert_eq!(report.observed, "TLS; no certificate without a host's name");
        }
        let reason = |said| Failure::of(&found(said).unwrap_err()).reason;
        assert_eq!(reason(b"HTTP/1.1 400 Bad Request\r\n"), "tls_not_spoken");
        assert_eq!(reason(b""), "closed_early");
    }
}
