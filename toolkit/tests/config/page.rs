//! `sextant.toml(5)` and the code know the same keys.

use crate::case::Case;
use std::collections::BTreeSet;

const PAGE: &str = include_str!("../../../man/sextant.toml.5");

/// Each section as the page writes it, with a way to make the code list the
/// keys that it knows there.
const SECTIONS: &[(&str, &str)] = &[
    ("Top of the file", "zzzzzzzzzzzz = 1"),
    ("[backup]", "[backup]\nzzzzzzzzzzzz = 1"),
    ("[restore]", "[restore]\nzzzzzzzzzzzz = 1"),
    ("[database]", "[database]\nzzzzzzzzzzzz = 1"),
    ("[redis]", "[redis]\nzzzzzzzzzzzz = 1"),
    ("[config]", "[config]\nzzzzzzzzzzzz = 1"),
    ("[files]", "[files.a]\nzzzzzzzzzzzz = 1"),
    ("[step.NAME]", "[step.a]\nzzzzzzzzzzzz = 1"),
    ("[maintenance]", "[maintenance]\nzzzzzzzzzzzz = 1"),
    ("[rollback]", "[rollback]\nzzzzzzzzzzzz = 1"),
    ("[pm2]", "[pm2]\nzzzzzzzzzzzz = 1"),
    ("[systemd]", "[systemd]\nzzzzzzzzzzzz = 1"),
];

fn known_to_the_code(provocation: &str) -> BTreeSet<String> {
    let (_, hint) = Case::of(provocation).refused();
    let list = hint.strip_prefix("known here: ").unwrap();
    list.split(", ")
        .map(|key| key.trim_matches('`').to_owned())
        .collect()
}

/// The `.B key` entries below `.SS section`.
fn known_to_the_page(section: &str) -> BTreeSet<String> {
    let heading = format!("\n.SS \"{section}\"\n");
    let (_, below) = PAGE.split_once(&heading).expect(section);
    let end = below.find("\n.S").unwrap_or(below.len());
    let lines: Vec<_> = below[..end].lines().collect();
    let entries = lines.windows(2).filter(|pair| pair[0] == ".TP");
    entries
        .map(|pair| pair[1].strip_prefix(".B ").expect(pair[1]).to_owned())
        .collect()
}

#[test]
fn every_key_is_on_the_page_and_in_the_code() {
    let sections: BTreeSet<_> = SECTIONS
        .iter()
        .filter_map(|(name, _)| name.strip_prefix('[')?.split(['.', ']']).next())
        .collect();
    let top = known_to_the_code(SECTIONS[0].1);
    let keys: BTreeSet<_> = known_to_the_page(SECTIONS[0].0);
    let all: BTreeSet<_> = keys
        .iter()
        .map(String::as_str)
        .chain(sections)
        // `healthcheck` and `smoketest` hold the page to what they read there.
        .chain(["env", "healthcheck", "check", "alert", "smoke"])
        .collect();
    assert_eq!(all, top.iter().map(String::as_str).collect());
    for (section, provocation) in &SECTIONS[1..] {
        let known = known_to_the_code(provocation);
        assert_eq!(known_to_the_page(section), known, "{section}");
    }
}

#[test]
fn the_example_on_the_page_is_read() {
    let (_, example) = PAGE.split_once(".SH EXAMPLE\n").unwrap();
    let (_, example) = example.split_once(".EX\n").unwrap();
    let (example, _) = example.split_once(".EE\n").unwrap();
    let toml = example.replace("\\-", "-").replace("\\(dq", "\"");
    let case = Case::of(&toml).file(".env", "DB_PASSWORD=on-the-page-1\n");
    let config = case.env("production").load();
    assert_eq!(config.project(), "orchestr-a");
    let password = config.file.database.password.unwrap();
    assert_eq!(password.expose(), "on-the-page-1");
}
