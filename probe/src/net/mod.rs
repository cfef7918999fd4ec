//! Connections that end in time, whatever the other side does.

mod address;
mod connect;
mod connection;
pub(crate) mod datagram;
pub(crate) mod dialog;
pub(crate) mod dns;
pub(crate) mod imap;
pub(crate) mod mail;
pub(crate) mod ntp;
mod printable;
pub(crate) mod smtp;
pub(crate) mod starttls;
mod stream;
mod submission;
pub mod tls;

pub use address::Address;
pub use connect::{connect, resolve};
pub use connection::Connection;
pub(crate) use dialog::Dialog;
pub use mail::Encryption;
pub(crate) use printable::printable;
pub use starttls::StartTls;
pub use stream::Stream;
pub use submission::{Letter, Submission};
