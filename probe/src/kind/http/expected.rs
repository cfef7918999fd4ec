//! What a response must be, as configuration says it.

use crate::http::REDIRECTS;
use crate::several::several;
use crate::text::Pattern;
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};
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

    /// The extended regular expression that all of such a status matches.
    pub(super) fn pattern(&self) -> String {
        let several = |these: &[u16]| {
            let these: Vec<_> = these.iter().map(u16::to_string).collect();
            these.join("|")
        };
        match self {
            Self::Within(range) => {
                let (first, last) = (range.start() / 100, range.end() / 100);
                if first == last {
                    format!("{first}..")
                } else {
                    format!("[{first}-{last}]..")
                }
            }
            Self::Of(these) => several(these),
            Self::Redirect => several(&REDIRECTS),
        }
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
        let wanted: Vec<Wanted> = several(from)?;
        let of = |wanted: Vec<Vec<RangeInclusive<u16>>>| match wanted.concat().as_slice() {
            [] => None,
            [one] if one.start() < one.end() => Some(Self::Within(one.clone())),
            several => Some(Self::Of(several.iter().cloned().flatten().collect())),
        };
        let wanted: Option<Vec<_>> = wanted.iter().map(Wanted::ranges).collect();
        wanted.and_then(of).ok_or_else(|| {
            D::Error::custom(
                "it takes statuses from 100 to 599, such as `200`, `\"201|409\"` or `\"2xx\"`",
            )
        })
    }
}

/// A status as it is written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Number(i64),
    Text(String),
}

impl Wanted {
    /// The statuses that it means; none for what is no status.
    fn ranges(&self) -> Option<Vec<RangeInclusive<u16>>> {
        let one = |status: u16| (100..=599).contains(&status).then_some(status..=status);
        match self {
            Self::Number(number) => Some(vec![one(u16::try_from(*number).ok()?)?]),
            Self::Text(text) => text
                .split('|')
                .map(|word| match word.strip_suffix("xx") {
                    Some(class) => {
                        let class: u16 = class.parse().ok()?;
                        (1..=5)
                            .contains(&class)
                            .then(|| class * 100..=class * 100 + 99)
                    }
                    None => one(word.parse().ok()?),
                })
                .collect(),
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
