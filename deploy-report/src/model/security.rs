//! Certificates and public ports, beside the checks that judge them.

use super::finding::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use toolkit::record::Status;

/// A certificate, as a server showed it or a file holds it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Certificate {
    /// The check's name.
    pub(crate) name: String,
    pub(crate) subject: Option<String>,
    pub(crate) issuer: Option<String>,
    /// The day on which it ends, `2026-11-20`.
    pub(crate) not_after: Option<String>,
    pub(crate) days_left: f64,
    /// The version of TLS that was spoken.
    pub(crate) protocol: Option<String>,
    pub(crate) status: Status,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// The kinds of checks that look at secrets, ports, certificates.
pub(super) const KINDS: [&str; 5] = ["env", "port", "ports", "tls", "certificate"];

/// The certificates that were seen, the first to end first.
pub(super) fn certificates(findings: &[Finding]) -> Vec<Certificate> {
    let seen = findings.iter().filter_map(|finding| {
        Some(Certificate {
            name: finding.name.clone(),
            subject: finding.fact("subject"),
            issuer: finding.fact("issuer"),
            not_after: finding.fact("not_after"),
            days_left: finding.measured("days_left")?,
            protocol: finding.fact("protocol"),
            status: finding.status,
            at: finding.at,
        })
    });
    let mut seen: Vec<_> = seen.collect();
    seen.sort_by(|one, other| one.days_left.total_cmp(&other.days_left));
    seen
}

/// The ports that anybody can reach; none where no check looked.
pub(super) fn public_ports(findings: &[Finding]) -> Option<Vec<u64>> {
    let seen = findings.iter().rev();
    let ports = seen.filter(|finding| finding.kind == "ports");
    let mut ports = ports.filter_map(|finding| finding.facts.get("public")?.as_array());
    ports
        .next()
        .map(|ports| ports.iter().filter_map(Value::as_u64).collect())
}
