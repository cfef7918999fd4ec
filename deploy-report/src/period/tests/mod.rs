//! Histories that are made up here, and real ones.

mod availability;
mod backups;
mod deployments;
mod incidents;
mod keys;
mod lines;
mod numbers;

use super::{Length, Moment, Pass, Report, Window};
use chrono_tz::Europe::Paris;
use serde_json::{Value, json};

/// A history, line by line.
#[derive(Default, Clone)]
struct History {
    lines: Vec<Vec<u8>>,
}

impl History {
    /// A line, whatever it is.
    fn raw(&mut self, line: impl Into<Vec<u8>>) -> &mut Self {
        self.lines.push(line.into());
        self
    }

    /// A record of a run of its own.
    #[allow(clippy::needless_pass_by_value)] // `json!` makes one where it is said
    fn record(&mut self, at: &str, tool: &str, status: &str, data: Value) -> &mut Self {
        self.of_run(at, at, (tool, tool), status, data)
    }

    /// A record of `run`.
    #[allow(clippy::needless_pass_by_value)]
    fn of_run(
        &mut self,
        run: &str,
        at: &str,
        (tool, name): (&str, &str),
        status: &str,
        data: Value,
    ) -> &mut Self {
        let mut record = json!({
            "v": 1, "run": run, "tool": tool, "name": name, "status": status,
            "at": at, "ms": 1000, "host": "vps", "project": "shop", "summary": "", "data": data,
        });
        if status == "fail" {
            record["error"] = json!({ "reason": "broken", "message": format!("{name} is broken") });
        }
        self.raw(record.to_string())
    }

    /// A healthcheck whose checks stand as `checks` says: `"page ok"`,
    /// `"page fail http_status"`.
    fn health(&mut self, at: &str, checks: &[&str]) -> &mut Self {
        let checks: Vec<_> = checks.iter().map(|words| check(words)).collect();
        let failed = checks.iter().any(|check| check["status"] == "fail");
        let status = if failed { "fail" } else { "ok" };
        self.record(at, "healthcheck", status, json!({ "checks": checks }))
    }

    /// Healthchecks every five minutes from minute `from` to before `to` of
    /// 16 November 2026 in Paris.
    fn every_five(&mut self, from: i64, to: i64, checks: &[&str]) -> &mut Self {
        for minute in (from..to).step_by(5) {
            self.health(&minute_of(minute), checks);
        }
        self
    }

    fn of(&self, date: &str, length: Length) -> Report {
        let window = Window::holding(date.parse().unwrap(), length, &Paris).unwrap();
        let mut pass = Pass::new(window, None);
        for line in &self.lines {
            pass.bytes(line);
        }
        pass.end()
    }

    /// The report of 16 November 2026, a Monday.
    fn day(&self) -> Report {
        self.of("2026-11-16", Length::Day)
    }
}

/// A check in `data.checks`: name, status, reason.
fn check(words: &str) -> Value {
    let mut words = words.split(' ');
    let name = words.next().unwrap();
    let kind = if name.starts_with("disk") {
        "disk"
    } else {
        "http"
    };
    let mut check = json!({
        "name": name, "kind": kind, "status": words.next().unwrap(), "ms": 3,
        "observed": "what was seen", "expected": "what should be",
    });
    if let Some(reason) = words.next() {
        check["reason"] = json!(reason);
    }
    check
}

/// Minute `minute` of 16 November 2026 in Paris.
fn minute_of(minute: i64) -> String {
    let midnight = Moment::parse("2026-11-15T23:00:00Z").unwrap();
    shown(Moment(midnight.0 + minute * 60_000))
}

fn shown(at: Moment) -> String {
    serde_json::to_value(at)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

fn json_of(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
