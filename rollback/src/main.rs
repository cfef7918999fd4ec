//! `rollback`: the way back to an earlier release.

mod act;
mod ahead;
mod choose;
mod cli;
mod configuration;
mod engine;
mod images;
mod list;
mod observe;
mod outside;
mod plan;
mod prepare;
mod record;
mod release;
mod resume;
mod rollback;
mod servers;
mod show;
mod siblings;
mod status;
mod switch;
mod undo;

use std::process::ExitCode;
use toolkit::run::{Tool, run};
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "rollback",
        gate: Condition::Success,
        reads: &["backup"],
    };
    run(tool, rollback::run)
}
