//! What a check wants of a server that speaks TLS.

use super::judge::{Asked, DAYS};
use super::session::{Session, name, start};
use super::trust::Trust;
use crate::net::Stream;
use crate::report::{Measure, Unit};
use crate::{Limits, Report};
use anyhow::Result;
use rustls::pki_types::UnixTime;
use std::path::Path;
use toolkit::config::Config;

/// The `host`, `ca` and `days` of a check.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The host that the certificate must be for.
    pub host: &'a str,
    /// Whether it may be for any host, and signed by anybody.
    pub is_anybodys: bool,
    /// The PEM file of the authorities; without it, those of this machine.
    pub ca: Option<&'a Path>,
    /// How many days the certificate must be valid; [`DAYS`] where neither
    /// limit is given.
    pub days: Limits,
}

impl Wanted<'_> {
    /// Starts TLS on `stream`, with any certificate, and adds to `report` what
    /// was seen and what of it is wrong. Nothing secret may be sent when a
    /// fault is a failure.
    ///
    /// # Errors
    /// Those of [`start`]; `tls_host`; `certificate_unreadable` for `ca`.
    pub fn start(&self, stream: Stream, config: &Config, report: &mut Report) -> Result<Session> {
        let host = name(self.host)?;
        let trust = if self.is_anybodys {
            None
        } else {
            Some(Trust::of(self.ca, config)?)
        };
        let session = start(stream, &host)?;
        let asked = Asked {
            whose: trust.as_deref().map(|trust| (&host, trust)),
            days: self.days.or(DAYS),
            now: UnixTime::now(),
        };
        report.fact("protocol", session.version());
        report.fact("cipher", session.cipher());
        let took = session.took.as_secs_f64();
        report.measure(Measure::new("handshake", took, Unit::Seconds));
        session.shown.judge(&asked, report);
        Ok(session)
    }
}
