//! How much processor time and memory a container uses.

use super::cgroup::{Group, Kernel};
use super::find::encoded;
use super::state::State;
use crate::Deadline;
use crate::docker::Engine;
use anyhow::Result;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::thread;
use std::time::Duration;

/// Between two looks at the processor time of containers.
///
/// The kernel gives a limited container its share anew in each tenth of a
/// second: a look over no whole number of them counts one share too many or too
/// few, and over 50 ms none at all. Two of them leave little to the clock's tick.
const BETWEEN: Duration = Duration::from_millis(200);

/// What one look at its counters says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Since a moment that all looks at one container share.
    pub(super) at: Duration,
    /// Processor time since its start, in nanoseconds.
    pub(super) cpu: f64,
    /// How many processors there are.
    pub(super) cpus: f64,
    /// Memory that it cannot give back, in bytes.
    pub(super) memory: f64,
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

/// Looks at the counters of containers; none of one that does not run, has just
/// ended, or is not counted by this system.
pub(super) fn of(
    states: &[State],
    engine: &Engine,
    with_cpu: bool,
    deadline: Deadline,
) -> Result<Vec<Option<Usage>>> {
    let kernel = Kernel::here();
    let meters: Vec<_> = states
        .iter()
        .map(|state| Meter::of(state, engine, &kernel))
        .collect();
    let look = || -> Result<Vec<_>> {
        let each = meters.iter().map(|meter| meter.sample(deadline));
        each.collect()
    };
    let first = look()?;
    let second = if with_cpu && first.iter().any(Option::is_some) {
        thread::sleep(BETWEEN.min(deadline.left()?));
        look()?
    } else {
        vec![None; first.len()]
    };
    let all = states.iter().zip(first).zip(second);
    Ok(all
        .map(|((state, first), second)| {
            let first = first?;
            Some(Usage {
                memory: first.memory,
                memory_percent: state.memory_limit.map(|limit| 100.0 * first.memory / limit),
                cpu_percent: second.and_then(|second| percent(&first, &second, state.cpu_limit)),
            })
        })
        .collect())
}

/// What counts for a container.
enum Meter<'a> {
    Files(Group),
    Engine(&'a Engine, String),
    Nothing,
}

impl<'a> Meter<'a> {
    fn of(state: &State, engine: &'a Engine, kernel: &Kernel<'_>) -> Self {
        if !state.is_running() {
            return Self::Nothing;
        }
        let group = Group::of(&state.id, state.pid, kernel);
        match group.filter(|group| group.sample().is_some()) {
            Some(group) => Self::Files(group),
            None => Self::Engine(engine, encoded(&state.id)),
        }
    }

    fn sample(&self, deadline: Deadline) -> Result<Option<Sample>> {
        match self {
            Self::Files(group) => Ok(group.sample()),
            Self::Engine(engine, id) => {
                // Without `one-shot` the engine waits for two of its looks.
                let path = format!("/containers/{id}/stats?stream=false&one-shot=true");
                let answer = engine.get(&path, deadline)?;
                Ok(answer.as_ref().and_then(read))
            }
            Self::Nothing => Ok(None),
        }
    }
}

/// Memory without the page cache that is given back first, as `docker stats`
/// counts it: `calculateMemUsageUnixNoCache` of
/// <https://github.com/docker/cli/blob/master/cli/command/container/stats_helpers.go>.
pub(super) fn in_use(usage: f64, inactive_file: f64) -> f64 {
    if inactive_file < usage {
        usage - inactive_file
    } else {
        usage
    }
}

fn read(stats: &Value) -> Option<Sample> {
    let memory = &stats["memory_stats"];
    let used = memory["usage"].as_f64()?;
    // By its names in cgroup v1 and v2.
    let inactive = ["total_inactive_file", "inactive_file"]
        .iter()
        .find_map(|name| memory["stats"][*name].as_f64());
    let cpu = &stats["cpu_stats"];
    let at: DateTime<Utc> = stats["read"].as_str()?.parse().ok()?;
    Some(Sample {
        at: Duration::from_nanos(u64::try_from(at.timestamp_nanos_opt()?).ok()?),
        cpu: cpu["cpu_usage"]["total_usage"].as_f64()?,
        cpus: cpu["online_cpus"].as_f64().unwrap_or(1.0),
        memory: in_use(used, inactive.unwrap_or_default()),
    })
}

fn percent(first: &Sample, second: &Sample, limit: Option<f64>) -> Option<f64> {
    let time = second.at.saturating_sub(first.at).as_secs_f64() * 1e9;
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
        assert!((in_use(100.0, 100.0) - 100.0).abs() < 0.1);
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
