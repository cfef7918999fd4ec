//! What people read: a table, then what is wrong and what to do about it.

use comfy_table::{Table, presets};
use probe::{Check, Finding};
use toolkit::record::Status;

/// What came of the checks.
pub(crate) fn of(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["", "CHECK", "KIND", "OBSERVED", "MS"]);
    for finding in findings {
        table.add_row([
            finding.status.word(),
            &finding.name,
            finding.kind,
            &finding.observed,
            &finding.ms.to_string(),
        ]);
    }
    let faults = findings.iter().filter_map(fault);
    let blocks: Vec<_> = std::iter::once(table.trim_fmt()).chain(faults).collect();
    blocks.join("\n\n")
}

/// The checks, and what each expects.
pub(crate) fn list(checks: &[Check]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["CHECK", "KIND", "TAGS", "EXPECTS"]);
    for check in checks {
        let tags = check.rules.tags.join(" ");
        table.add_row([&check.name, check.kind(), &tags, &check.expects()]);
    }
    table.trim_fmt()
}

/// What is wrong, and what to do about it.
fn fault(finding: &Finding) -> Option<String> {
    if !matches!(finding.status, Status::Fail | Status::Warn) {
        return None;
    }
    let Finding {
        name,
        status,
        observed,
        expected,
        also,
        ..
    } = finding;
    let status = status.word();
    let mut lines = vec![format!(
        "{status} `{name}`: {observed}; expected: {expected}"
    )];
    let others = also.iter();
    lines.extend(
        others.map(|fault| format!("also: {}; expected: {}", fault.observed, fault.expected)),
    );
    let hints = finding.hint.iter();
    let hints = hints.chain(also.iter().filter_map(|fault| fault.hint.as_ref()));
    lines.extend(hints.map(|hint| format!("hint: {hint}")));
    Some(lines.join("\n"))
}
