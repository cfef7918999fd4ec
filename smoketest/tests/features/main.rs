//! What scenarios can say, against servers of the tests' own.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod asserts;
mod bodies;
mod cookies;
mod hurl;
mod printed;
mod site;

use serde_json::Value;
use std::process::Command;
use toolkit::testing::{Place, Seen};

/// Calls of `smoketest` in the folder of a test.
pub(crate) fn smoketest(place: &Place) -> Command {
    let mut command = place.tool(env!("CARGO_BIN_EXE_smoketest"));
    command
        .env("SEXTANT_NO_INPUT", "1")
        .env("PASSWORD", site::PASSWORD);
    command
}

/// What comes of `[smoke]` with these keys, at `base`.
pub(crate) fn smoked(place: &Place, base: &str, smoke: &str) -> Seen {
    place.write("a.toml", smoke);
    Seen::run(smoketest(place).args(["./a.toml", "--base", base]))
}
/// The step called `name` of a run.
pub(crate) fn step<'a>(seen: &'a Seen, name: &str) -> &'a Value {
    let steps = seen.data()["steps"].as_array();
    let steps = steps.unwrap_or_else(|| panic!("no steps: {seen:#?}"));
    let found = steps.iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no step `{name}`: {seen:#?}"))
}
