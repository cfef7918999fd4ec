//! A `JUnit` report: a test case a finding.
//!
//! A failure is an expectation that does not hold, an error what could not be
//! looked at. A warning is a success that says so: `JUnit` has none.

use super::{Told, faults};
use crate::Finding;
use chrono::{DateTime, Utc};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;
use toolkit::output::printable;
use toolkit::record::Status;

/// The report.
pub fn of(told: &Told<'_>) -> String {
    let record = told.record;
    let took = Duration::from_millis(record.ms.unwrap_or_default());
    let mut suite = TestSuite::new(shown(&record.project));
    suite.set_time(took);
    if let Ok(ended) = record.at.parse::<DateTime<Utc>>() {
        suite.set_timestamp(ended - took);
    }
    suite
        .extra
        .insert("hostname".into(), shown(&record.host).as_str().into());
    match told.findings {
        Some(findings) => {
            suite.add_test_cases(findings.iter().map(|finding| case(finding, &record.tool)));
        }
        None => {
            suite.add_test_case(unseen(told));
        }
    }
    suite.set_system_out(shown(&told.sentence()));
    let mut report = Report::new(record.tool.as_str());
    report.set_time(took);
    report.add_test_suite(suite);
    // Only a writer can fail, and this one is memory.
    report.to_string().unwrap_or_default()
}

fn case(finding: &Finding, tool: &str) -> TestCase {
    let status = match finding.status {
        Status::Ok | Status::Warn => TestCaseStatus::success(),
        Status::Skip => skipped(&finding.observed),
        _ if finding.unseen => wrong(NonSuccessKind::Error, finding),
        _ => wrong(NonSuccessKind::Failure, finding),
    };
    let mut case = TestCase::new(shown(&finding.name), status);
    case.set_classname(format!("{tool}.{}", finding.kind));
    case.set_time(Duration::from_millis(finding.ms));
    match finding.status {
        Status::Ok => {
            case.set_system_out(shown(&finding.observed));
        }
        Status::Warn => {
            case.set_system_out(format!("warn: {}", lines(finding)));
        }
        _ => {}
    }
    case
}

fn wrong(kind: NonSuccessKind, finding: &Finding) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(shown(&finding.observed));
    status.set_type(finding.reason.unwrap_or("unknown"));
    status.set_description(lines(finding));
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(shown(why));
    status
}

/// The case of a run that looked at nothing.
fn unseen(told: &Told<'_>) -> TestCase {
    let status = match &told.record.error {
        None if told.record.status == Status::Skip => skipped(&told.sentence()),
        error => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(shown(&told.sentence()));
            if let Some(error) = error {
                status.set_type(error.reason.as_str());
            }
            status.set_description(shown(told.hint().unwrap_or_default()));
            status
        }
    };
    let mut case = TestCase::new(told.record.tool.as_str(), status);
    case.set_classname(told.record.tool.as_str());
    case
}

fn lines(finding: &Finding) -> String {
    let lines: Vec<_> = faults(finding).iter().map(|line| shown(line)).collect();
    lines.join("\n")
}

/// Without what XML cannot hold: the sequences that colour a terminal, control
/// characters, and the two that are no characters at all.
fn shown(text: &str) -> String {
    let text = text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
    printable(quick_junit::XmlString::new(text).as_str())
}
