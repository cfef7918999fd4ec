//! Prometheus' text format, for a scrape or for `node_exporter`'s textfile
//! collector: no timestamps, the same HELP whatever the project, no series
//! twice.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use crate::cli::Args;
use chrono::{DateTime, Utc};
use probe::render::Told;
use probe::{Finding, Measure, Unit};
use std::collections::BTreeMap;
use std::fmt::Write;
use toolkit::record::{Record, Status};

/// Whose checks they are, and which of them.
pub(crate) struct Scope {
    project: String,
    env: Option<String>,
    checks: String,
}

impl Scope {
    /// That of a run.
    pub(crate) fn of(args: &Args, record: &Record) -> Self {
        Self::new(args, &record.project, record.env.clone())
    }

    /// That of the checks of `args`.
    pub(crate) fn new(args: &Args, project: &str, env: Option<String>) -> Self {
        let checks = match args.wanted.as_slice() {
            [] => "all".to_owned(),
            wanted => wanted.join(" "),
        };
        Self {
            project: project.to_owned(),
            env,
            checks,
        }
    }

    /// The labels of a series: `own`, then whose it is.
    fn labels(&self, own: &[(&str, &str)]) -> String {
        let whose = [("project", self.project.as_str())];
        let env = self.env.as_deref().map(|env| ("env", env));
        let all = own.iter().copied().chain(whose).chain(env);
        let all: Vec<_> = all
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        all.join(",")
    }
}

/// A metric: its help, and the value of each of its series.
struct Metric {
    help: String,
    series: BTreeMap<String, f64>,
}

/// Metrics by name.
#[derive(Default)]
struct Metrics(BTreeMap<String, Metric>);

impl Metrics {
    /// Adds a series; the first of two with the same labels stays.
    fn add(&mut self, name: &str, help: impl Into<String>, labels: String, value: f64) {
        let metric = self.0.entry(name.to_owned()).or_insert_with(|| Metric {
            help: help.into(),
            series: BTreeMap::new(),
        });
        metric.series.entry(labels).or_insert(value);
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (name, Metric { help, series }) in &self.0 {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in series {
                let _ = writeln!(text, "{name}{{{labels}}} {}", number(*value));
            }
        }
        text
    }
}

/// The metrics of a run, for stdout.
pub(super) fn of(scope: &Scope, told: &Told<'_>, at: DateTime<Utc>) -> String {
    let status = if told.code == 0 {
        told.record.status
    } else {
        Status::Fail
    };
    let text = metrics(scope, status, told.findings, at);
    match told.findings {
        Some(_) => text,
        None => format!("# {}\n{text}", escaped(&told.sentence())),
    }
}

/// The metrics of a run that ended `at`; it has no findings where it looked at
/// nothing.
pub(crate) fn metrics(
    scope: &Scope,
    status: Status,
    findings: Option<&[Finding]>,
    at: DateTime<Utc>,
) -> String {
    let mut metrics = Metrics::default();
    // Two runs of other checks of one project are two series.
    let whole = scope.labels(&[("checks", &scope.checks)]);
    let help =
        "How the health check as a whole ended: 0 ok, 1 warn, 2 fail, 3 nothing was looked at.";
    metrics.add(
        "sextant_healthcheck_status",
        help,
        whole.clone(),
        code(status),
    );
    if findings.is_some() {
        let help = "When the health check last looked, in seconds since 1970.";
        #[allow(clippy::cast_precision_loss)] // Milliseconds, for 285,000 years.
        let at = at.timestamp_millis() as f64 / 1000.0;
        metrics.add("sextant_check_last_run_timestamp_seconds", help, whole, at);
    }
    for finding in findings.unwrap_or_default() {
        let labels = scope.labels(&[("check", &finding.name), ("kind", finding.kind)]);
        let help = "How the check stands: 0 ok, 1 warn, 2 fail, 3 skip.";
        metrics.add(
            "sextant_check_status",
            help,
            labels.clone(),
            code(finding.status),
        );
        let help = "How long the check took.";
        let took = std::time::Duration::from_millis(finding.ms).as_secs_f64();
        metrics.add("sextant_check_duration_seconds", help, labels.clone(), took);
        for measure in &finding.measures {
            let (name, help, value) = base(finding.kind, measure);
            metrics.add(&name, help, labels.clone(), value);
        }
    }
    metrics.text()
}

fn code(status: Status) -> f64 {
    match status {
        Status::Ok => 0.0,
        Status::Warn => 1.0,
        Status::Skip => 3.0,
        _ => 2.0,
    }
}

/// A measure in a base unit of Prometheus, with that unit in its name.
fn base(kind: &str, measure: &Measure) -> (String, String, f64) {
    let (unit, factor, what) = match measure.unit {
        Unit::Count => ("", 1.0, "as a number"),
        Unit::Seconds => ("_seconds", 1.0, "in seconds"),
        Unit::Days => ("_seconds", 86_400.0, "in seconds"),
        Unit::Bytes => ("_bytes", 1.0, "in bytes"),
        Unit::Percent => ("_ratio", 0.01, "from 0 to 1"),
    };
    let name = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let (kind_name, measured) = (name(kind), name(&measure.name));
    let help = format!("What checks of the kind {kind_name} measured as {measured}, {what}.");
    let name = format!("sextant_{kind_name}_{measured}{unit}");
    (name, help, measure.value * factor)
}

/// A label's value.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

/// A value as Prometheus reads it.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_base_units_and_names_are_valid() {
        for (kind, measure, name, value) in [
            (
                "tls",
                Measure::new("left", 2.0, Unit::Days),
                "sextant_tls_left_seconds",
                172_800.0,
            ),
            (
                "docker-disk",
                Measure::new("used", 50.0, Unit::Percent),
                "sextant_docker_disk_used_ratio",
                0.5,
            ),
            (
                "redis",
                Measure::new("db.0 keys", 7.0, Unit::Count),
                "sextant_redis_db_0_keys",
                7.0,
            ),
        ] {
            let made = base(kind, &measure);
            assert_eq!(made.0, name);
            assert!((made.2 - value).abs() < f64::EPSILON, "{made:?}");
        }
        assert_eq!(
            [f64::NAN, f64::INFINITY, -0.5].map(number),
            ["NaN", "+Inf", "-0.5"]
        );
    }

    #[test]
    fn the_first_of_two_equal_series_stays() {
        let mut metrics = Metrics::default();
        metrics.add("a", "A.", "b=\"c\"".into(), 1.0);
        metrics.add("a", "A.", "b=\"c\"".into(), 2.0);
        assert_eq!(
            metrics.text(),
            "# HELP a A.\n# TYPE a gauge\na{b=\"c\"} 1\n"
        );
    }
}
