//! `certificate`: what the files hold from which a server takes its
//! certificate; told before that server is reloaded, not afterwards.

mod chain;
mod key;
mod named;

use super::{Probe, Written};
use crate::net::tls::judge::{dates, other_host, untrusted};
use crate::net::tls::{self, DAYS, Trust, read_chain};
use crate::report::{Fault, Measure, Unit};
use crate::{Around, Limits, Report};
use anyhow::Result;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Deserialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// PEM files with certificates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The PEM files, or patterns of their names such as `domains/*/cert.pem`.
    /// Each holds a server's certificate, and may hold those above it, each of
    /// which has signed the one before.
    pub files: Vec<PathBuf>,
    /// Down to how many days before its end a certificate is a warning, and a
    /// failure.
    #[serde(default)]
    pub days: Limits,
    /// The host that the certificate must be for.
    pub host: Option<String>,
    /// The PEM file of the private key that must be the certificate's.
    pub key: Option<PathBuf>,
    /// Whether what the file holds must lead to an authority that this machine
    /// trusts, or one in `ca`.
    pub trusted: Option<bool>,
    /// The PEM file of the authorities to which it must lead.
    pub ca: Option<PathBuf>,
}

impl Written for Certificate {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if self.files.is_empty() {
            return Some(("files", "`files` names no file".into()));
        }
        if let Some(message) = self.files.iter().find_map(|file| named::mistake(file)) {
            return Some(("files", message));
        }
        let several = self.files.len() > 1 || self.files.iter().any(|file| named::is_pattern(file));
        if self.key.is_some() && several {
            return Some(("key", "a `key` belongs to one file, not to several".into()));
        }
        if self.ca.is_some() && self.trusted == Some(false) {
            return Some((
                "trusted",
                "`ca` asks for what `trusted` does not want".into(),
            ));
        }
        let wrong = tls::name(self.host.as_ref()?).err()?;
        Some(("host", wrong.message))
    }
}

impl Probe for Certificate {
    fn expects(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|file| shown(file)).collect();
        let host = self.host.as_ref().map(|host| format!(" for `{host}`"));
        let key = self.key.as_ref().map(|_| " with its key");
        format!(
            "valid certificates{}{} in {}",
            host.unwrap_or_default(),
            key.unwrap_or_default(),
            files.join(", ")
        )
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let config = around.config;
        let trust = match (&self.ca, self.trusted) {
            (None, None | Some(false)) => None,
            (ca, _) => Some(Trust::of(ca.as_deref(), config)?),
        };
        let mut report = Report::default();
        let mut first: Option<(f64, String)> = None;
        let mut each = Vec::new();
        let files = named::files(&self.files, around, &mut report)?;
        for file in &files {
            let chain = match read_chain(&config.resolve(file)) {
                Ok(chain) => chain,
                Err(failure) => {
                    report.fault(unreadable(&failure.message, failure.hint));
                    continue;
                }
            };
            let ends = self.judge(&chain, trust.as_ref(), file, &mut report);
            if let Some((left, title)) = &ends {
                let days = whole_hundredths(*left);
                each.push(json!({ "file": file, "title": title, "days_left": days }));
            }
            let (left, title) = ends.unwrap_or_else(|| (0.0, shown(file)));
            if let Some(key) = &self.key {
                let faults = key::judge(&config.resolve(key), &chain);
                report.faults.extend(faults);
            }
            if first.as_ref().is_none_or(|(least, _)| left < *least) {
                first = Some((left, title));
            }
        }
        if let Some((left, title)) = first {
            report.observed = format!("`{title}` has {:.0} days left", left.floor());
            let days = Measure::new("days_left", whole_hundredths(left), Unit::Days);
            report.measure(days.limits(self.days.or(DAYS)).less_is_worse());
        }
        if !each.is_empty() {
            report.fact("certificates", each);
        }
        Ok(report)
    }
}

fn whole_hundredths(days: f64) -> f64 {
    (days * 100.0).floor() / 100.0
}

impl Certificate {
    /// Judges what one file holds; returns how many days are left of what ends
    /// first in it, and what that is called; none where one cannot be read.
    fn judge(
        &self,
        chain: &[CertificateDer<'static>],
        trust: Option<&Arc<Trust>>,
        file: &Path,
        report: &mut Report,
    ) -> Option<(f64, String)> {
        let now = UnixTime::now();
        let mut all = Vec::new();
        for one in chain {
            match tls::Certificate::read(one) {
                Ok(read) => all.push(read),
                Err(failure) => {
                    let message = format!("{}: {}", shown(file), failure.message);
                    report.fault(unreadable(&message, failure.hint));
                    return None;
                }
            }
        }
        let mut faults: Vec<Fault> = Vec::new();
        for read in &all {
            faults.extend(dates(read, self.days.or(DAYS), now));
        }
        if let (Some(leaf), Some(read)) = (chain.first(), all.first()) {
            let host = self.host.as_ref().and_then(|host| tls::name(host).ok());
            faults.extend(host.and_then(|host| other_host(leaf, read, &host)));
            faults.extend(chain::judge(chain, &all, now));
            faults.extend(trust.and_then(|trust| untrusted(chain, read, trust, now)));
        }
        for fault in &mut faults {
            fault.observed = format!("{}: {}", shown(file), fault.observed);
        }
        report.faults.extend(faults);
        let ends = all
            .iter()
            .map(|read| (read.days_left(now.as_secs()), read.title().to_owned()));
        ends.min_by(|one, other| one.0.total_cmp(&other.0))
    }
}

fn shown(file: &Path) -> String {
    format!("`{}`", file.display())
}

fn unreadable(message: &str, hint: Option<String>) -> Fault {
    let mut fault = Fault::fail("certificate_unreadable", message, "a certificate");
    fault.hint = hint;
    fault
}
