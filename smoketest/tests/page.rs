//! `sextant.toml(5)` and scenarios know the same keys, and its example is right.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // All of it is tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PAGE: &str = include_str!("../../man/sextant.toml.5");

fn smoketest(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_smoketest"))
        .args(words)
        .arg("--no-input")
        .current_dir(folder)
        .env("SEXTANT_STATE", folder.join("state"))
        .env("ADMIN_PASSWORD", "on-the-page-1")
        .output()
        .unwrap()
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

/// The keys that `smoketest` knows where `toml` has one that it does not.
fn known(toml: &str) -> BTreeSet<String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sextant.toml"), toml).unwrap();
    let said = smoketest(folder.path(), &[]);
    let said = String::from_utf8(said.stderr).unwrap();
    let (_, known) = said.split_once("hint: known here: ").expect(&said);
    let known = known.lines().next().unwrap().split(", ");
    known.map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_keys_of_a_scenario_are_on_the_page() {
    let page = keys(section("[smoke]"));
    let mut known = known("[smoke]\nzzzzzzzzzzzzzzzz = 1");
    for of_http in [
        "send_header",
        "user",
        "password",
        "token",
        "ca",
        "socket",
        "follow",
        "seconds",
    ] {
        assert!(known.remove(of_http), "{of_http}");
    }
    assert_eq!(page, known);
}

#[test]
fn the_keys_of_a_step_are_on_the_page() {
    let page = keys(section("[[smoke.step]]"));
    let step = "[[smoke.step]]\ncall = 'GET http://a.example/ 200'\nzzzzzzzzzzzzzzzz = 1";
    let known = known(step);
    let of_http = keys(section("[[check]] of the kind http"));
    let own: BTreeSet<_> = known.difference(&of_http).cloned().collect();
    assert_eq!(page, own);
    let mut missing = of_http.difference(&known);
    assert_eq!(missing.next(), None);
}

#[test]
fn the_example_is_read() {
    let (_, example) = section("[[smoke.step]]").split_once(".EX\n").unwrap();
    let (example, _) = example.split_once("\n.EE").unwrap();
    let toml = example.replace("\\-", "-").replace("\\(aq", "'");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sextant.toml"), toml).unwrap();
    let shown = smoketest(folder.path(), &["--dry-run", "--format", "ndjson"]);
    let said = String::from_utf8_lossy(&shown.stderr);
    assert!(shown.status.success(), "{said}");
    let lines = String::from_utf8(shown.stdout).unwrap();
    assert!(lines.contains(r#""name":"remove the user""#), "{lines}");
}
