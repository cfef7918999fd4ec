//! Numbers that are refused where too little stands behind them.

use serde::Serialize;

/// A number and how many observations it is made of, or why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Sampled<T> {
    /// It can be said.
    Known {
        /// How many observations it is made of.
        n: u64,
        /// The number.
        value: T,
    },
    /// Too little was observed to say it.
    TooFew {
        /// How many observations there are.
        n: u64,
        /// How many it takes.
        least: u64,
    },
    /// The records do not hold what it is made of.
    Missing {
        /// What they lack: the path of a field.
        what: &'static str,
    },
}

impl<T> Sampled<T> {
    /// `value` of `n` observations, of which there must be `least`.
    pub(super) fn of(n: u64, least: u64, value: Option<T>) -> Self {
        match value {
            Some(value) if n >= least => Self::Known { n, value },
            _ => Self::TooFew { n, least },
        }
    }
}

/// How many there are.
pub(super) fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
