//! A set's name: the local date and time at which it was begun.

use chrono::{DateTime, Local, NaiveDateTime, TimeDelta};
use std::fmt;

const FORMAT: &str = "%Y%m%d_%H%M%S";

/// `YYYYMMDD_HHMMSS`, as the scripts before wrote it with `date`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(String);

impl Stamp {
    /// The stamp of a point in time.
    pub fn at(time: DateTime<Local>) -> Self {
        Self(time.format(FORMAT).to_string())
    }

    /// Reads a stamp; nothing else has this form.
    pub fn parse(text: &str) -> Option<Self> {
        let parsed = NaiveDateTime::parse_from_str(text, FORMAT).ok()?;
        // `parse_from_str` allows missing zeros and leading signs.
        (parsed.format(FORMAT).to_string() == text).then(|| Self(text.to_owned()))
    }

    /// The stand-in for a set whose folder was given any other name.
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The local date and time that it says.
    pub fn time(&self) -> Option<NaiveDateTime> {
        NaiveDateTime::parse_from_str(&self.0, FORMAT).ok()
    }

    /// The next one: for a second set within one second.
    #[must_use]
    pub fn next(&self) -> Self {
        let next = self
            .time()
            .and_then(|time| time.checked_add_signed(TimeDelta::seconds(1)));
        next.map_or_else(
            || self.clone(),
            |time| Self(time.format(FORMAT).to_string()),
        )
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stamp_is_a_stamp() {
        assert!(Stamp::parse("20261120_020000").is_some());
        for name in [
            "2026112_020000",
            "20261320_020000",
            "20261120_020000.bak",
            "latest",
            "",
            "+0261120_020000",
        ] {
            assert_eq!(Stamp::parse(name), None, "{name}");
        }
        assert_eq!(
            Stamp::parse("20261231_235959").unwrap().next().to_string(),
            "20270101_000000"
        );
    }
}
