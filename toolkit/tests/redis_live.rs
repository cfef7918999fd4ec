//! Redis against real servers: 7.0 and 8.0 in containers, and the
//! `redis-server` of this machine.

// Helpers are tests too: only functions marked so may otherwise.
#![allow(clippy::unwrap_used)]

#[path = "redis_live/dump.rs"]
mod dump;
#[path = "redis_live/killed.rs"]
mod killed;
#[path = "redis_live/replace.rs"]
mod replace;
#[path = "redis_live/scratch.rs"]
mod scratch;
#[path = "redis_live/servers.rs"]
mod servers;
