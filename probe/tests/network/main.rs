//! Checks of servers, against real ones that are broken on purpose, told as
//! what they are, mended, and found well.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

mod certificate;
mod clock;
mod dns;
mod hostile;
mod imap;
mod impostor;
mod look;
mod nginx;
mod postgres;
mod smtp;
mod submission;
mod tls;

use toolkit::testing::servers::{authority, daemon};
