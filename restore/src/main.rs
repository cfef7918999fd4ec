//! `restore`: a set brought back, or proven to come back.

mod choice;
mod cli;
mod database;
mod dump;
mod files;
mod leftovers;
mod prove;
mod restore;
mod target;
mod unpack;

use std::process::ExitCode;
use toolkit::run::{Tool, run};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "restore",
        gate: Condition::Success,
        reads: &["backup"],
    };
    run(tool, restore::run)
}
