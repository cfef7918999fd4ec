//! What runs: containers and processes.

use super::finding::Finding;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use toolkit::record::{Record, Status};

/// One container or process.
#[allow(clippy::struct_field_names)] // `service` is its name
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct Service {
    /// The service's name.
    pub(crate) service: String,
    /// The container's name.
    pub(crate) container: Option<String>,
    /// Its image, and the part of its name that tells versions apart.
    pub(crate) image: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) image_id: Option<String>,
    /// What of it is published: `0.0.0.0:3001->4000/tcp`; none where no record
    /// says so.
    pub(crate) ports: Option<Vec<String>>,
    /// `running`, `exited`…
    pub(crate) state: Option<String>,
    /// `healthy`, `starting`, `unhealthy`; none without a health check.
    pub(crate) health: Option<String>,
    pub(crate) restarts: Option<u64>,
    pub(crate) started: Option<DateTime<Utc>>,
    /// How long it had been running when it was seen, in milliseconds.
    pub(crate) uptime_ms: Option<u64>,
    /// In bytes.
    pub(crate) memory: Option<f64>,
    pub(crate) memory_limit: Option<f64>,
    /// In hundredths of the limit.
    pub(crate) memory_percent: Option<f64>,
    /// In hundredths of the processors that it may use.
    pub(crate) cpu_percent: Option<f64>,
    /// What the check came to; none where only a release names the service.
    pub(crate) status: Option<Status>,
    /// When it was seen, and whether a rollback came after that.
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) superseded: bool,
}

/// The kinds of checks that look at what runs.
pub(super) const KINDS: [&str; 2] = ["container", "process"];

/// The services that checks saw, then those that only the release of `released`
/// names.
pub(super) fn of(findings: &[Finding], released: Option<&Record>) -> Vec<Service> {
    let seen = findings
        .iter()
        .filter(|finding| KINDS.contains(&finding.kind.as_str()));
    let mut services: Vec<_> = seen.flat_map(of_finding).collect();
    let images = released.and_then(|record| record.data["services"].as_object());
    for (name, image) in images.into_iter().flatten() {
        if !services.iter().any(|service| service.service == *name) {
            services.push(of_release(name, image));
        }
    }
    services
}

fn of_finding(finding: &Finding) -> Vec<Service> {
    let name = finding.name.split_once(':');
    let name = name
        .map_or(finding.name.as_str(), |(_, name)| name)
        .to_owned();
    let base = Service {
        service: name,
        image: finding.fact("image"),
        version: finding.fact("image").as_deref().and_then(version),
        status: Some(finding.status),
        memory: finding.measured("memory"),
        memory_percent: finding.measured("memory_used"),
        cpu_percent: finding.measured("cpu_used"),
        at: finding.at,
        superseded: finding.superseded,
        ..Service::default()
    };
    let containers = finding.facts.get("containers").and_then(Value::as_array);
    match containers.map(Vec::as_slice) {
        None | Some([]) => vec![base],
        Some(many) => many
            .iter()
            .map(|one| of_container(one, &base, many.len() == 1))
            .collect(),
    }
}

/// The numbers of a check are the worst of all replicas: of one they are its own.
fn of_container(facts: &Value, base: &Service, is_only: bool) -> Service {
    let text = |key: &str| facts[key].as_str().map(str::to_owned);
    let own = |number: Option<f64>| number.filter(|_| is_only);
    let started = text("started").and_then(|at| super::moment(&at));
    let up = started.zip(base.at).filter(|_| facts["state"] == "running");
    let up = up.map(|(from, until)| until.signed_duration_since(from).num_milliseconds());
    let memory = facts["memory"].as_f64().or(own(base.memory));
    let memory_percent = own(base.memory_percent);
    // Hundredths of a limit say what the limit is.
    let told = facts["memory_limit"].as_f64();
    let limit = memory
        .zip(memory_percent)
        .filter(|(_, percent)| *percent > 0.0);
    let limit = told.or(limit.map(|(memory, percent)| (memory / percent * 100.0).round()));
    let ports = facts["ports"].as_array().map(|ports| {
        let ports = ports.iter().filter_map(Value::as_str);
        ports.map(str::to_owned).collect()
    });
    Service {
        container: text("name"),
        version: text("image").as_deref().and_then(version),
        image: text("image"),
        image_id: text("image_id"),
        ports,
        state: text("state"),
        health: text("health"),
        restarts: facts["restarts"].as_u64(),
        started,
        uptime_ms: up.and_then(|up| u64::try_from(up).ok()),
        memory,
        memory_limit: limit,
        memory_percent,
        cpu_percent: own(base.cpu_percent),
        ..base.clone()
    }
}

/// `rollback --record` has names, `rollback` has ids alone.
fn of_release(name: &str, image: &Value) -> Service {
    let text = |value: &Value| {
        value
            .as_str()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    Service {
        service: name.to_owned(),
        version: text(&image["name"]).as_deref().and_then(version),
        image: text(&image["name"]),
        image_id: text(&image["id"]).or_else(|| text(image)),
        ..Service::default()
    }
}

/// The tag of an image's name, without a digest: `18-alpine` of
/// `postgres:18-alpine`.
fn version(image: &str) -> Option<String> {
    let name = image.split('@').next()?;
    let last = name.rsplit('/').next()?;
    last.split_once(':').map(|(_, tag)| tag.to_owned())
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn a_tag_is_no_port_and_no_digest() {
        assert_eq!(version("postgres:18-alpine").as_deref(), Some("18-alpine"));
        assert_eq!(version("registry:5000/shop/api"), None);
        assert_eq!(
            version("registry:5000/shop/api:1.4@sha256:0a").as_deref(),
            Some("1.4")
        );
    }
}
