//! What a Prometheus server answers to an instant query:
//! <https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries>.

use crate::http::Response;
use crate::text;
use anyhow::Result;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;
use toolkit::failure::Failure;

/// The samples of a query, and what the server warns of.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) samples: Vec<Sample>,
    pub(super) warnings: Vec<String>,
}

/// One number, and what it is of.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

/// As `PromQL` has it, in backticks: `up{job="api"}`.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.labels.get("__name__").map_or("", String::as_str);
        let others = self.labels.iter().filter(|(label, _)| *label != "__name__");
        let others: Vec<_> = others
            .map(|(label, value)| format!("{label}={value:?}"))
            .collect();
        match (name, others.is_empty()) {
            ("", true) => f.write_str("the result"),
            (_, true) => write!(f, "`{name}`"),
            _ => write!(f, "`{name}{{{}}}`", others.join(",")),
        }
    }
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    data: Option<Data<'a>>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

#[derive(Deserialize)]
struct Entry {
    metric: BTreeMap<String, String>,
    /// None for a native histogram.
    value: Option<Value>,
}

/// When, in seconds, and what: `"1.5"`, `"NaN"`, `"+Inf"`.
type Value = (f64, String);

/// Reads the samples of an answer.
///
/// # Errors
/// `prometheus_query`, as the server says it; `prometheus_type` where the result
/// is not one number for each set of labels; `prometheus_answer` for what is
/// none; `too_long`.
pub(super) fn read(response: &Response) -> Result<Answer, Failure> {
    if response.is_cut {
        let message = format!(
            "the result is longer than {}",
            text::size(response.body.len())
        );
        return Err(
            Failure::new("too_long", message).hint("let the query aggregate: `sum`, `max`, `topk`")
        );
    }
    let no_answer = || {
        let shown = text::quoted(&response.body);
        let message = format!(
            "no answer of Prometheus: status {}, with {shown}",
            response.status
        );
        Failure::new("prometheus_answer", message)
            .hint("`url` is that of the server itself, without `/api/v1`")
    };
    let body: Body<'_> = serde_json::from_slice(&response.body).map_err(|_| no_answer())?;
    if let Some(error) = body.error {
        let message = format!("the query fails: {}", text::first(&error));
        return Err(Failure::new("prometheus_query", message));
    }
    let data = body.data.ok_or_else(no_answer)?;
    let samples = match data.kind.as_str() {
        "vector" => {
            let entries: Vec<Entry> =
                serde_json::from_str(data.result.get()).map_err(|_| no_answer())?;
            entries
                .into_iter()
                .map(Entry::sample)
                .collect::<Result<_, _>>()?
        }
        "scalar" => {
            let value: Value = serde_json::from_str(data.result.get()).map_err(|_| no_answer())?;
            vec![sample(BTreeMap::new(), &value)?]
        }
        kind => return Err(wrong_type(kind)),
    };
    Ok(Answer {
        samples,
        warnings: body.warnings,
    })
}

impl Entry {
    fn sample(self) -> Result<Sample, Failure> {
        let value = self.value.ok_or_else(|| wrong_type("histogram"))?;
        sample(self.metric, &value)
    }
}

fn sample(labels: BTreeMap<String, String>, value: &Value) -> Result<Sample, Failure> {
    let number = value.1.parse().map_err(|_| {
        let shown = text::first(&value.1);
        Failure::new("prometheus_answer", format!("`{shown}` is no number"))
    })?;
    Ok(Sample {
        labels,
        value: number,
    })
}

fn wrong_type(kind: &str) -> Failure {
    let message = format!("the result is a {}, not numbers", text::first(kind));
    Failure::new("prometheus_type", message)
        .hint("leave out the `[5m]` at the end, or put a function such as `rate()` around it")
}
