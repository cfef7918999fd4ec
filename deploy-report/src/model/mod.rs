//! What a report says, computed from records alone and without the words of any
//! language: what `--format json` writes, and what the templates are filled with.

mod backup;
mod check;
mod data;
mod finding;
mod notice;
mod release;
mod resource;
mod security;
mod service;
mod timeline;
mod verdict;

#[cfg(test)]
mod tests;

use crate::source::{Damage, Read};
use backup::Backup;
use check::Smoke;
use chrono::{DateTime, Utc};
use data::{Database, Redis};
use finding::Finding;
use notice::Notice;
use release::{Change, Rollback, WayBack};
use resource::Resource;
use security::Certificate;
use serde::Serialize;
use service::Service;
use std::collections::BTreeSet;
use timeline::{Span, Step};
use toolkit::record::{Record, Status};
use verdict::{Outcome, Verdict};

/// The version of what `--format json` writes.
const FORMAT: u64 = 1;

/// What is known of one pipeline, or of several.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    pub(crate) format: u64,
    pub(crate) kind: Kind,
    /// The moment of the last record: the report's own date.
    pub(crate) made: DateTime<Utc>,
    pub(crate) verdict: Verdict,
    pub(crate) project: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) hosts: Vec<String>,
    /// Who deployed.
    pub(crate) by: Option<String>,
    /// The ids of the pipelines.
    pub(crate) runs: Vec<String>,
    pub(crate) change: Change,
    pub(crate) time: Span,
    pub(crate) steps: Vec<Step>,
    pub(crate) services: Vec<Service>,
    /// Checks of addresses: HTTP, TCP, mail, DNS.
    pub(crate) endpoints: Vec<Finding>,
    pub(crate) smoke: Vec<Smoke>,
    pub(crate) databases: Vec<Database>,
    pub(crate) redis: Vec<Redis>,
    pub(crate) resources: Vec<Resource>,
    /// Checks of secrets, ports and certificates.
    pub(crate) security: Vec<Finding>,
    pub(crate) certificates: Vec<Certificate>,
    /// None where no check looked.
    pub(crate) public_ports: Option<Vec<u64>>,
    /// All other checks.
    pub(crate) checks: Vec<Finding>,
    pub(crate) backups: Vec<Backup>,
    pub(crate) way_back: Option<WayBack>,
    pub(crate) rollback: Option<Rollback>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) logs: Vec<Log>,
    /// Lines that could not be read.
    pub(crate) damaged: Vec<Damage>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A release was brought, or was to be.
    Deployment,
    /// An earlier one was returned to by hand.
    Rollback,
    /// Neither: checks, backups, tests.
    Other,
}

/// Where a container says more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Log {
    pub(crate) service: String,
    /// A command that shows it.
    pub(crate) command: String,
}

impl Report {
    /// What the records say.
    pub(crate) fn of(read: &Read) -> Self {
        let records = read.records.as_slice();
        let (time, steps) = timeline::of(records);
        let findings = check::checks(records);
        let backups: Vec<_> = saved(records);
        let recorded = release::recorded(records);
        let services = service::of(&findings, recorded);
        Self {
            format: FORMAT,
            kind: kind(records),
            made: time.ended.unwrap_or_default(),
            verdict: Verdict::of(records),
            project: first(records, |record| Some(record.project.clone())),
            environment: first(records, |record| record.env.clone()),
            hosts: distinct(records.iter().map(|record| record.host.clone())),
            by: by(records),
            runs: runs(records),
            change: Change::of(records),
            steps,
            endpoints: check::of_kinds(&findings, &check::ENDPOINTS),
            smoke: check::smoke(records),
            databases: data::databases(&findings, &backups),
            redis: data::redis(&findings, &backups),
            resources: resource::of(&findings),
            security: check::of_kinds(&findings, &security::KINDS),
            certificates: security::certificates(&findings),
            public_ports: security::public_ports(&findings),
            checks: check::others(&findings),
            backups: backup::of(records),
            way_back: WayBack::of(records),
            rollback: Rollback::of(records),
            notices: notice::of(records),
            logs: logs(&services, time.began),
            services,
            time,
            damaged: read.damaged.clone(),
        }
    }

    /// Whether no record says anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.verdict.outcome == Outcome::Empty
    }
}

/// The backups that there are.
fn saved(records: &[Record]) -> Vec<&Record> {
    let done = |record: &&Record| matches!(record.status, Status::Ok | Status::Warn);
    let saved = records.iter().filter(|record| record.tool == "backup");
    saved.filter(done).collect()
}

fn kind(records: &[Record]) -> Kind {
    let has = |wanted: &dyn Fn(&Record) -> bool| records.iter().any(wanted);
    if has(&|record| record.tool == "step" || is_by(record, "rollback", "prepare")) {
        Kind::Deployment
    } else if has(&|record| release::went_back(record)) {
        Kind::Rollback
    } else {
        Kind::Other
    }
}

/// Who prepared the deployment, else who switched maintenance mode on for it.
fn by(records: &[Record]) -> Option<String> {
    let said = |record: &Record| {
        release::text(&record.data["by"]).or_else(|| release::text(&record.data["marker"]["by"]))
    };
    let mut of = records.iter().filter(|record| record.tool == "rollback");
    of.find_map(said)
}

fn logs(services: &[Service], began: Option<DateTime<Utc>>) -> Vec<Log> {
    // The command may be copied into a shell.
    let is_plain = |name: &&String| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_.-".contains(letter);
        !name.starts_with('-') && name.chars().all(plain)
    };
    let named = services.iter().filter_map(|one| {
        let container = one.container.as_ref().filter(is_plain)?;
        Some((one, container))
    });
    let since = began.map(|began| format!(" --since {}", began.format("%Y-%m-%dT%H:%M:%SZ")));
    let since = since.unwrap_or_default();
    named
        .map(|(service, container)| Log {
            service: service.service.clone(),
            command: format!("docker logs{since} {container}"),
        })
        .collect()
}

fn first(records: &[Record], field: impl Fn(&Record) -> Option<String>) -> Option<String> {
    let mut values = records.iter().filter_map(field);
    values.find(|value| !value.is_empty())
}

/// Each value once, empty ones left out.
fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut known = BTreeSet::new();
    let mut found = Vec::new();
    for value in values {
        if !value.is_empty() && known.insert(value.clone()) {
            found.push(value);
        }
    }
    found
}

fn runs(records: &[Record]) -> Vec<String> {
    distinct(records.iter().map(|record| record.run.clone()))
}

fn is_by(record: &Record, tool: &str, name: &str) -> bool {
    record.tool == tool && record.name == name
}

/// A moment as records write it.
fn moment(at: &str) -> Option<DateTime<Utc>> {
    at.parse().ok()
}
