//! What people read: a table, then what is wrong and what to do about it.

use super::faults;
use crate::Finding;
use comfy_table::{Table, presets};
use toolkit::output::printable;

/// What was found; `what` heads the column of names.
pub fn of(findings: &[Finding], what: &str) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(["", what, "KIND", "OBSERVED", "MS"]);
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
