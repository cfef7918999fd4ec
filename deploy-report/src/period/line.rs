//! What a period report reads of a line of the history: of each record its
//! header, of `data` what its tool is asked for, and nothing else.

use super::moment::Moment;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use toolkit::record::{Header, Status, VERSION};

/// The most checks that are read of one record.
const CHECKS: usize = 4096;

/// A record, as far as a period report reads it.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'a> {
    v: u64,
    #[serde(borrow)]
    pub(super) run: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) tool: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    pub(super) status: Status,
    #[serde(borrow, default)]
    at: Cow<'a, str>,
    #[serde(default)]
    pub(super) ms: Option<u64>,
    #[serde(borrow, default)]
    pub(super) project: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl<'a> Line<'a> {
    /// Reads one line, without its end.
    ///
    /// # Errors
    /// Says in words why the line is no record, as [`Header::parse`] does, or
    /// that it has no time.
    pub(super) fn parse(line: &'a [u8]) -> Result<(Self, Moment), String> {
        let read = serde_json::from_slice::<Self>(line);
        // A header of another version may be read where the rest is not.
        let read = read.map_err(|error| Header::parse(line).err().unwrap_or(error.to_string()))?;
        if read.v < VERSION {
            return Err(format!("not a record: version {} is unknown", read.v));
        }
        let at = Moment::parse(&read.at).ok_or("not a record: `at` is no time")?;
        Ok((read, at))
    }

    /// What the tool said, as `T` reads it; none where that is something else.
    pub(super) fn data<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.data?.get()).ok()
    }

    /// The reason and the message of what went wrong.
    pub(super) fn problem(&self) -> Option<Problem<'a>> {
        serde_json::from_str(self.error?.get()).ok()
    }

    /// Whether the work was done.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Warn)
    }
}

/// What went wrong.
#[derive(Debug, Deserialize)]
pub(super) struct Problem<'a> {
    #[serde(borrow)]
    pub(super) reason: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) message: Cow<'a, str>,
}

/// `data` of a healthcheck.
#[derive(Debug, Deserialize)]
pub(super) struct Health<'a> {
    /// None where it looked at nothing: it was refused, skipped or interrupted.
    #[serde(borrow, default, deserialize_with = "first_checks")]
    pub(super) checks: Option<Vec<Check<'a>>>,
    #[serde(borrow, default)]
    pub(super) alert: Option<Alert<'a>>,
}

/// An entry of `data.checks`.
#[derive(Debug, Deserialize)]
pub(super) struct Check<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    pub(super) status: Status,
    #[serde(borrow, default)]
    pub(super) reason: Option<Word<'a>>,
    #[serde(borrow, default)]
    pub(super) observed: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) measures: Vec<Measure<'a>>,
    #[serde(borrow, default)]
    pub(super) facts: Option<&'a RawValue>,
}

impl<'a> Check<'a> {
    /// What else it saw, as `T` reads it.
    pub(super) fn facts<T: Deserialize<'a>>(&self) -> Option<T> {
        serde_json::from_str(self.facts?.get()).ok()
    }
}

/// A string that may be missing, borrowed where it can be.
#[derive(Debug, Deserialize)]
pub(super) struct Word<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A number that was seen.
#[derive(Debug, Deserialize)]
pub(super) struct Measure<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// JSON has no word for what is infinite or no number: it is null.
    pub(super) value: Option<f64>,
    #[serde(borrow, default)]
    pub(super) unit: Cow<'a, str>,
    #[serde(default)]
    pub(super) warn: Option<f64>,
    #[serde(default)]
    pub(super) fail: Option<f64>,
    #[serde(default)]
    pub(super) max: Option<f64>,
}

/// `data.alert` of a healthcheck.
#[derive(Debug, Deserialize)]
pub(super) struct Alert<'a> {
    /// The incident that is open.
    #[serde(borrow, default)]
    pub(super) incident: Option<Word<'a>>,
}

/// The first checks of a list: no line makes a reader hold more of them.
fn first_checks<'de: 'a, 'a, D>(from: D) -> Result<Option<Vec<Check<'a>>>, D::Error>
where
    D: Deserializer<'de>,
{
    struct FirstChecks<'a>(PhantomData<Check<'a>>);

    impl<'de: 'a, 'a> Visitor<'de> for FirstChecks<'a> {
        type Value = Option<Vec<Check<'a>>>;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("a list of checks")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut checks = Vec::new();
            while checks.len() < CHECKS
                && let Some(check) = list.next_element()?
            {
                checks.push(check);
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(Some(checks))
        }
    }
    from.deserialize_any(FirstChecks(PhantomData))
}
