//! What `--list` shows to people.

use comfy_table::{Table, presets};
use probe::Check;
use toolkit::output::printable;

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
