//! What `smtp` and `imap` have in common: how the connection is encrypted, and
//! what the server says of itself.

use crate::Limits;
use crate::net::tls::{self, Wanted};
use crate::net::{Address, Dialog, Stream};
use crate::report::{Fault, Level, Report};
use crate::{Around, net};
use anyhow::Result;
use std::path::Path;

/// The keys of a check that are about encryption.
#[derive(Debug, Clone, Copy)]
pub(super) struct Security<'a> {
    pub(super) address: &'a Address,
    pub(super) tls: bool,
    pub(super) starttls: bool,
    pub(super) host: Option<&'a str>,
    pub(super) ca: Option<&'a Path>,
    pub(super) days: Limits,
}

impl Security<'_> {
    /// What is wrong with these keys, and at which.
    pub(super) fn mistake(&self) -> Option<(&'static str, String)> {
        if self.tls && self.starttls {
            let why = "`tls` speaks TLS at once and `starttls` asks for it: one of them";
            return Some(("starttls", why.into()));
        }
        if self.is_encrypted() {
            let key = if self.host.is_some() {
                "host"
            } else {
                "address"
            };
            return Some((key, tls::name(self.host()).err()?.message));
        }
        let given = [
            ("host", self.host.is_some()),
            ("ca", self.ca.is_some()),
            ("days", !self.days.is_none()),
        ];
        let (key, _) = given.into_iter().find(|(_, given)| *given)?;
        let why = format!("`{key}` is about a certificate: add `tls = true` or `starttls = true`");
        Some((key, why))
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.tls || self.starttls
    }

    fn host(&self) -> &str {
        self.host.unwrap_or(&self.address.host)
    }

    /// How it is expected to be, after the name of the protocol.
    pub(super) fn expects(&self) -> String {
        let address = self.address;
        if !self.is_encrypted() {
            return format!("at {address}");
        }
        let how = if self.tls { "TLS" } else { "STARTTLS" };
        let host = self.host();
        format!("at {address} over {how}, with a certificate for `{host}`")
    }

    /// Starts TLS on `stream`, and adds to `report` what is wrong with it.
    pub(super) fn start(
        &self,
        stream: Stream,
        around: &Around<'_>,
        report: &mut Report,
    ) -> Result<Dialog<tls::Session>> {
        let wanted = Wanted {
            is_anybodys: false,
            host: self.host(),
            ca: self.ca,
            days: self.days,
        };
        let session = wanted.start(stream, around.config, report)?;
        Ok(Dialog::new(session, around.deadline))
    }
}

/// Whether nothing that was found so far keeps a secret from being sent.
pub(super) fn is_safe(report: &Report) -> bool {
    !report.faults.iter().any(|fault| fault.level == Level::Fail)
}

/// What was seen, with what was agreed on.
pub(super) fn observed(greeting: &str, report: &Report) -> String {
    let protocol = report.facts.get("protocol").and_then(|one| one.as_str());
    let days = report.measures.iter().find(|one| one.name == "days_left");
    let protocol = protocol.map(|protocol| format!(", {protocol}"));
    let days = days.map(|days| format!(", {:.0} days left", days.value.floor()));
    format!(
        "`{greeting}`{}{}",
        protocol.unwrap_or_default(),
        days.unwrap_or_default()
    )
}

/// The fault of a greeting that lacks what was expected.
pub(super) fn other_banner(
    reason: &'static str,
    wanted: Option<&str>,
    seen: &str,
) -> Option<Fault> {
    let wanted = wanted.filter(|wanted| !seen.contains(wanted))?;
    Some(Fault::fail(
        reason,
        format!("the server greets with `{seen}`"),
        format!("a greeting with `{wanted}`"),
    ))
}

/// The fault that some of `wanted` is not `offered`.
pub(super) fn not_offered(
    reason: &'static str,
    wanted: &[String],
    offered: impl Fn(&str) -> bool,
) -> Option<Fault> {
    let missing: Vec<_> = wanted
        .iter()
        .filter(|word| !offered(word))
        .map(|word| format!("`{word}`"))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let missing = missing.join(", ");
    Some(Fault::fail(
        reason,
        format!("the server does not offer {missing}"),
        format!("a server that offers {missing}"),
    ))
}

/// The fault that TLS was wanted and is not offered.
pub(super) fn no_starttls() -> Fault {
    let failure = net::starttls::missing();
    let mut fault = Fault::fail(failure.reason, failure.message, "STARTTLS");
    fault.hint = failure.hint;
    fault
}
