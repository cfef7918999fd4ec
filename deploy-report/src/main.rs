//! `deploy-report`: what happened, readable by the person who has to sign it.

mod cli;
mod deploy_report;
mod language;
mod model;
mod out;
mod pdf;
mod period;
mod periodic;
mod render;
mod source;

use crate::deploy_report::Made;
use std::process::ExitCode;
use toolkit::run::{Tool, run_documented};
use toolkit::upstream::EVERY;
use toolkit::verdict::Condition;

fn main() -> ExitCode {
    let tool = Tool {
        name: "deploy-report",
        gate: Condition::Always,
        reads: EVERY,
    };
    let made = Made::default();
    run_documented(
        tool,
        |args, run| deploy_report::run(args, run, &made),
        |_: &cli::Args, _, _| made.document(),
    )
}
