//! How much processor time and memory a container uses.

use super::state::State;
use crate::Deadline;
use crate::docker::Engine;
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// Between two looks at a container's processor time.
const BETWEEN: Duration = Duration::from_millis(250);

/// What one look at its counters says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Sample {
    at: DateTime<Utc>,
    /// Processor time since its start, in nanoseconds.
    cpu: f64,
    /// How many processors there are.
    cpus: f64,
    /// Memory that it cannot give back, in bytes.
    memory: f64,
}

/// What a container uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// In bytes.
    pub(super) memory: f64,
    /// In hundredths of its limit, where it has one.
    pub(super) memory_percent: Option<f64>,
    /// In hundredths of the processors that it may use, where that was asked.
    pub(super) cpu_percent: Option<f64>,
}

/// Looks at the counters of a running container; none where it has none, for
/// it has just ended, or this system does not count.
pub(super) fn of(
    engine: &Engine,
    id: &str,
    state: &State,
    with_cpu: bool,
    deadline: Deadline,
) -> Result<Option<Usage>> {
    let Some(first) = sample(engine, id, deadline)? else {
        return Ok(None);
    };
    let mut usage = Usage {
        memory: first.memory,
        memory_percent: state.memory_limit.map(|limit| 100.0 * first.memory / limit),
        cpu_percent: None,
    };
    if with_cpu {
        thread::sleep(BETWEEN.min(deadline.left()?));
        let second = sample(engine, id, deadline)?;
        usage.cpu_percent = second.and_then(|second| percent(&first, &second, state.cpu_limit));
    }
    Ok(Some(usage))
}

fn sample(engine: &Engine, id: &str, deadline: Deadline) -> Result<Option<Sample>> {
    // Without `one-shot` the engine itself waits a second for another look.
    let path = format!("/containers/{id}/stats?stream=false&one-shot=true");
    let answer = engine.get(&path, deadline)?;
    Ok(answer.as_ref().and_then(read))
}

fn read(stats: &Value) -> Option<Sample> {
    let memory = &stats["memory_stats"];
    let used = memory["usage"].as_f64()?;
    // The page cache that is given back first, as `docker stats` leaves it out:
    // by its names in cgroup v1 and v2.
    let cache = ["total_inactive_file", "inactive_file"]
        .iter()
        .find_map(|name| memory["stats"][*name].as_f64());
    let cpu = &stats["cpu_stats"];
    Some(Sample {
        at: stats["read"].as_str()?.parse().ok()?,
        cpu: cpu["cpu_usage"]["total_usage"].as_f64()?,
        cpus: cpu["online_cpus"].as_f64().unwrap_or(1.0),
        memory: (used - cache.unwrap_or_default()).max(0.0),
    })
}

fn percent(first: &Sample, second: &Sample, limit: Option<f64>) -> Option<f64> {
    let time = second
        .at
        .signed_duration_since(first.at)
        .num_nanoseconds()?;
    let time = Duration::from_nanos(u64::try_from(time).ok()?).as_secs_f64() * 1e9;
    let may = limit.map_or(second.cpus, |limit| limit.min(second.cpus));
    (time > 0.0 && may > 0.0).then(|| 100.0 * (second.cpu - first.cpu).max(0.0) / time / may)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(read: &str, cpu: u64, stats: &Value) -> Sample {
        super::read(&json!({
            "read": read,
            "cpu_stats": {"cpu_usage": {"total_usage": cpu}, "online_cpus": 2},
            "memory_stats": {"usage": 1000, "limit": 5000, "stats": stats},
        }))
        .unwrap()
    }

    #[test]
    fn counts_as_docker_stats_does() {
        let first = at(
            "2026-11-20T10:35:26.500Z",
            1_000_000_000,
            &json!({"inactive_file": 300}),
        );
        let second = at(
            "2026-11-20T10:35:27.000Z",
            1_250_000_000,
            &json!({"inactive_file": 9, "total_inactive_file": 100}),
        );
        assert!((first.memory - 700.0).abs() < 0.1);
        assert!((second.memory - 900.0).abs() < 0.1);
        let near = |percent: Option<f64>, expected: f64| {
            assert!((percent.unwrap() - expected).abs() < 0.01, "{percent:?}");
        };
        near(percent(&first, &second, None), 25.0);
        near(percent(&first, &second, Some(0.5)), 100.0);
        assert_eq!(percent(&first, &first, None), None);
    }

    #[test]
    fn an_ended_container_counts_nothing() {
        assert_eq!(read(&json!({"memory_stats": {}, "cpu_stats": {}})), None);
    }
}
