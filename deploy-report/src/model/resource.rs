//! The machine: disks, memory, load, and what Docker takes.

use super::finding::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use toolkit::record::Status;

/// One number against its limits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Resource {
    /// `disk`, `memory`, `load` or `docker-disk`.
    pub(crate) kind: String,
    /// The check's name.
    pub(crate) name: String,
    /// What was measured: `used`, `free`, `inodes`, `swap`, `load1`, `images`…
    pub(crate) measure: String,
    pub(crate) value: f64,
    /// `count`, `seconds`, `bytes` or `percent`.
    pub(crate) unit: String,
    /// What of it could be given back, in the same unit.
    pub(crate) reclaimable: Option<f64>,
    /// From where on it is a warning, and a failure.
    pub(crate) warn: Option<f64>,
    pub(crate) fail: Option<f64>,
    /// The most that it can be.
    pub(crate) max: Option<f64>,
    pub(crate) status: Status,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// The kinds of checks that look at the machine.
pub(super) const KINDS: [&str; 4] = ["disk", "memory", "load", "docker-disk"];

/// Each number that was measured of the machine.
pub(super) fn of(findings: &[Finding]) -> Vec<Resource> {
    let seen = findings
        .iter()
        .filter(|finding| KINDS.contains(&finding.kind.as_str()));
    seen.flat_map(|finding| {
        finding.measures.iter().map(|measure| Resource {
            kind: finding.kind.clone(),
            name: finding.name.clone(),
            measure: measure.name.clone(),
            value: measure.value,
            unit: measure.unit.clone(),
            reclaimable: reclaimable(finding, &measure.name),
            warn: measure.warn,
            fail: measure.fail,
            max: measure.max,
            status: finding.status,
            at: finding.at,
        })
    })
    .collect()
}

fn reclaimable(finding: &Finding, measure: &str) -> Option<f64> {
    let fact = finding.facts.get(&format!("{measure}_reclaimable"));
    fact.and_then(serde_json::Value::as_f64)
}
