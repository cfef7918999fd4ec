//! `healthcheck`: everything that one application needs, looked at at once.

mod alert;
mod choice;
mod cli;
mod healthcheck;
mod known;
mod pass;
mod table;

use std::process::ExitCode;
use toolkit::run::{Tool, run};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "healthcheck",
        gate: Condition::Success,
        reads: &[],
    };
    run(tool, healthcheck::run)
}
