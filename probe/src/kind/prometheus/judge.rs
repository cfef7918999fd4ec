//! Whether samples are within their limits.

use super::answer::{Answer, Sample};
use super::{Empty, Prometheus};
use crate::report::{Fault, Level};
use crate::{Limits, Measure, Report, Unit};

/// How many samples are told one by one.
const TOLD: usize = 10;

/// What is expected, in a few words.
pub(super) fn expected(check: &Prometheus) -> String {
    let query = &check.query;
    if check.empty == Empty::Only {
        return format!("no sample of `{query}`");
    }
    let outer = |limits: Limits| limits.fail.or(limits.warn);
    let less = outer(check.above).map(|limit| format!("less than {limit}"));
    let more = outer(check.below).map(|limit| format!("more than {limit}"));
    let both: Vec<_> = less.into_iter().chain(more).collect();
    format!("`{query}`: {}", both.join(", "))
}

/// What was seen, and each sample that is not within the limits.
pub(super) fn report(check: &Prometheus, answer: Answer) -> Report {
    let samples = &answer.samples;
    let mut report = Report::new(observed(samples));
    for measure in measures(check, samples) {
        report.measure(measure);
    }
    if !answer.warnings.is_empty() {
        report.fact("warnings", answer.warnings);
    }
    if samples.is_empty() && check.empty == Empty::Fail {
        let fault = Fault::fail("prometheus_empty", "no sample", expected(check));
        report
            .fault(fault.hint(
                "look at the names in the query; write `empty = \"ok\"` where none is right",
            ));
    }
    let mut faults: Vec<_> = samples
        .iter()
        .filter_map(|sample| judge(check, sample))
        .collect();
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.level));
    let more = faults.split_off(faults.len().min(TOLD));
    let level = more.first().map(|fault| fault.level);
    for fault in faults {
        report.fault(fault);
    }
    if let Some(level) = level {
        let observed = format!("{} more samples like these", more.len());
        report.fault(Fault::new(
            level,
            "prometheus_more",
            observed,
            expected(check),
        ));
    }
    report
}

fn judge(check: &Prometheus, sample: &Sample) -> Option<Fault> {
    let observed = seen(sample);
    let value = sample.value;
    if check.empty == Empty::Only {
        return Some(Fault::fail("prometheus_sample", observed, expected(check)));
    }
    if value.is_nan() {
        return Some(Fault::fail("prometheus_nan", observed, "a number"));
    }
    let above = check.above.above(value);
    let above =
        above.map(|(level, limit)| (level, "prometheus_above", format!("less than {limit}")));
    let below = check.below.below(value);
    let below =
        below.map(|(level, limit)| (level, "prometheus_below", format!("more than {limit}")));
    let worst = above
        .into_iter()
        .chain(below)
        .max_by_key(|(level, ..)| *level);
    worst.map(|(level, reason, expected): (Level, _, _)| {
        Fault::new(level, reason, observed, expected)
    })
}

fn seen(sample: &Sample) -> String {
    format!("{sample} is {}", sample.value)
}

fn observed(samples: &[Sample]) -> String {
    match (samples, range(samples)) {
        ([], _) => "no sample".into(),
        ([one], _) => seen(one),
        (_, Some((lowest, highest))) => {
            format!("{} samples from {lowest} to {highest}", samples.len())
        }
        (_, None) => format!("{} samples that are no number", samples.len()),
    }
}

/// The lowest and the highest number.
fn range(samples: &[Sample]) -> Option<(f64, f64)> {
    let values = samples.iter().map(|sample| sample.value);
    let values = values.filter(|value| !value.is_nan());
    values.fold(None, |range, value| {
        let (lowest, highest) = range.unwrap_or((value, value));
        Some((value.min(lowest), value.max(highest)))
    })
}

fn measures(check: &Prometheus, samples: &[Sample]) -> Vec<Measure> {
    let Some((lowest, highest)) = range(samples) else {
        return Vec::new();
    };
    let high = |name| Measure::new(name, highest, Unit::Count).limits(check.above);
    let low = |name| {
        Measure::new(name, lowest, Unit::Count)
            .limits(check.below)
            .less_is_worse()
    };
    match samples {
        [_] if check.above.is_none() && !check.below.is_none() => vec![low("value")],
        [_] => vec![high("value")],
        _ => vec![low("lowest"), high("highest")],
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::read;
    use super::*;
    use crate::http::Response;
    use std::time::Duration;

    fn response(body: &str) -> Response {
        Response {
            version: "1.1",
            certificate: None,
            status: 200,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
            is_cut: false,
            hops: Vec::new(),
            took: Duration::ZERO,
            connected: Duration::ZERO,
            first_byte: Duration::ZERO,
            is_again: false,
        }
    }

    fn seen(keys: &str, kind: &str, result: &str) -> (String, Vec<String>) {
        let toml = format!("url = 'http://a'\nquery = 'q'\n{keys}");
        let check: Prometheus = toml::from_str(&toml).unwrap();
        let data = format!(r#"{{"resultType": "{kind}", "result": {result}}}"#);
        let body = format!(r#"{{"status": "success", "data": {data}}}"#);
        let report = report(&check, read(&response(&body)).unwrap());
        let told = |fault: Fault| {
            let level = fault.level;
            format!(
                "{level:?} {}: {}; {}",
                fault.reason, fault.observed, fault.expected
            )
        };
        (
            report.observed,
            report.faults.into_iter().map(told).collect(),
        )
    }

    const TWO: &str = r#"[
        {"metric": {"__name__": "up", "job": "a"}, "value": [1.5, "1"]},
        {"metric": {"__name__": "up", "job": "b"}, "value": [1.5, "0"]}
    ]"#;

    #[test]
    fn each_sample_is_judged_and_named() {
        let (observed, faults) = seen("below = { warn = 1, fail = 0 }", "vector", TWO);
        assert_eq!(observed, "2 samples from 0 to 1");
        let expected = [
            "Fail prometheus_below: `up{job=\"b\"}` is 0; more than 0",
            "Warn prometheus_below: `up{job=\"a\"}` is 1; more than 1",
        ];
        assert_eq!(faults, expected);
        let (_, faults) = seen("above = { fail = 2 }", "vector", TWO);
        assert!(faults.is_empty(), "{faults:?}");
    }

    #[test]
    fn one_number_is_judged() {
        let keys = "above = { fail = 5 }\nbelow = { fail = 1 }";
        let (observed, faults) = seen(keys, "scalar", r#"[1, "3.5"]"#);
        assert_eq!((observed.as_str(), faults.len()), ("the result is 3.5", 0));
        let (_, faults) = seen(keys, "scalar", r#"[1, "+Inf"]"#);
        assert_eq!(
            faults,
            ["Fail prometheus_above: the result is inf; less than 5"]
        );
        let (_, faults) = seen(keys, "scalar", r#"[1, "NaN"]"#);
        assert_eq!(faults, ["Fail prometheus_nan: the result is NaN; a number"]);
    }

    #[test]
    fn no_sample_is_a_fault_unless_told() {
        let (observed, faults) = seen("above = { fail = 5 }", "vector", "[]");
        assert_eq!(observed, "no sample");
        assert_eq!(
            faults,
            ["Fail prometheus_empty: no sample; `q`: less than 5"]
        );
        assert!(
            seen("above = { fail = 5 }\nempty = 'ok'", "vector", "[]")
                .1
                .is_empty()
        );
        assert!(seen("empty = 'only'", "vector", "[]").1.is_empty());
        let (_, faults) = seen("empty = 'only'", "vector", TWO);
        assert_eq!(
            faults[0],
            "Fail prometheus_sample: `up{job=\"a\"}` is 1; no sample of `q`"
        );
    }

    #[test]
    fn many_are_told_as_many() {
        let entry = |n: i32| format!(r#"{{"metric": {{"n": "{n}"}}, "value": [1, "{n}"]}}"#);
        let all: Vec<_> = (0..1000).map(entry).collect();
        let (_, faults) = seen(
            "above = { fail = 500 }",
            "vector",
            &format!("[{}]", all.join(",")),
        );
        assert_eq!(faults.len(), TOLD + 1);
        assert_eq!(
            faults[TOLD],
            "Fail prometheus_more: 490 more samples like these; `q`: less than 500"
        );
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for (body, reason) in [
            ("<html>", "prometheus_answer"),
            ("{}", "prometheus_answer"),
            (
                r#"{"data": {"resultType": "vector", "result": [1]}}"#,
                "prometheus_answer",
            ),
            (
                r#"{"data": {"resultType": "scalar", "result": [1, "x"]}}"#,
                "prometheus_answer",
            ),
            (
                r#"{"data": {"resultType": "matrix", "result": []}}"#,
                "prometheus_type",
            ),
            (
                r#"{"status": "error", "error": "parse error"}"#,
                "prometheus_query",
            ),
        ] {
            assert_eq!(read(&response(body)).unwrap_err().reason, reason, "{body}");
        }
    }
}
