//! What people read: a table, then what is wrong and what to do about it.

use super::faults;
use comfy_table::{Table, presets};
use probe::{Check, Finding};
use toolkit::output::printable;

/// What came of the checks.
pub(crate) fn of(findings: &[Finding]) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["", "CHECK", "KIND", "OBSERVED", "MS"]);
    for finding in findings {
        table.add_row([
            finding.status.word(),
            &printable(&finding.name),
            finding.kind,
            &printable(&finding.observed),
            &finding.ms.to_string(),
        ]);
    }
    let wrong = findings.iter().filter_map(wrong);
    let blocks: Vec<_> = std::iter::once(table.trim_fmt()).chain(wrong).collect();
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
        table.add_row([&check.name, check.kind(), &tags, &check.expects()].map(printable));
    }
    table.trim_fmt()
}

/// What is wrong, and what to do about it.
fn wrong(finding: &Finding) -> Option<String> {
    let lines: Vec<_> = faults(finding).iter().map(|line| printable(line)).collect();
    if lines.is_empty() {
        return None;
    }
    let status = finding.status.word();
    let name = printable(&finding.name);
    Some(format!("{status} `{name}`: {}", lines.join("\n")))
}
