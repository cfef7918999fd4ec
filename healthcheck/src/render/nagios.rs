//! What Nagios and its kin read of a plugin: one line with performance data,
//! then a line a check.
//! <https://www.monitoring-plugins.org/doc/guidelines.html>

use super::worst_first;
use crate::exit::Service;
use probe::render::{Told, faults};
use probe::{Finding, Measure, Unit};
use std::collections::BTreeSet;
use toolkit::output::printable;

/// The longest first line, before its performance data.
const LONGEST: usize = 79;

/// The plugin's output.
pub(super) fn of(told: &Told<'_>) -> String {
    let whole = plain(&format!(
        "HEALTHCHECK {}: {}",
        Service::of(told.code, told.record.status).word(),
        told.sentence()
    ));
    let mut first = shortened(&whole);
    let is_whole = first == whole;
    let findings = told.findings.unwrap_or_default();
    if told.findings.is_some() {
        first = format!("{first} | {}", performance(told, findings).join(" "));
    }
    let mut lines = vec![first];
    if !is_whole && findings.is_empty() {
        lines.push(whole);
    }
    let hint = told.hint().map(|hint| plain(&format!("hint: {hint}")));
    lines.extend(hint);
    lines.extend(worst_first(findings).into_iter().map(line));
    lines.join("\n")
}

/// A finding in one line.
fn line(finding: &Finding) -> String {
    let faults = faults(finding);
    let said = match faults.as_slice() {
        [] => finding.observed.clone(),
        _ => faults.join("; "),
    };
    let word = match finding.status {
        toolkit::record::Status::Ok => Service::Ok.word(),
        toolkit::record::Status::Warn => Service::Warning.word(),
        toolkit::record::Status::Skip => "SKIPPED",
        _ => Service::Critical.word(),
    };
    plain(&format!("[{word}] {}: {said}", finding.name))
}

/// One line, without the character that begins performance data.
fn plain(text: &str) -> String {
    printable(text).replace('|', "/").replace('\t', " ")
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let kept: String = line.chars().take(LONGEST - 3).collect();
    kept + "..."
}

fn performance(told: &Told<'_>, findings: &[Finding]) -> Vec<String> {
    let mut labels = BTreeSet::new();
    let ms = told.record.ms.unwrap_or_default();
    let time = Measure::new(
        "time",
        std::time::Duration::from_millis(ms).as_secs_f64(),
        Unit::Seconds,
    );
    let mut data = vec![datum(&mut labels, "time", &time)];
    for finding in findings {
        for measure in &finding.measures {
            let name = format!("{}_{}", finding.name, measure.name);
            data.push(datum(&mut labels, &name, measure));
        }
    }
    data
}

/// `'label'=value[UOM];[warn];[crit];[min];[max]`, without empty ends.
fn datum(labels: &mut BTreeSet<String>, name: &str, measure: &Measure) -> String {
    let (unit, min, suffix) = match measure.unit {
        Unit::Seconds => ("s", "0", ""),
        Unit::Bytes => ("B", "0", ""),
        // Its least and its most are known to all.
        Unit::Percent => ("%", "", ""),
        Unit::Count => ("", "0", ""),
        // The guidelines have no days.
        Unit::Days => ("", "", "_days"),
    };
    let label = label(labels, &format!("{name}{suffix}"));
    if !measure.value.is_finite() {
        return format!("{label}=U");
    }
    let range = |limit: Option<f64>| match limit.filter(|limit| limit.is_finite()) {
        None => String::new(),
        Some(limit) if measure.less_is_worse => format!("{}:", number(limit)),
        // A range of one number is also left below zero.
        Some(limit) if limit < 0.0 || measure.value < 0.0 => format!("~:{}", number(limit)),
        Some(limit) => number(limit),
    };
    let min = if measure.value < 0.0 { "" } else { min };
    let max = measure
        .max
        .filter(|max| max.is_finite() && measure.unit != Unit::Percent);
    let data = [
        format!("{label}={}{unit}", number(measure.value)),
        range(measure.warn),
        range(measure.fail),
        min.to_owned(),
        max.map(number).unwrap_or_default(),
    ];
    data.join(";").trim_end_matches(';').to_owned()
}

/// A label that no other has, quoted where it must be.
fn label(labels: &mut BTreeSet<String>, name: &str) -> String {
    let is_forbidden = |c: char| c.is_control() || matches!(c, '=' | '\'' | '|');
    let name = name.replace(is_forbidden, "_");
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    let name = names
        .find(|name| !labels.contains(name))
        .unwrap_or_default();
    labels.insert(name.clone());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.chars().all(is_plain) {
        return name;
    }
    format!("'{name}'")
}

/// Digits, a point and a sign only, to the millionth.
fn number(value: f64) -> String {
    let digits = format!("{value:.6}");
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe::Limits;

    fn told(name: &str, measure: &Measure) -> String {
        datum(&mut BTreeSet::new(), name, measure)
    }

    #[test]
    fn performance_data_keeps_to_the_guidelines() {
        let limits = Limits::new(0.5, 2.0);
        for (name, measure, expected) in [
            (
                "db_connect",
                Measure::new("", 0.25, Unit::Seconds).limits(limits),
                "db_connect=0.25s;0.5;2;0",
            ),
            (
                "a b",
                Measure::new("", 3.0, Unit::Count).max(100.0),
                "'a b'=3;;;0;100",
            ),
            (
                "it's=1|2",
                Measure::new("", 1e12, Unit::Bytes),
                "it_s_1_2=1000000000000B;;;0",
            ),
            (
                "é",
                Measure::new("", 12.345_678_9, Unit::Percent).max(100.0),
                "'é'=12.345679%",
            ),
            (
                "gone",
                Measure::new("", f64::NAN, Unit::Seconds).limits(limits),
                "gone=U",
            ),
            (
                "tls",
                Measure::new("", -3.0, Unit::Days)
                    .limits(Limits::new(30.0, 7.0))
                    .less_is_worse(),
                "tls_days=-3;30:;7:",
            ),
            (
                "skew",
                Measure::new("", -1.5, Unit::Seconds).limits(limits),
                "skew=-1.5s;~:0.5;~:2",
            ),
        ] {
            assert_eq!(told(name, &measure), expected);
        }
    }

    #[test]
    fn no_label_is_there_twice() {
        let mut labels = BTreeSet::new();
        assert_eq!(label(&mut labels, "a=b"), "a_b");
        assert_eq!(label(&mut labels, "a'b"), "a_b_2");
        assert_eq!(label(&mut labels, "a_b"), "a_b_3");
    }

    #[test]
    fn the_first_line_is_short_and_one() {
        let line = plain(&format!("A\nB|C\x1b[31m{}", "é".repeat(100)));
        let line = shortened(&line);
        assert_eq!(line.chars().count(), 79);
        assert!(line.starts_with("A\\nB/C\\u{1b}[31mé"), "{line}");
    }
}
