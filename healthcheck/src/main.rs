//! `healthcheck`: everything that one application needs, looked at at once.

mod alert;
mod choice;
mod cli;
mod counts;
mod exit;
mod files;
mod found;
mod healthcheck;
mod known;
mod pass;
mod render;
mod standing;
mod wait;

use std::cell::OnceCell;
use std::process::ExitCode;
use toolkit::run::{Tool, run_documented};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "healthcheck",
        gate: Condition::Success,
        reads: &[],
    };
    let found = OnceCell::new();
    run_documented(
        tool,
        |args, run| healthcheck::run(args, run, &found),
        |args, record, code| render::document(args, record, code, found.get().map(Vec::as_slice)),
    )
}
