//! `step`: any command as one link of the chain.

mod cli;
mod default;
mod step;

use std::process::ExitCode;
use toolkit::run::{Tool, run};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "step",
        gate: Condition::Success,
        reads: &[],
    };
    run(tool, step::run)
}
