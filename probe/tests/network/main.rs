//! Checks of servers, against real ones that are broken on purpose, told as
//! what they are, mended, and found well.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

mod authority;
mod certificate;
mod clock;
mod daemon;
mod dns;
mod hostile;
mod imap;
mod impostor;
mod look;
mod nginx;
mod passwords;
mod postfix;
mod postgres;
mod smtp;
mod submission;
mod tls;
