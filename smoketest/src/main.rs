//! `smoketest`: the deployed application, exercised as its users do.

mod act;
mod capture;
mod choice;
mod cli;
mod curl;
mod hurl;
mod jwt;
mod kept;
mod order;
mod plan;
mod repeat;
mod scenario;
mod scope;
mod smoketest;

use crate::smoketest::Made;
use std::process::ExitCode;
use toolkit::run::{Tool, run_documented};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "smoketest",
        gate: Condition::Success,
        reads: &[],
    };
    let made = Made::default();
    run_documented(
        tool,
        |args, run| smoketest::run(args, run, &made),
        |args, record, code| cli::document(args, record, code, &made),
    )
}
