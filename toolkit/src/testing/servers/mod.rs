//! Servers that a test starts for itself, with files of its own.

pub mod authority;
pub mod daemon;
mod dovecot;
mod postfix;

pub use dovecot::Dovecot;
pub use postfix::Postfix;
