//! From where on a number is a warning, and from where on a failure.

use crate::report::Level;
use serde::Deserialize;

/// The `warn` and `fail` of a check, each in the unit of what it measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// From here on it is a warning.
    pub warn: Option<f64>,
    /// From here on it is a failure.
    pub fail: Option<f64>,
}

impl Limits {
    /// Both limits.
    pub fn new(warn: f64, fail: f64) -> Self {
        Self {
            warn: Some(warn),
            fail: Some(fail),
        }
    }

    /// These, where one is given, else those of `others`.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        if self.is_none() { others } else { self }
    }

    /// Whether neither is given.
    pub fn is_none(&self) -> bool {
        self.warn.is_none() && self.fail.is_none()
    }

    /// How bad `value` is where more is worse, and the limit that it reaches.
    pub fn above(&self, value: f64) -> Option<(Level, f64)> {
        self.judge(|limit| value >= limit)
    }

    /// How bad `value` is where less is worse, and the limit that it falls to.
    pub fn below(&self, value: f64) -> Option<(Level, f64)> {
        self.judge(|limit| value <= limit)
    }

    fn judge(&self, reaches: impl Fn(f64) -> bool) -> Option<(Level, f64)> {
        let fail = self.fail.filter(|limit| reaches(*limit));
        let warn = self.warn.filter(|limit| reaches(*limit));
        let fail = fail.map(|limit| (Level::Fail, limit));
        fail.or(warn.map(|limit| (Level::Warn, limit)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_limit_decides() {
        let used = Limits::new(80.0, 90.0);
        assert_eq!(used.above(79.9), None);
        assert_eq!(used.above(80.0), Some((Level::Warn, 80.0)));
        assert_eq!(used.above(95.0), Some((Level::Fail, 90.0)));
        let left = Limits::new(30.0, 7.0);
        assert_eq!(left.below(31.0), None);
        assert_eq!(left.below(8.0), Some((Level::Warn, 30.0)));
        assert_eq!(left.below(-1.0), Some((Level::Fail, 7.0)));
    }
}
