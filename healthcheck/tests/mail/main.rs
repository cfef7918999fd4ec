//! An incident by e-mail, as real servers receive it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // All of it is tests.

#[allow(dead_code)] // The checks of certificates make worse ones.
#[path = "../../../probe/tests/network/authority.rs"]
mod authority;
#[path = "../../../probe/tests/network/daemon.rs"]
mod daemon;
#[path = "../../../probe/tests/network/passwords.rs"]
mod passwords;
#[path = "../../../probe/tests/network/postfix.rs"]
mod postfix;
mod sink;
mod submission;

const HEALTHCHECK: &str = env!("CARGO_BIN_EXE_healthcheck");
