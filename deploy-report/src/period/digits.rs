//! Numbers as a report has them: with twelve digits that mean something, and none
//! that depend on the order in which others were added up, or that a reader of
//! JSON may take for a neighbour.

use serde::{Serialize, Serializer};

/// Writes a number so.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde wants it
pub(super) fn number<S: Serializer>(value: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(rounded(*value))
}

/// Writes a number that may be missing so.
#[allow(clippy::ref_option)] // as serde wants it
pub(super) fn some<S: Serializer>(value: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    value.map(rounded).serialize(to)
}

/// The nearest number of twelve digits.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::rounded;
    use proptest::prelude::*;

    #[test]
    fn twelve_digits_are_kept() {
        let same =
            |value: f64, expected: f64| assert_eq!(rounded(value).to_bits(), expected.to_bits());
        same(91.046_999_999_999_97, 91.047);
        same(0.004_220_431, 0.004_220_431);
        same(-0.0, -0.0);
        same(f64::INFINITY, f64::INFINITY);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in -1e15..1e15) {
            let json = serde_json::to_string(&rounded(value)).unwrap();
            let read: f64 = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(read.to_bits(), rounded(value).to_bits());
        }
    }
}
