//! `rollback` on a real application under Docker Compose: deployed, broken,
//! brought back, killed.

#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)]

mod deployed;
mod full;
mod killed;
mod older;
mod refused;
mod returned;
mod servers;
mod shop;
mod undone;
