//! `backup`: databases, roles, Redis and files in one dated, checksummed set.

mod backup;
mod check;
mod cli;
mod compress;
mod database;
mod files;
mod flat;
mod folder;
mod globals;
mod list;
mod pipe;
mod plan;
mod program;
mod progress;
mod prune;
mod retention;
mod save;
mod space;

use std::process::ExitCode;
use toolkit::run::{Tool, run};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "backup",
        gate: Condition::Success,
        reads: &[],
    };
    run(tool, backup::run)
}
