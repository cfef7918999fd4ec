//! Servers that a test starts for itself, with files of its own.

pub mod authority;
pub mod daemon;
mod dovecot;
mod passwords;
mod postfix;

pub use dovecot::Dovecot;
pub use passwords::Passwords;
pub use postfix::Postfix;
