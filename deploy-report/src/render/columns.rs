//! Tables of plain text: `{% filter columns %}` aligns what tabs separate.

use comfy_table::{Table, presets};
use minijinja::{Environment, Value};

/// Adds the filter.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("columns", |text: String| {
        Value::from_safe_string(aligned(&text))
    });
}

/// Lines whose tabs became columns. What records hold has no tabs any more.
fn aligned(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let rows = lines.map(|line| line.split('\t').map(str::trim).collect::<Vec<_>>());
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for row in rows {
        table.add_row(row);
    }
    let aligned = table.trim_fmt();
    let indented = aligned
        .lines()
        .map(|line| format!(" {}\n", line.trim_end()));
    indented.collect()
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn tabs_become_columns() {
        assert_eq!(
            aligned("a\tbbb\tc\n\naaaa\t\tcé\n"),
            "  a     bbb  c\n  aaaa       cé\n"
        );
    }
}
