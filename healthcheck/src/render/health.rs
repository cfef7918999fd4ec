//! `application/health+json`: draft-inadarei-api-health-check-06.

use crate::exit::Service;
use probe::render::{Told, faults};
use probe::{Finding, Level, Limits, Measure, Unit};
use serde_json::{Map, Value, json};
use toolkit::record::Status;

/// The health of the service.
pub(super) fn of(told: &Told<'_>) -> String {
    let record = told.record;
    let status = match Service::of(told.code, told.record.status) {
        Service::Ok => "pass",
        Service::Warning => "warn",
        // Rightly not run: that is no failure, and no pass.
        Service::Unknown if told.code == 0 => "warn",
        Service::Critical | Service::Unknown => "fail",
    };
    let mut health = Map::new();
    health.insert("status".into(), json!(status));
    health.insert("serviceId".into(), json!(record.project));
    let description = format!("health of {}", record.project);
    health.insert("description".into(), json!(description));
    health.insert("time".into(), json!(record.at));
    if status != "pass" {
        health.insert("output".into(), json!(told.sentence()));
    }
    if let Some(hint) = told.hint() {
        health.insert("notes".into(), json!([format!("hint: {hint}")]));
    }
    if let Some(findings) = told.findings {
        let mut checks = Map::new();
        for finding in findings {
            add(&mut checks, finding, &record.at);
        }
        health.insert("checks".into(), checks.into());
    }
    serde_json::to_string_pretty(&health).unwrap_or_default()
}

/// Adds what the check says as `NAME:KIND`, and each number that it saw as
/// `NAME:MEASURE`.
fn add(checks: &mut Map<String, Value>, finding: &Finding, at: &str) {
    // The draft has no colon in a component's name.
    let component = finding.name.replace(':', "_");
    let mut detail = json!({
        "componentId": finding.name,
        "componentType": finding.kind,
        "status": word(finding.status),
        "observedValue": finding.observed,
        "time": at,
    });
    if finding.status != Status::Ok {
        let faults = faults(finding);
        let output = if faults.is_empty() {
            finding.observed.clone()
        } else {
            faults.join("\n")
        };
        detail["output"] = json!(output);
        if let Some(reason) = finding.reason {
            detail["reason"] = json!(reason);
        }
    }
    let mut insert = |measurement: &str, detail: Value| {
        let key = format!("{component}:{measurement}");
        if let Value::Array(details) = checks.entry(key).or_insert_with(|| json!([])) {
            details.push(detail);
        }
    };
    insert(finding.kind, detail);
    for measure in &finding.measures {
        let (status, output) = judged(measure);
        let mut detail = json!({
            "componentId": finding.name,
            "componentType": finding.kind,
            "status": status,
            "observedValue": measure.value,
            "observedUnit": unit(measure.unit),
            "time": at,
        });
        if let Some(output) = output {
            detail["output"] = json!(output);
        }
        insert(&measure.name, detail);
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Ok => "pass",
        Status::Warn | Status::Skip => "warn",
        _ => "fail",
    }
}

/// What a number's own limits say of it.
fn judged(measure: &Measure) -> (&'static str, Option<String>) {
    let limits = Limits {
        warn: measure.warn,
        fail: measure.fail,
    };
    let (reached, than) = if measure.less_is_worse {
        (limits.below(measure.value), "more")
    } else {
        (limits.above(measure.value), "less")
    };
    match reached {
        None => ("pass", None),
        Some((level, limit)) => {
            let status = if level == Level::Warn { "warn" } else { "fail" };
            (status, Some(format!("expected: {than} than {limit}")))
        }
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "count",
        Unit::Seconds => "seconds",
        Unit::Days => "days",
        Unit::Bytes => "bytes",
        Unit::Percent => "percent",
    }
}
