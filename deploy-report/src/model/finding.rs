//! What a check or a step found, as records of `healthcheck` and `smoketest`
//! hold it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toolkit::record::{Record, Status};

/// What came of a check, and when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Finding {
    /// The check's name.
    pub(crate) name: String,
    /// Its kind: `http`, `postgres`…
    pub(crate) kind: String,
    pub(crate) status: Status,
    /// How long it took, in milliseconds.
    pub(crate) ms: Option<u64>,
    /// What was seen, in the tool's words.
    pub(crate) observed: String,
    /// What should have been, in the tool's words.
    pub(crate) expected: String,
    /// A stable word for what is wrong.
    pub(crate) reason: Option<String>,
    /// The remedy.
    pub(crate) hint: Option<String>,
    /// Whatever else is wrong.
    pub(crate) also: Vec<Fault>,
    /// The numbers that were seen.
    pub(crate) measures: Vec<Measure>,
    /// Whatever else was seen.
    pub(crate) facts: Map<String, Value>,
    /// When the record was written.
    pub(crate) at: Option<DateTime<Utc>>,
    /// Whether a rollback came after it: it is no longer what serves.
    pub(crate) superseded: bool,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fault {
    /// `warn` or `fail`.
    #[serde(default = "unknown")]
    pub(crate) level: Status,
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) observed: String,
    #[serde(default)]
    pub(crate) expected: String,
    #[serde(default)]
    pub(crate) hint: Option<String>,
}

/// A number that was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) name: String,
    /// In `unit`.
    pub(crate) value: f64,
    /// `count`, `seconds`, `days`, `bytes` or `percent`.
    pub(crate) unit: String,
    /// From where on it is a warning, and a failure.
    #[serde(default)]
    pub(crate) warn: Option<f64>,
    #[serde(default)]
    pub(crate) fail: Option<f64>,
    /// The most that it can be.
    #[serde(default)]
    pub(crate) max: Option<f64>,
}

fn unknown() -> Status {
    Status::Unknown
}

impl Finding {
    /// What `list` (`checks` or `steps`) of a record's `data` holds. What has
    /// another shape than a finding is passed over.
    pub(super) fn all(record: &Record, list: &str, superseded: bool) -> Vec<Self> {
        let at = super::moment(&record.at);
        let values = record.data[list].as_array();
        let found = values.into_iter().flatten();
        found
            .filter_map(|value| Self::read(value, at, superseded))
            .collect()
    }

    fn read(value: &Value, at: Option<DateTime<Utc>>, superseded: bool) -> Option<Self> {
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let some = |key: &str| value[key].as_str().map(str::to_owned);
        Some(Self {
            name: value["name"].as_str()?.to_owned(),
            kind: text("kind"),
            status: serde_json::from_value(value["status"].clone()).ok()?,
            ms: value["ms"].as_u64(),
            observed: text("observed"),
            expected: text("expected"),
            reason: some("reason"),
            hint: some("hint"),
            also: each(&value["also"]),
            measures: each(&value["measures"]),
            facts: value["facts"].as_object().cloned().unwrap_or_default(),
            at,
            superseded,
        })
    }

    /// The value of a measure.
    pub(super) fn measured(&self, name: &str) -> Option<f64> {
        self.measure(name).map(|measure| measure.value)
    }

    pub(super) fn measure(&self, name: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.name == name)
    }

    /// A fact that is text.
    pub(super) fn fact(&self, name: &str) -> Option<String> {
        self.facts.get(name)?.as_str().map(str::to_owned)
    }
}

/// The elements that have the right shape.
fn each<T: for<'de> Deserialize<'de>>(list: &Value) -> Vec<T> {
    let values = list.as_array().into_iter().flatten();
    values
        .filter_map(|value| T::deserialize(value).ok())
        .collect()
}
