//! Whether a container is as it should be, from what was seen of it.

use super::Container;
use super::state::State;
use super::usage::Usage;
use crate::Limits;
use crate::report::{Fault, Level};
use chrono::{DateTime, Utc};

/// A start counts as one that held after this many seconds: Docker's own
/// measure for its restart policies.
const HELD: i64 = 10;
/// For so many seconds a restart is still news.
const NEWS: i64 = 300;

/// What is wrong with a container at `now`. `is_awaited` says that another
/// service waits for this one to end.
pub(super) fn of(
    state: &State,
    wanted: &Container,
    is_awaited: bool,
    now: DateTime<Utc>,
) -> Vec<Fault> {
    match state.status.as_str() {
        "running" => running(state, wanted, is_awaited, now),
        "exited" => exited(state, wanted, is_awaited).into_iter().collect(),
        other => vec![standing(state, other)],
    }
}

/// Whether it was made to do its work and end.
fn is_once(state: &State, wanted: &Container, is_awaited: bool) -> bool {
    let may_end = matches!(state.policy.as_str(), "no" | "on-failure");
    let by_itself = state.policy == "on-failure" || !state.serves;
    wanted.once.unwrap_or(is_awaited || (may_end && by_itself))
}

fn exited(state: &State, wanted: &Container, is_awaited: bool) -> Option<Fault> {
    let name = &state.name;
    if state.is_oom {
        return Some(
            Fault::fail(
                "container_oom",
                format!(
                    "the kernel ended it for want of memory (exit {})",
                    state.exit
                ),
                "it runs",
            )
            .hint("give it more memory: `mem_limit` or `deploy.resources.limits.memory`"),
        );
    }
    if !state.error.is_empty() {
        return Some(not_started(state));
    }
    if state.exit != 0 {
        let observed = format!("ended with exit status {}", state.exit);
        let expected = if is_once(state, wanted, is_awaited) {
            "it ends with 0"
        } else {
            "it runs"
        };
        return Some(
            Fault::fail("container_failed", observed, expected).hint(format!(
                "`docker logs --tail 50 {name}` shows its last words"
            )),
        );
    }
    if is_once(state, wanted, is_awaited) {
        return None;
    }
    Some(
        Fault::fail("container_stopped", "stopped", "it runs").hint(format!(
            "`docker start {name}` starts it; `once = true` says that it is meant to end"
        )),
    )
}

/// One that neither runs nor has ended.
fn standing(state: &State, status: &str) -> Fault {
    let name = &state.name;
    match status {
        "created" => not_started(state),
        "paused" => Fault::fail("container_paused", "paused", "it runs")
            .hint(format!("`docker unpause {name}`")),
        "restarting" => Fault::fail(
            "container_restarting",
            format!(
                "restarting, {} times by now: it ended with exit status {}",
                state.restarts, state.exit
            ),
            "it runs",
        )
        .hint(format!(
            "`docker logs --tail 50 {name}` shows its last words"
        )),
        other => Fault::fail("container_dead", other, "it runs").hint(format!(
            "remove it with `docker rm -f {name}`, and start it anew"
        )),
    }
}

fn not_started(state: &State) -> Fault {
    let why = match state.error.as_str() {
        "" => String::new(),
        error => format!(": {error}"),
    };
    Fault::fail(
        "container_not_started",
        format!("never started{why}"),
        "it runs",
    )
    .hint(format!("`docker start {}` says why", state.name))
}

fn running(state: &State, wanted: &Container, is_awaited: bool, now: DateTime<Utc>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if wanted.once.unwrap_or(is_awaited) {
        faults.push(Fault::warn(
            "container_not_ended",
            "still at work",
            "it has ended",
        ));
    }
    match &state.health {
        Some(health) if health.status == "unhealthy" => {
            let why = match health.last.as_str() {
                "" => "its health check fails, and says nothing",
                said => said,
            };
            let fault = Fault::fail(
                "container_unhealthy",
                format!("unhealthy: {why}"),
                "healthy",
            );
            faults.push(fault.hint(format!(
                "`docker logs --tail 50 {}` shows its last words",
                state.name
            )));
        }
        Some(health) if health.status == "starting" => {
            let fault = Fault::warn("container_starting", "not healthy yet", "healthy");
            faults.push(fault.hint("wait for its health check"));
        }
        _ => {}
    }
    faults.extend(restarts(state, wanted, now));
    if state.is_oom {
        let observed = "the kernel ended a process of it for want of memory";
        let fault = Fault::warn("container_oom", observed, "enough memory");
        faults.push(
            fault.hint("give it more memory: `mem_limit` or `deploy.resources.limits.memory`"),
        );
    }
    faults
}

fn restarts(state: &State, wanted: &Container, now: DateTime<Utc>) -> Option<Fault> {
    let count = state.restarts;
    let logs = format!(
        "`docker logs --tail 50 {}` shows its last words",
        state.name
    );
    if let Some((level, limit)) = wanted.restarts.above(f64::from(count)) {
        return Some(
            Fault::new(
                level,
                "container_restarts",
                format!("restarted {count} times"),
                format!("fewer than {limit}"),
            )
            .hint(logs),
        );
    }
    let age = state
        .started
        .map(|started| now.signed_duration_since(started).num_seconds().max(0))?;
    let level = match age {
        0..HELD => Level::Fail,
        HELD..NEWS => Level::Warn,
        _ => return None,
    };
    (count > 0).then(|| {
        Fault::new(
            level,
            "container_restarting",
            format!("restarted {count} times, the last time {age} s ago"),
            "it stays up",
        )
        .hint(logs)
    })
}

/// What is wrong with what it uses.
pub(super) fn usage(state: &State, usage: Option<&Usage>, wanted: &Container) -> Vec<Fault> {
    if !state.is_running() {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let memory = usage.and_then(|usage| usage.memory_percent);
    let limits = wanted.memory();
    faults.extend(
        memory.and_then(|memory| above(limits, memory, "container_memory", "of its memory limit")),
    );
    let cpu = usage.and_then(|usage| usage.cpu_percent);
    faults.extend(cpu.and_then(|cpu| above(wanted.cpu, cpu, "container_cpu", "of its processors")));
    // What was asked for by name, and cannot be seen, has not been found good.
    let unseen = |what: &str, remedy: &str| {
        let observed = format!("its use of {what} cannot be measured");
        Fault::fail("container_unmeasured", observed, "a measure of it").hint(remedy)
    };
    if wanted.memory.is_some() && memory.is_none() {
        faults.push(match (usage, state.memory_limit) {
            (Some(_), None) => Fault::fail(
                "container_no_limit",
                "it has no memory limit",
                "a limit that its use can be compared with",
            )
            .hint("set `mem_limit` or `deploy.resources.limits.memory`"),
            _ => unseen(
                "memory",
                "look at `docker info`: the engine needs the memory cgroup",
            ),
        });
    }
    if !wanted.cpu.is_none() && cpu.is_none() {
        faults.push(unseen(
            "processors",
            "look at `docker info`: the engine needs the cpu cgroup",
        ));
    }
    faults
}

fn above(limits: Limits, value: f64, reason: &'static str, of: &str) -> Option<Fault> {
    let (level, limit) = limits.above(value)?;
    let (observed, expected) = (format!("{value:.0} % {of}"), format!("less than {limit} %"));
    Some(Fault::new(level, reason, observed, expected))
}

#[cfg(test)]
mod tests;
