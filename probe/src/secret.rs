//! Secrets of a `[[check]]`, learnt before anything can show them.

use serde::{Deserialize, Deserializer};
use toolkit::config::Secret;

/// Reads a password or token; an empty one is none.
///
/// # Errors
/// What is no text.
pub(crate) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let secret = String::deserialize(from)?;
    Ok((!secret.is_empty()).then(|| Secret::password(secret)))
}
