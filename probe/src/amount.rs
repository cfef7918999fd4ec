//! How many of something there are to be, and what a value is to be.

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::fmt;

/// A number, or the least and the most that one may be: `7`, `{ min = 1 }`,
/// `{ min = 1, max = 9 }`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Amount {
    /// The least.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
}

impl Amount {
    /// Whether it is `value`, or `value` lies in it.
    pub fn holds(&self, value: f64) -> bool {
        self.min.is_none_or(|min| value >= min) && self.max.is_none_or(|max| value <= max)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.min, self.max) {
            (Some(min), Some(max)) if min >= max => write!(f, "{min}"),
            (Some(min), Some(max)) => write!(f, "{min} to {max}"),
            (Some(min), None) => write!(f, "at least {min}"),
            (None, Some(max)) => write!(f, "at most {max}"),
            (None, None) => f.write_str("any"),
        }
    }
}

/// The long form of an [`Amount`].
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    min: Option<f64>,
    max: Option<f64>,
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NumberOrBounds)
    }
}

/// What a value is to be, written as it is or as text: `on`, `"on"`, `7`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Plain)
    }
}

struct NumberOrBounds;

// Whole numbers of more than 2^53 count nothing that is checked here.
#[allow(clippy::cast_precision_loss)]
impl<'de> Visitor<'de> for NumberOrBounds {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or a table of `min` and `max`")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
        self.visit_f64(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
        self.visit_f64(number as f64)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
        Ok(Amount {
            min: Some(number),
            max: Some(number),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Amount, A::Error> {
        let Bounds { min, max } = Bounds::deserialize(MapAccessDeserializer::new(table))?;
        match (min, max) {
            (None, None) => Err(A::Error::custom("it takes `min`, `max` or both")),
            (Some(min), Some(max)) if min > max => {
                Err(A::Error::custom("its `min` is more than its `max`"))
            }
            _ => Ok(Amount { min, max }),
        }
    }
}

struct Plain;

impl Visitor<'_> for Plain {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, or `true` or `false`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Text, E> {
        Ok(Text(truth.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{from_value, json};

    #[test]
    fn reads_numbers_and_bounds() {
        let read = |json| from_value::<Amount>(json).map_err(|error| error.to_string());
        let three = read(json!(3)).unwrap();
        assert!(three.holds(3.0) && !three.holds(2.0) && !three.holds(4.0));
        assert_eq!(three.to_string(), "3");
        let some = read(json!({"min": 1})).unwrap();
        assert!(some.holds(1.0) && some.holds(1e9) && !some.holds(0.0));
        assert_eq!(
            read(json!({"min": 1, "max": 2.5})).unwrap().to_string(),
            "1 to 2.5"
        );
        for wrong in [
            json!({}),
            json!({"min": 2, "max": 1}),
            json!({"mni": 1}),
            json!("3"),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        for (written, text) in [(json!("on"), "on"), (json!(7), "7"), (json!(true), "true")] {
            assert_eq!(from_value::<Text>(written).unwrap().0, text);
        }
    }
}
