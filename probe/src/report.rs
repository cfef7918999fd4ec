//! What a probe saw, and what of it is not as expected.

use serde::Serialize;
use serde_json::{Map, Value};

/// What a probe saw.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What was seen, in a few words: `200 in 12 ms`.
    pub observed: String,
    /// Each expectation that does not hold.
    pub faults: Vec<Fault>,
    /// The numbers that were seen.
    pub measures: Vec<Measure>,
    /// Whatever else was seen, for programs.
    pub facts: Map<String, Value>,
}

impl Report {
    /// A report of what was seen, where nothing is wrong yet.
    pub fn new(observed: impl Into<String>) -> Self {
        Self {
            observed: observed.into(),
            ..Self::default()
        }
    }

    /// Adds an expectation that does not hold.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Adds a number.
    pub fn measure(&mut self, measure: Measure) {
        self.measures.push(measure);
    }

    /// Adds a fact.
    pub fn fact(&mut self, name: &str, value: impl Into<Value>) {
        self.facts.insert(name.to_owned(), value.into());
    }
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A person should look at it in working hours.
    Warn,
    /// It does not do what it is for.
    Fail,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// How bad that is.
    pub level: Level,
    /// A stable word in `snake_case` that scripts may match.
    pub reason: &'static str,
    /// What was seen.
    pub observed: String,
    /// What was expected instead.
    pub expected: String,
    /// The remedy, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at `level`.
    pub fn new(
        level: Level,
        reason: &'static str,
        observed: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            level,
            reason,
            observed: observed.into(),
            expected: expected.into(),
            hint: None,
        }
    }

    /// A failure.
    pub fn fail(
        reason: &'static str,
        observed: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::new(Level::Fail, reason, observed, expected)
    }

    /// A warning.
    pub fn warn(
        reason: &'static str,
        observed: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self::new(Level::Warn, reason, observed, expected)
    }

    /// Adds the remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// A number that was seen, for graphs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measure {
    /// Its name: `snake_case`, without the unit.
    pub name: String,
    /// Its value, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// From where on it is a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warn: Option<f64>,
    /// From where on it is a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<f64>,
    /// Whether less is worse.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub less_is_worse: bool,
    /// The most that it can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
}

impl Measure {
    /// A number without limits.
    pub fn new(name: impl Into<String>, value: f64, unit: Unit) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            warn: None,
            fail: None,
            less_is_worse: false,
            max: None,
        }
    }

    /// Adds its limits.
    #[must_use]
    pub fn limits(mut self, limits: crate::Limits) -> Self {
        self.warn = limits.warn;
        self.fail = limits.fail;
        self
    }

    /// Says that less is worse.
    #[must_use]
    pub fn less_is_worse(mut self) -> Self {
        self.less_is_worse = true;
        self
    }

    /// Adds the most that it can be.
    #[must_use]
    pub fn max(mut self, max: f64) -> Self {
        self.max = Some(max);
        self
    }
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Things, such as rows or connections.
    Count,
    /// Seconds.
    Seconds,
    /// Days.
    Days,
    /// Bytes.
    Bytes,
    /// Hundredths.
    Percent,
}
