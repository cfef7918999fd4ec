//! Steps, and the scripts that are made of them, on real Compose projects.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

mod database;
mod deploy;
mod installed;
mod project;
mod server;
mod steps;

const STEP: &str = env!("CARGO_BIN_EXE_step");
