//! What a person should look at, and what to do about it.

use super::finding::Finding;
use serde::Serialize;
use toolkit::record::{Record, Status};

/// One thing that failed or warns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Notice {
    /// `fail` or `warn`.
    pub(crate) status: Status,
    pub(crate) tool: String,
    /// The record's name, or the check's.
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    /// What is wrong, in the tool's words.
    pub(crate) message: String,
    /// What should have been, in the tool's words.
    pub(crate) expected: Option<String>,
    /// The remedy, in the tool's words.
    pub(crate) hint: Option<String>,
}

/// Failures first, each kind in the order of the records.
pub(super) fn of(records: &[Record]) -> Vec<Notice> {
    let mut notices: Vec<_> = records.iter().flat_map(of_record).collect();
    notices.sort_by_key(|notice| notice.status == Status::Warn);
    notices
}

fn of_record(record: &Record) -> Vec<Notice> {
    let list = match record.tool.as_str() {
        "healthcheck" => "checks",
        "smoketest" => "steps",
        _ => "",
    };
    let found = Finding::all(record, list, false);
    let mut notices: Vec<_> = found
        .iter()
        .flat_map(|one| of_finding(record, one))
        .collect();
    let warnings = record.data["warnings"].as_array().into_iter().flatten();
    let warnings: Vec<_> = warnings.filter_map(|warning| warning.as_str()).collect();
    let is_told = !notices.is_empty() || !warnings.is_empty();
    let status = record.status;
    if let Some(error) = &record.error {
        // What it says of many, they say themselves.
        let is_sum = is_told && (!notices.is_empty() || status == Status::Warn);
        if !is_sum && matches!(status, Status::Fail | Status::Warn | Status::Unknown) {
            notices.push(Notice {
                status,
                tool: record.tool.clone(),
                name: record.name.clone(),
                reason: Some(error.reason.clone()),
                message: error.message.clone(),
                expected: None,
                hint: error.hint.clone(),
            });
        }
    } else if matches!(status, Status::Fail | Status::Unknown) && !is_told {
        notices.push(Notice {
            message: record.summary.clone(),
            ..warning(record, "", status)
        });
    }
    notices.extend(
        warnings
            .into_iter()
            .map(|text| warning(record, text, Status::Warn)),
    );
    notices
}

fn of_finding(record: &Record, finding: &Finding) -> Vec<Notice> {
    if !matches!(
        finding.status,
        Status::Fail | Status::Warn | Status::Unknown
    ) {
        return Vec::new();
    }
    let first = Notice {
        status: finding.status,
        tool: record.tool.clone(),
        name: finding.name.clone(),
        reason: finding.reason.clone(),
        message: finding.observed.clone(),
        expected: Some(finding.expected.clone()).filter(|text| !text.is_empty()),
        hint: finding.hint.clone(),
    };
    let also = finding.also.iter().map(|fault| Notice {
        status: fault.level,
        reason: Some(fault.reason.clone()),
        message: fault.observed.clone(),
        expected: Some(fault.expected.clone()).filter(|text| !text.is_empty()),
        hint: fault.hint.clone(),
        ..first.clone()
    });
    let also: Vec<_> = also.collect();
    std::iter::once(first).chain(also).collect()
}

fn warning(record: &Record, text: &str, status: Status) -> Notice {
    Notice {
        status,
        tool: record.tool.clone(),
        name: record.name.clone(),
        reason: None,
        message: text.to_owned(),
        expected: None,
        hint: None,
    }
}
