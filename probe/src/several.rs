//! One value, or a list of them, as `status = 200` and `status = [200, 204]`.

use serde::de::value::{BoolDeserializer, I64Deserializer, SeqAccessDeserializer, StrDeserializer};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// Reads one value or a list of them; written by hand, as serde's `untagged`
/// forgets where in the file a value stands.
///
/// # Errors
/// What is neither.
pub fn several<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_any(Several(PhantomData))
}

struct Several<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Several<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one value or a list of them")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Vec<T>, E> {
        Ok(vec![T::deserialize(BoolDeserializer::new(value))?])
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Vec<T>, E> {
        Ok(vec![T::deserialize(I64Deserializer::new(value))?])
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Vec<T>, E> {
        Ok(vec![T::deserialize(StrDeserializer::new(value))?])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vec<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items))
    }
}
