//! HTTP as it is: a real nginx, and servers that mean harm.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test's helpers fail as tests do

mod answers;
mod certificates;
mod gone;
mod kept;
mod large;
#[path = "../look/mod.rs"]
mod look;
mod mistakes;
mod nginx;
mod server;
mod slow;
mod tls;
mod wrong;
