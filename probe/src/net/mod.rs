//! Connections that end in time, whatever the other side does.

mod address;
mod connect;

pub use address::Address;
pub use connect::{connect, resolve};
