//! Containers, PostgreSQL, Redis, Docker's disk and processes, looked at as a
//! `[[check]]` does: each real, broken on purpose and mended again. Without
//! Docker these tests fail.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::print_stderr
)] // All of it is tests.

mod container;
mod disk;
mod engine;
mod looked;
mod pm2;
mod postgres;
mod process;
mod redis;
mod usage;
