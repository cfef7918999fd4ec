//! PostgreSQL as it is: in containers and on this host, asked and dumped.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test's helpers fail as tests do

mod bounded;
mod certificates;
mod container;
mod ends;
mod host;
mod params;
mod posing;
mod room;
mod sessions;
mod tls;
