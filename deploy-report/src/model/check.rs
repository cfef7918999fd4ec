//! What checks and smoke tests found, and to which part of the report it goes.

use super::finding::Finding;
use super::{data, moment, resource, security, service, timeline};
use chrono::{DateTime, Utc};
use serde::Serialize;
use toolkit::record::{Record, Status};

/// One run of a smoke test.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Smoke {
    pub(crate) status: Status,
    pub(crate) at: Option<DateTime<Utc>>,
    pub(crate) superseded: bool,
    pub(crate) ok: usize,
    pub(crate) warn: usize,
    pub(crate) fail: usize,
    pub(crate) skip: usize,
    pub(crate) steps: Vec<Finding>,
}

/// The kinds of checks that look at an address.
pub(super) const ENDPOINTS: [&str; 5] = ["http", "tcp", "smtp", "imap", "dns"];

/// The last finding of each check, in the order in which they were first made.
pub(super) fn checks(records: &[Record]) -> Vec<Finding> {
    let rollbacks = timeline::rollbacks(records);
    let mut found: Vec<Finding> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        if record.tool != "healthcheck" {
            continue;
        }
        for finding in Finding::all(
            record,
            "checks",
            is_superseded(timeline::behind(&rollbacks, at), record),
        ) {
            match found.iter_mut().find(|one| one.name == finding.name) {
                // That it was not run again takes nothing back that was seen.
                Some(_) if finding.status == Status::Skip => {}
                Some(earlier) => *earlier = finding,
                None => found.push(finding),
            }
        }
    }
    found
}

/// Whether another release serves since: `rollback` changed it after the first
/// Whether another release serves since: one of the rollbacks behind the record
/// changed that, and did not call what wrote it.
fn is_superseded(rollbacks: &[&Record], record: &Record) -> bool {
    let seen = moment(&record.at);
    rollbacks.iter().any(|rollback| {
        let began = timeline::began(rollback).zip(seen);
        began.is_none_or(|(began, seen)| seen <= began)
    })
}

pub(super) fn of_kinds(findings: &[Finding], kinds: &[&str]) -> Vec<Finding> {
    let of = findings
        .iter()
        .filter(|one| kinds.contains(&one.kind.as_str()));
    of.cloned().collect()
}

/// What no other part of the report has. Checks whose numbers stand elsewhere
/// are here when something is wrong with them.
pub(super) fn others(findings: &[Finding]) -> Vec<Finding> {
    let shown = |one: &&Finding| {
        let kind = &one.kind.as_str();
        let numbers = [&data::KINDS[..], &resource::KINDS, &service::KINDS].concat();
        let is_elsewhere = ENDPOINTS.contains(kind) || security::KINDS.contains(kind);
        !is_elsewhere && (!numbers.contains(kind) || one.status != Status::Ok)
    };
    findings.iter().filter(shown).cloned().collect()
}

pub(super) fn smoke(records: &[Record]) -> Vec<Smoke> {
    let rollbacks = timeline::rollbacks(records);
    let runs = records.iter().enumerate();
    let runs = runs.filter(|(_, record)| record.tool == "smoketest");
    runs.filter(|(_, record)| record.status != Status::Skip)
        .map(|(at, record)| {
            let superseded = is_superseded(timeline::behind(&rollbacks, at), record);
            let steps = Finding::all(record, "steps", superseded);
            let count = |status| steps.iter().filter(|step| step.status == status).count();
            Smoke {
                status: record.status,
                at: moment(&record.at),
                superseded,
                ok: count(Status::Ok),
                warn: count(Status::Warn),
                fail: count(Status::Fail) + count(Status::Unknown),
                skip: count(Status::Skip),
                steps,
            }
        })
        .collect()
}
