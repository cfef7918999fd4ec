//! An incident by e-mail, as real servers receive it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

mod sink;
mod submission;

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");
