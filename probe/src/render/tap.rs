//! The Test Anything Protocol, version 14: a test point a finding.
//! <https://testanything.org/tap-version-14-specification.html>

use super::Told;
use crate::Finding;
use serde_json::{Value, json};
use toolkit::output::printable;
use toolkit::record::Status;

/// The stream of test points.
pub fn of(told: &Told<'_>) -> String {
    let mut lines = vec!["TAP version 14".to_owned()];
    match told.findings {
        None if told.record.status == Status::Skip => {
            lines.push(format!("1..0 # SKIP {}", escaped(&told.sentence())));
        }
        None => lines.push(format!("Bail out! {}", escaped(&told.sentence()))),
        Some(findings) => {
            lines.push(format!("1..{}", findings.len()));
            let numbered = findings.iter().zip(1..);
            lines.extend(numbered.flat_map(|(finding, number)| point(finding, number)));
            lines.push(format!("# {}", printable(&told.sentence())));
        }
    }
    lines.join("\n")
}

fn point(finding: &Finding, number: usize) -> Vec<String> {
    let result = match finding.status {
        Status::Ok | Status::Warn | Status::Skip => "ok",
        _ => "not ok",
    };
    let point = format!("{result} {number} - {}", escaped(&finding.name));
    let mut lines = vec![match finding.status {
        Status::Skip => format!("{point} # SKIP {}", escaped(&finding.observed)),
        _ => point,
    }];
    if matches!(finding.status, Status::Fail | Status::Warn) {
        lines.push("  ---".into());
        lines.extend(diagnostics(finding));
        lines.push("  ...".into());
    }
    lines
}

/// The YAML block of a finding. A JSON string is a YAML one.
fn diagnostics(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    let mut add = |key: &str, value: Value| lines.push(format!("  {key}: {value}"));
    let text = |text: &str| json!(printable(text));
    add("severity", json!(finding.status.word()));
    add("kind", json!(finding.kind));
    add("reason", json!(finding.reason));
    add("observed", text(&finding.observed));
    add("expected", text(&finding.expected));
    if let Some(hint) = &finding.hint {
        add("hint", text(hint));
    }
    for (number, fault) in (2..).zip(&finding.also) {
        let also = format!("{}; expected: {}", fault.observed, fault.expected);
        add(&format!("reason_{number}"), json!(fault.reason));
        add(&format!("observed_{number}"), text(&also));
    }
    add("duration_ms", json!(finding.ms));
    lines
}

/// One line in which nothing is a directive.
fn escaped(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('#', "\\#")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_a_directive() {
        // `# TODO` is TAP's own word for a test that may fail: here a part of a name.
        assert_eq!(
            escaped("a # TODO \\ b\nnot ok"),
            "a \\# TODO \\\\ b\\\\nnot ok"
        );
    }
}
