//! PostgreSQL: where a server is, what it is asked, and a still picture of it.
//!
//! A [`Server`] is reached in one of two ways: by the programs of its own
//! container, or by local programs and the wire protocol under libpq's rules
//! ([`Params`]). A [`Session`] asks it questions the same way in both; a
//! [`Snapshot`] holds one moment of a database still, for `pg_dump` and for the
//! counts that the dump is compared with.

mod cancel;
mod certificate;
mod connect;
mod conninfo;
mod copy;
mod counts;
mod csv;
mod driver;
mod error;
mod filter;
mod hosts;
mod meter;
mod params;
mod pgpass;
mod place;
mod properties;
mod psql;
pub mod quote;
mod room;
mod service;
mod session;
mod snapshot;
mod stream;
mod tables;
mod tls;
mod verifier;
mod version;
mod wire;

pub use counts::{Counts, Difference};
pub use hosts::Host;
pub use meter::ANSWER;
pub use params::Params;
pub use place::Server;
pub use properties::{Grant, Properties, Setting};
pub use room::Room;
pub use session::{Canceller, Session};
pub use snapshot::Snapshot;
pub use tables::Table;
pub use tls::{SslMode, Tls};
pub use version::Version;
