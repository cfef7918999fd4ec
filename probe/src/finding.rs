//! What came of a check.

use crate::report::{Fault, Level, Measure, Report};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::redact;

/// What came of a check: an entry of `data.checks`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The check's name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// `ok`, `warn`, `fail` or `skip`.
    pub status: Status,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What was seen; where something is wrong, the worst of it.
    pub observed: String,
    /// What was expected instead.
    pub expected: String,
    /// Whether it is wrong that it could not be looked at, rather than what was
    /// seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
    /// A stable word for what is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// The remedy, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whatever else is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Fault>,
    /// The numbers that were seen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<Measure>,
    /// Whatever else was seen.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub facts: Map<String, Value>,
}

/// The reasons of what is not wrong yet, and should be well by itself soon: a
/// container whose health check has not passed yet, a migration at work.
const ON_ITS_WAY: [&str; 4] = [
    "container_starting",
    "container_not_ended",
    "swarm_updating",
    "process_starting",
];

impl Finding {
    /// Whether it only has to be waited for.
    pub fn is_on_its_way(&self) -> bool {
        let also = self.also.iter().map(|fault| fault.reason);
        let mut reasons = self.reason.into_iter().chain(also);
        self.status == Status::Warn && reasons.any(|reason| ON_ITS_WAY.contains(&reason))
    }

    /// The finding of a check that was not run, and why.
    pub fn skipped(name: &str, kind: &'static str, expected: &str, why: &str) -> Self {
        Self {
            status: Status::Skip,
            observed: format!("not run: {why}"),
            ..Self::of(name, kind, expected, Ok(Report::default()), Duration::ZERO)
        }
    }

    /// The finding of a report, or of a failure to look, after `took`.
    pub fn of(
        name: &str,
        kind: &'static str,
        expected: &str,
        report: Result<Report, Failure>,
        took: Duration,
    ) -> Self {
        let expected = redact::text(expected).into_owned();
        let unseen = report.is_err();
        let report = report.unwrap_or_else(|failure| cannot_look(failure, &expected));
        let Report {
            observed,
            mut faults,
            measures,
            facts,
        } = masked(report);
        // The first of the worst: probes look at what matters most first.
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.level));
        let mut faults = faults.into_iter();
        let worst = faults.next();
        let status = match &worst {
            None => Status::Ok,
            Some(fault) if fault.level == Level::Warn => Status::Warn,
            Some(_) => Status::Fail,
        };
        let (observed, expected, reason, hint) = match worst {
            None => (observed, expected, None, None),
            Some(fault) => (
                fault.observed,
                fault.expected,
                Some(fault.reason),
                fault.hint,
            ),
        };
        Self {
            name: name.to_owned(),
            kind,
            status,
            ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            observed,
            expected,
            unseen,
            reason,
            hint,
            also: faults.collect(),
            measures,
            facts,
        }
    }
}

/// What could not be looked at is as bad as what is wrong.
fn cannot_look(failure: Failure, expected: &str) -> Report {
    let mut fault = Fault::fail(failure.reason, failure.message, expected);
    fault.hint = failure.hint;
    let mut report = Report::default();
    report.fault(fault);
    report
}

/// Masked here, not only where it is written: in XML or a label a secret may be
/// escaped, and the filter of stdout would no longer know it.
fn masked(mut report: Report) -> Report {
    let mask = |text: &mut String| *text = redact::text(text).into_owned();
    mask(&mut report.observed);
    for fault in &mut report.faults {
        mask(&mut fault.observed);
        mask(&mut fault.expected);
        fault.hint.iter_mut().for_each(mask);
    }
    let mut facts = Value::Object(report.facts);
    redact::value(&mut facts);
    report.facts = match facts {
        Value::Object(facts) => facts,
        _ => Map::new(),
    };
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(report: Result<Report, Failure>) -> Finding {
        let took = Duration::from_millis(7);
        Finding::of("a", "tcp", "all well", report, took)
    }

    #[test]
    fn the_worst_fault_speaks_and_the_others_stay() {
        let mut report = Report::new("slow and wrong");
        report.fault(Fault::warn("http_slow", "2 s", "1 s"));
        report.fault(Fault::fail("http_status", "503", "200").hint("look at its log"));
        let found = found(Ok(report));
        assert_eq!(found.status, Status::Fail);
        assert_eq!(found.reason, Some("http_status"));
        assert_eq!(
            (found.observed.as_str(), found.expected.as_str()),
            ("503", "200")
        );
        assert_eq!(found.also, [Fault::warn("http_slow", "2 s", "1 s")]);
    }

    #[test]
    fn what_cannot_be_seen_is_a_failure() {
        let found = found(Err(
            Failure::new("tcp_refused", "nobody listens").hint("start it")
        ));
        assert_eq!(found.status, Status::Fail);
        assert!(found.unseen);
        assert_eq!(found.observed, "nobody listens");
        assert_eq!(found.expected, "all well");
        assert_eq!(found.hint.as_deref(), Some("start it"));
    }

    #[test]
    fn a_secret_is_masked_before_a_format_can_disguise_it() {
        redact::learn("<s3cret>&");
        let mut report = Report::new("said <s3cret>&");
        report.fault(Fault::warn("echoed", "it said <s3cret>&", "").hint("hide <s3cret>&"));
        report.fact("said", "<s3cret>&");
        let found = found(Ok(report));
        assert!(!format!("{found:?}").contains("s3cret"), "{found:?}");
        assert_eq!(found.observed, "it said ***");
        let skipped = Finding::skipped("a", "tcp", "to hear <s3cret>&", "why");
        assert_eq!(skipped.expected, "to hear ***");
    }
}
