//! `rollback` of an application without Docker: a file that is served, from a
//! repository.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)]

mod bare;
mod deployed;
mod full;
mod killed;
mod pm2;
mod shelf;
