//! What a user of `smoketest`, and the programs that read it, see: records,
//! documents, files, exit statuses, and what a server is asked.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod captures;
mod choice;
mod cleanup;
mod documents;
mod files;
mod groups;
mod kept;
mod measured;
mod order;
mod records;
mod refused;
#[path = "../server/mod.rs"]
mod server;
mod shown;
mod signals;
mod tokens;

use serde_json::Value;
use server::Server;
use std::process::Command;
use toolkit::testing::{Place, Seen};

const SMOKETEST: &str = env!("CARGO_BIN_EXE_smoketest");

/// A folder whose `sextant.toml` says nothing, and whose `site.toml` has these
/// steps at this server.
fn site(server: &Server, steps: &str) -> Place {
    let place = Place::new();
    place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
    place.write("site.toml", based(server, steps));
    place
}

/// A scenario's file: its `base`, on its first line, and `rest` from the second on.
fn based(server: &Server, rest: &str) -> String {
    format!("base = 'http://{}'\n{rest}", server.address())
}

fn smoketest(place: &Place, args: &[&str]) -> Command {
    let mut command = place.tool(SMOKETEST);
    command.args(args);
    command
}

/// Runs `site.toml` to its end.
fn ran(place: &Place, args: &[&str]) -> Seen {
    Seen::run(&mut smoketest(place, &[&["site.toml"], args].concat()))
}

/// Runs to its end: the exit status and stdout.
fn said(place: &Place, args: &[&str]) -> (i32, String) {
    let output = smoketest(place, args).output().unwrap();
    let text = String::from_utf8(output.stdout).expect("tools write UTF-8");
    (output.status.code().unwrap(), text)
}

/// The steps of the last record.
fn steps(seen: &Seen) -> &[Value] {
    let steps = seen.data()["steps"].as_array();
    steps.unwrap_or_else(|| panic!("no steps: {seen:#?}"))
}

/// `name status reason` of each step.
fn found(seen: &Seen) -> Vec<String> {
    let words = |step: &Value| {
        let words = ["name", "status", "reason"].map(|key| step[key].as_str().map(str::to_owned));
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    steps(seen).iter().map(words).collect()
}

/// The step of this name.
fn step<'a>(seen: &'a Seen, name: &str) -> &'a Value {
    let found = steps(seen).iter().find(|step| step["name"] == name);
    found.unwrap_or_else(|| panic!("no step `{name}`: {seen:#?}"))
}

/// How many steps are `ok`, `warn`, `fail` and `skip`.
fn counts(seen: &Seen) -> [u64; 4] {
    ["ok", "warn", "fail", "skip"].map(|word| seen.data()[word].as_u64().unwrap())
}
