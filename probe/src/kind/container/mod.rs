//! `container`: whether containers run, and hold.

mod cgroup;
mod find;
mod judge;
mod state;
mod swarm;
mod usage;

use super::{Probe, Written};
use crate::docker::Engine;
use crate::report::Fault;
use crate::{Around, Limits, Measure, Report, Unit};
use anyhow::Result;
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;
use state::State;
use std::time::Duration;
use usage::Usage;

/// How much of its memory a container may use where nothing else is said.
const MEMORY: (f64, f64) = (80.0, 95.0);

/// The containers of a Compose service, one container, or a Swarm service.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Container {
    /// A service of the application's Compose stack: all its replicas.
    pub service: Option<String>,
    /// The name or id of one container.
    pub container: Option<String>,
    /// A service of Docker Swarm: `stack_api`.
    pub swarm: Option<String>,
    /// How many replicas must run at least.
    pub replicas: Option<u32>,
    /// Whether it is meant to end, as a migration is. Otherwise that follows
    /// from its restart policy, and from whether it listens on a port, has a
    /// health check, or another service waits for its end.
    pub once: Option<bool>,
    /// How often its restart policy may have started it anew.
    pub restarts: Limits,
    /// How many hundredths of its memory limit it may use, as `docker stats`
    /// counts it.
    pub memory: Option<Limits>,
    /// How many hundredths of the processors that it may use, over a fifth of a
    /// second.
    pub cpu: Limits,
    /// `current`: it runs the image that its tag names now.
    pub image: Option<Image>,
}

/// What is expected of a container's image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Image {
    /// It is the one that its tag names now.
    Current,
}

impl Container {
    /// All replicas of a Compose service run, and hold.
    pub fn of_service(name: &str) -> Self {
        Self {
            service: Some(name.to_owned()),
            ..Self::default()
        }
    }

    fn memory(&self) -> Limits {
        self.memory.unwrap_or(Limits::new(MEMORY.0, MEMORY.1))
    }
}

impl Written for Container {
    fn mistake(&self) -> Option<(&'static str, String)> {
        let named = [&self.service, &self.container, &self.swarm];
        let second = match named.map(Option::is_some) {
            [false, false, false] => {
                let message = "it names no container: `service`, `container` or `swarm`";
                return Some(("kind", message.to_owned()));
            }
            [true, true, _] => Some("container"),
            [true, _, true] | [_, true, true] => Some("swarm"),
            _ => None,
        };
        if let Some(key) = second {
            let message = "one of `service`, `container` and `swarm` is enough";
            return Some((key, message.to_owned()));
        }
        let of_one = [
            ("once", self.once.is_some()),
            ("restarts", !self.restarts.is_none()),
            ("memory", self.memory.is_some()),
            ("cpu", !self.cpu.is_none()),
            ("image", self.image.is_some()),
        ];
        let of_one = of_one.into_iter().find(|(_, is_given)| *is_given);
        if let (Some((key, _)), Some(_)) = (of_one, &self.swarm) {
            let message = format!("`{key}` is not known of a Swarm service, only `replicas`");
            return Some((key, message));
        }
        if self.container.is_some() && self.replicas.is_some() {
            let message = "one container has no replicas; name its `service`";
            return Some(("replicas", message.to_owned()));
        }
        None
    }
}

impl Probe for Container {
    fn expects(&self) -> String {
        match (&self.service, &self.container, &self.swarm) {
            (Some(name), ..) => format!("service `{name}` runs and is healthy"),
            (_, Some(name), _) => format!("container `{name}` runs and is healthy"),
            (.., name) => {
                let name = name.as_deref().unwrap_or_default();
                format!("all replicas of `{name}` run")
            }
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let engine = Engine::find(around.deadline)?;
        if let Some(name) = &self.swarm {
            return swarm::look(name, self.replicas, &engine, around.deadline);
        }
        let found = find::of(self, &engine, around)?;
        let mut states = Vec::new();
        for id in &found.ids {
            // None where it has just been removed.
            let answer = engine.get(&format!("/containers/{id}/json"), around.deadline)?;
            states.extend(answer.as_ref().map(State::read));
        }
        if states.is_empty() {
            return Err(find::missing(self, around).into());
        }
        let used = usage::of(&states, &engine, !self.cpu.is_none(), around.deadline)?;
        let mut seen = Vec::new();
        for (state, usage) in states.into_iter().zip(used) {
            let mut faults = judge::of(&state, self, found.is_awaited, Utc::now());
            faults.extend(judge::usage(&state, usage.as_ref(), self));
            if self.image.is_some() {
                faults.extend(find::outdated(&state, &engine, around.deadline)?);
            }
            seen.push(Seen {
                state,
                usage,
                faults,
            });
        }
        Ok(self.report(&seen))
    }
}

/// One container, and what is wrong with it.
struct Seen {
    state: State,
    usage: Option<Usage>,
    faults: Vec<Fault>,
}

impl Container {
    fn report(&self, seen: &[Seen]) -> Report {
        let mut report = Report::new(shown(seen));
        for one in seen {
            for fault in &one.faults {
                let mut fault = fault.clone();
                if seen.len() > 1 {
                    fault.observed = format!("`{}`: {}", one.state.name, fault.observed);
                }
                report.fault(fault);
            }
        }
        let running = seen.iter().filter(|one| one.state.is_running()).count();
        if let Some(least) = self.replicas.filter(|least| running < *least as usize) {
            report.fault(Fault::fail(
                "container_replicas",
                format!("{running} running"),
                format!("at least {least}"),
            ));
        }
        self.measure(seen, &mut report);
        let containers: Vec<_> = seen.iter().map(facts).collect();
        report.fact("containers", containers);
        report
    }

    /// The worst of each number over all replicas.
    fn measure(&self, seen: &[Seen], report: &mut Report) {
        let worst = |of: &dyn Fn(&Seen) -> Option<f64>| seen.iter().filter_map(of).reduce(f64::max);
        let restarts = worst(&|one| Some(f64::from(one.state.restarts)));
        let memory = worst(&|one| one.usage.map(|usage| usage.memory));
        let memory_percent = worst(&|one| one.usage.and_then(|usage| usage.memory_percent));
        let cpu = worst(&|one| one.usage.and_then(|usage| usage.cpu_percent));
        for (name, value, unit, limits) in [
            ("restarts", restarts, Unit::Count, self.restarts),
            ("memory", memory, Unit::Bytes, Limits::default()),
            ("memory_used", memory_percent, Unit::Percent, self.memory()),
            ("cpu_used", cpu, Unit::Percent, self.cpu),
        ] {
            if let Some(value) = value {
                report.measure(Measure::new(name, value, unit).limits(limits));
            }
        }
    }
}

fn shown(seen: &[Seen]) -> String {
    let one = match seen {
        [one] => &one.state,
        many => {
            let running = many.iter().filter(|one| one.state.is_running()).count();
            return format!("{running} of {} containers running", many.len());
        }
    };
    let now = Utc::now();
    let ago = |at: Option<chrono::DateTime<Utc>>| {
        let seconds = at.map_or(0, |at| now.signed_duration_since(at).num_seconds().max(0));
        let seconds = u64::try_from(seconds).unwrap_or_default();
        humantime::format_duration(Duration::from_secs(seconds)).to_string()
    };
    match (one.status.as_str(), &one.health) {
        ("running", Some(health)) => format!("{}, up {}", health.status, ago(one.started)),
        ("running", None) => format!("running, up {}", ago(one.started)),
        ("exited", _) => format!("ended with {}, {} ago", one.exit, ago(one.finished)),
        (status, _) => status.to_owned(),
    }
}

fn facts(one: &Seen) -> serde_json::Value {
    let state = &one.state;
    json!({
        "name": state.name,
        "state": state.status,
        "health": state.health.as_ref().map(|health| &health.status),
        "restarts": state.restarts,
        "exit": (!state.is_running()).then_some(state.exit),
        "started": state.started,
        "image": state.image,
        "image_id": state.image_id,
        "ports": state.ports,
        "memory_limit": state.memory_limit,
        "memory": one.usage.map_or_else(
            || if state.is_running() { json!("not counted here") } else { json!(null) },
            |usage| json!(usage.memory),
        ),
    })
}
