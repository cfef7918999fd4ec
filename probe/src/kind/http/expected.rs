//! What a response must be, as configuration says it.

use crate::http::REDIRECTS;
use crate::several::several;
use crate::text::Pattern;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;
use std::ops::RangeInclusive;

/// The statuses of which one must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Status {
    /// One within.
    Within(RangeInclusive<u16>),
    /// One of these.
    Of(Vec<u16>),
    /// One that says where else to look.
    Redirect,
}

impl Status {
    /// Any status below `limit`.
    pub(super) fn below(limit: u16) -> Self {
        Self::Within(100..=limit - 1)
    }

    /// These, where some are named, else those of a redirect.
    pub(super) fn or_redirect(self) -> Self {
        if self == Self::default() {
            return Self::Redirect;
        }
        self
    }

    pub(super) fn holds(&self, status: u16) -> bool {
        match self {
            Self::Within(range) => range.contains(&status),
            Self::Of(these) => these.contains(&status),
            Self::Redirect => REDIRECTS.contains(&status),
        }
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::Within(200..=299)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect => f.write_str("a redirect"),
            Self::Within(range) => write!(f, "status {} to {}", range.start(), range.end()),
            Self::Of(these) => {
                let these: Vec<_> = these.iter().map(u16::to_string).collect();
                write!(f, "status {}", these.join(" or "))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let these: Vec<i64> = several(from)?;
        let known = |status: i64| {
            let status = u16::try_from(status).ok();
            status.filter(|status| (100..=599).contains(status))
        };
        match these.into_iter().map(known).collect::<Option<Vec<_>>>() {
            Some(these) if !these.is_empty() => Ok(Self::Of(these)),
            _ => Err(D::Error::custom("it takes statuses from 100 to 599")),
        }
    }
}

/// What must be with a header of the response.
#[derive(Debug, Clone)]
pub(super) enum Header {
    /// It must be there.
    Present,
    /// It must not be there.
    Absent,
    /// One of its values must hold a match.
    Matches(Pattern),
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(BoolOrPattern)
    }
}

struct BoolOrPattern;

impl Visitor<'_> for BoolOrPattern {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`true`, `false` or a regular expression")
    }

    fn visit_bool<E: Error>(self, is_there: bool) -> Result<Header, E> {
        Ok(if is_there {
            Header::Present
        } else {
            Header::Absent
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Header, E> {
        let pattern = Pattern::compile(text).map_err(E::custom)?;
        Ok(Header::Matches(pattern))
    }
}
