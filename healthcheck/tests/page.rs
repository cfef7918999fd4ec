//! `sextant.toml(5)` and the kinds of checks know the same keys, and its
//! examples are right.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

use probe::{Check, KINDS, Rules};
use std::collections::BTreeSet;
use toolkit::config::{Config, Source};
use toolkit::failure::Failure;

const PAGE: &str = include_str!("../../man/sextant.toml.5");

/// Reads the checks of a `sextant.toml`.
fn read(toml: &str) -> Result<Vec<Check>, Failure> {
    let folder = tempfile::tempdir().unwrap();
    toolkit::durable::write(&folder.path().join("sextant.toml"), toml.as_bytes()).unwrap();
    let source = Source {
        folder: folder.path().to_owned(),
        vars: [("IMAP_PASSWORD".to_owned(), "on-the-page-1".to_owned())].into(),
        ..Source::default()
    };
    let config = Config::load(&source).unwrap();
    let checks = config.entries("check", |mut entry| Check::read(&mut entry));
    checks.map_err(|error| Failure::of(&error))
}

/// What stands below `.SS heading`.
fn section(heading: &str) -> &'static str {
    let (_, below) = PAGE
        .split_once(&format!("\n.SS \"{heading}\"\n"))
        .unwrap_or_else(|| panic!("the page has no `{heading}`"));
    below.split("\n.S").next().unwrap()
}

/// The `.B key` entries of a section.
fn keys(section: &str) -> BTreeSet<String> {
    let lines: Vec<_> = section.lines().collect();
    let entries = lines.windows(2).filter(|pair| pair[0] == ".TP");
    entries
        .map(|pair| pair[1].strip_prefix(".B ").expect(pair[1]).to_owned())
        .collect()
}

fn every_check() -> BTreeSet<String> {
    let keys = ["name", "kind"].into_iter().chain(Rules::KEYS);
    keys.map(str::to_owned).collect()
}

#[test]
fn the_keys_of_every_check_are_on_the_page() {
    assert_eq!(keys(section("[[check]]")), every_check());
}

#[test]
fn the_keys_of_each_kind_are_on_the_page() {
    for kind in KINDS {
        let toml = format!("[[check]]\nname = 'a'\nkind = '{kind}'\nzzzzzzzzzzzz = 1\n");
        let hint = read(&toml).unwrap_err().hint.unwrap();
        let known = hint.strip_prefix("known here: ").unwrap();
        let known: BTreeSet<_> = known
            .split(", ")
            .map(|key| key.trim_matches('`').to_owned())
            .collect();
        let own: BTreeSet<_> = known.difference(&every_check()).cloned().collect();
        assert_eq!(
            keys(section(&format!("[[check]] of the kind {kind}"))),
            own,
            "{kind}"
        );
    }
}

#[test]
fn each_kind_has_an_example_that_is_read() {
    for kind in KINDS {
        let section = section(&format!("[[check]] of the kind {kind}"));
        let (_, example) = section.split_once(".EX\n").expect(kind);
        let (example, _) = example.split_once("\n.EE").expect(kind);
        let toml = example
            .replace("\\-", "-")
            .replace("\\(dq", "\"")
            .replace("\\e", "\\");
        let checks = read(&toml).unwrap_or_else(|failure| panic!("{kind}: {failure}"));
        assert!(checks.iter().all(|check| check.kind() == kind), "{kind}");
    }
}
