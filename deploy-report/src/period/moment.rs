//! Points in time and lengths of it, in whole milliseconds, as records write
//! them.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// A point in time, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// What a record's `at` says; none where that is no date.
    pub(super) fn parse(at: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(at).ok()?;
        Some(Self(at.timestamp_millis()))
    }

    /// How long after `earlier` it is, in milliseconds; nothing where it is
    /// not.
    pub(crate) fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// The moment that is `ms` milliseconds later.
    pub(crate) fn after(self, ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// The moment that is `ms` milliseconds earlier.
    pub(crate) fn before(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    /// For a calendar; none outside of the years that it knows.
    pub(crate) fn utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_millis(self.0)
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_millis())
    }
}

/// As records write it: RFC 3339, UTC, milliseconds.
impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let at = self.utc().unwrap_or_default();
        to.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}
