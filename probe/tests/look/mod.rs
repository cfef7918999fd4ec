//! A check, as `sextant.toml` describes it, run once.

#![allow(dead_code)] // Each of the tests uses a part of it.

use probe::{Around, Check, Deadline, Finding};
use std::path::Path;
use std::time::Duration;
use toolkit::config::{Config, Source};
use toolkit::failure::Failure;
use toolkit::record::Status;

/// The checks of a `sextant.toml` in `folder`, or why they are refused.
fn read(folder: &Path, toml: &str) -> Result<(Config, Vec<Check>), Failure> {
    toolkit::durable::write(&folder.join("sextant.toml"), toml.as_bytes()).unwrap();
    let source = Source {
        folder: folder.to_owned(),
        ..Source::default()
    };
    let config = Config::load(&source).unwrap();
    let checks = config.entries("check", |mut entry| Check::read(&mut entry));
    let checks = checks.map_err(|error| Failure::of(&error))?;
    Ok((config, checks))
}

/// What comes of a check of `kind` with these keys; relative paths start from
/// `folder`.
pub(crate) fn look_in(folder: &Path, kind: &str, keys: &str) -> Finding {
    let toml = format!("[[check]]\nname = 'it'\nkind = '{kind}'\n{keys}\n");
    let (config, checks) = read(folder, &toml).unwrap();
    let none = Failure::new("none", "none");
    let around = Around::new(
        &config,
        Err(&none),
        Deadline::after(Duration::from_secs(600)),
    );
    checks[0].run(&around)
}

/// What comes of a check of `kind` with these keys.
pub(crate) fn look(kind: &str, keys: &str) -> Finding {
    look_in(tempfile::tempdir().unwrap().path(), kind, keys)
}

/// What is said of a check of `kind` with these keys, without file and line.
pub(crate) fn refused(kind: &str, keys: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let toml = format!("[[check]]\nname = 'it'\nkind = '{kind}'\n{keys}\n");
    let failure = read(folder.path(), &toml)
        .map(drop)
        .expect_err("it is refused");
    assert_eq!(failure.reason, "config");
    let (_, message) = failure.message.split_once("sextant.toml:").unwrap();
    let (_, message) = message.split_once(": ").unwrap();
    message.to_owned()
}

/// What it observed, when all is as expected.
pub(crate) fn passed(found: &Finding) -> &str {
    assert_eq!(found.status, Status::Ok, "{found:#?}");
    &found.observed
}

/// Its reason, and what it observed, when it failed.
pub(crate) fn failed(found: &Finding) -> (&'static str, &str) {
    assert_eq!(found.status, Status::Fail, "{found:#?}");
    (found.reason.unwrap(), &found.observed)
}
