//! What a user of `deploy-report`, and the programs that read it, see: reports,
//! records, files, exit statuses.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod files;
mod golden;
mod history;
mod hostile;
mod period;
mod pipeline;
mod script;
mod templates;

use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use toolkit::testing::{Place, Seen};

const DEPLOY_REPORT: &str = env!("CARGO_BIN_EXE_deploy-report");

/// A folder whose `sextant.toml` says no more than a name.
fn place() -> Place {
    let place = Place::new();
    place.write("sextant.toml", "project = 'shop'\nengine = 'none'\n");
    place
}

fn tool(place: &Place, args: &[&str]) -> Command {
    let mut command = place.tool(DEPLOY_REPORT);
    for name in ["LC_ALL", "LC_MESSAGES", "LANG"] {
        command.env_remove(name);
    }
    command.args(args);
    command
}

/// Runs with `input` on stdin, as a pipe.
fn piped(mut command: Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the tool starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // One that refuses may not read all of it.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the input is written");
    output
}

/// The exit status and the document on stdout.
fn document(place: &Place, args: &[&str], input: &str) -> (i32, String) {
    let output = piped(tool(place, args), input);
    let text = String::from_utf8(output.stdout).expect("tools write UTF-8");
    (output.status.code().unwrap(), text)
}

/// The model of a report.
fn model(place: &Place, input: &str) -> Value {
    let (_, text) = document(place, &["--format", "json"], input);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn seen(place: &Place, args: &[&str], input: &str) -> Seen {
    Seen::of(&piped(tool(place, args), input))
}

/// A record's line.
fn record(run: &str, tool: &str, name: &str, status: &str, data: &Value) -> String {
    let mut record = json!({
        "v": 1, "run": run, "tool": tool, "name": name, "status": status,
        "at": "2026-11-20T10:00:05.000Z", "ms": 1000, "host": "prod-01", "project": "shop",
        "summary": format!("{tool} {name} is {status}"), "data": data,
    });
    if status == "fail" {
        record["error"] = json!({"reason": "broken", "message": "it broke", "hint": "mend it"});
    }
    format!("{record}\n")
}
