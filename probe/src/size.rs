//! Sizes as people write them.

use crate::Limits;
use bytesize::ByteSize;
use serde::{Deserialize, Deserializer, de};

/// The `warn` and `fail` of a size in bytes, written `500 MB` or `2 GiB`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    #[serde(default, deserialize_with = "size")]
    warn: Option<f64>,
    #[serde(default, deserialize_with = "size")]
    fail: Option<f64>,
}

impl From<Sizes> for Limits {
    fn from(sizes: Sizes) -> Self {
        Self {
            warn: sizes.warn,
            fail: sizes.fail,
        }
    }
}

fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let text = String::deserialize(from)?;
    let size: ByteSize = text.parse().map_err(|_| {
        de::Error::custom(format!(
            "`{text}` is no size; write it like `500 MB` or `2 GiB`"
        ))
    })?;
    #[allow(clippy::cast_precision_loss)] // a limit need not be exact to the byte
    Ok(Some(size.as_u64() as f64))
}
