//! Configuration as a person writes it, and what they are told of mistakes.

#![allow(clippy::unwrap_used, clippy::expect_used)] // All of it is tests.

mod case;
mod entries;
mod hostile;
mod meaning;
mod mistakes;
mod page;
mod places;
