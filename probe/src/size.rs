//! Sizes as people write them.

use crate::{Amount, Limits};
use bytesize::ByteSize;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use toolkit::render;

/// Reads the limits of a size in bytes: each is a number of them, or a text
/// such as `500 MB` or `2 GiB`.
pub(crate) fn limits<'de, D: Deserializer<'de>>(from: D) -> Result<Limits, D::Error> {
    let Sizes { warn, fail } = Sizes::deserialize(from)?;
    Ok(Limits {
        warn: warn.map(|size| size.0),
        fail: fail.map(|size| size.0),
    })
}

/// A limit of bytes as people write it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // it saturates
pub(crate) fn shown(bytes: f64) -> String {
    render::size(bytes as u64)
}

/// Reads a size, or the least and the most that one may be, written like those.
pub(crate) fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Amount>, D::Error> {
    let one = |Size(bytes)| Amount {
        min: Some(bytes),
        max: Some(bytes),
    };
    let amount = match Wanted::deserialize(from)? {
        Wanted::One(size) => one(size),
        Wanted::Within(Bounds { min, max }) => Amount {
            min: min.map(|size| size.0),
            max: max.map(|size| size.0),
        },
    };
    match (amount.min, amount.max) {
        (None, None) => Err(de::Error::custom("it takes `min`, `max` or both")),
        (Some(min), Some(max)) if min > max => {
            Err(de::Error::custom("its `min` is more than its `max`"))
        }
        _ => Ok(Some(amount)),
    }
}

enum Wanted {
    One(Size),
    Within(Bounds),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<Size>,
    max: Option<Size>,
}

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SizeOrBounds)
    }
}

struct SizeOrBounds;

impl<'de> de::Visitor<'de> for SizeOrBounds {
    type Value = Wanted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as `2 GiB`, or a table of `min` and `max`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Wanted, E> {
        Written.visit_str(text).map(Wanted::One)
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Wanted, E> {
        Written.visit_i64(bytes).map(Wanted::One)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, table: A) -> Result<Wanted, A::Error> {
        Bounds::deserialize(MapAccessDeserializer::new(table)).map(Wanted::Within)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sizes {
    warn: Option<Size>,
    fail: Option<Size>,
}

struct Size(f64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Written)
    }
}

struct Written;

#[allow(clippy::cast_precision_loss)] // a limit need not be exact to the byte
impl de::Visitor<'_> for Written {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a size such as `2 GiB`")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
        let size: ByteSize = text.parse().map_err(|_| {
            E::custom(format!(
                "`{text}` is no size; write it like `500 MB` or `2 GiB`"
            ))
        })?;
        Ok(Size(size.as_u64() as f64))
    }

    fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
        Ok(Size(bytes as f64))
    }

    fn visit_f64<E: de::Error>(self, bytes: f64) -> Result<Size, E> {
        Ok(Size(bytes))
    }
}
