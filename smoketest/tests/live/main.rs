//! Scenarios against real servers: an API with its PostgreSQL and its Redis,
//! nginx with TLS before it, Postfix and Dovecot. Without Docker these tests
//! fail.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod application;
mod mail;
mod nginx;

use serde_json::Value;
use toolkit::testing::Seen;

const SMOKETEST: &str = env!("CARGO_BIN_EXE_smoketest");

/// `name status reason` of each step.
fn found(seen: &Seen) -> Vec<String> {
    let steps = seen.data()["steps"].as_array();
    let steps = steps.unwrap_or_else(|| panic!("no steps: {seen:#?}"));
    let words = |step: &Value| {
        let words = ["name", "status", "reason"].map(|key| step[key].as_str().map(str::to_owned));
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    steps.iter().map(words).collect()
}

/// Those of them that are not `ok`.
fn wrong(seen: &Seen) -> Vec<String> {
    let mut found = found(seen);
    found.retain(|words| !words.ends_with(" ok"));
    found
}
