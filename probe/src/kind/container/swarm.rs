//! A service of Docker Swarm, as Dokploy and `docker stack deploy` make them.

use super::find::encoded;
use crate::docker::Engine;
use crate::report::Fault;
use crate::{Deadline, Measure, Report, Unit};
use anyhow::Result;
use serde_json::{Value, json};
use toolkit::failure::Failure;

/// What the manager says of a service.
#[derive(Debug, Clone, Default, PartialEq)]
struct Service {
    running: u64,
    desired: u64,
    completed: u64,
    /// Whether its replicas are meant to end.
    is_job: bool,
    /// The state of its last update: `completed`, `updating`, `paused`,
    /// `rollback_completed`…
    update: String,
    image: String,
}

/// Looks at the service called `name`.
///
/// # Errors
/// `swarm_unknown`; `docker_refused` where this is no manager.
pub(super) fn look(
    name: &str,
    least: Option<u32>,
    engine: &Engine,
    deadline: Deadline,
) -> Result<Report> {
    let filters = encoded(&json!({ "name": [name] }).to_string());
    let path = format!("/services?status=true&filters={filters}");
    let listed = engine.get(&path, deadline).map_err(|error| {
        let failure = Failure::of(&error);
        match failure.reason {
            "docker_refused" => failure.hint("run it on a manager of the Swarm").into(),
            _ => error,
        }
    });
    let listed = listed?.unwrap_or_default();
    // The filter takes whatever begins like that.
    let mut all = listed.as_array().into_iter().flatten();
    let Some(service) = all.find(|one| one["Spec"]["Name"] == name) else {
        let failure = Failure::new("swarm_unknown", format!("no Swarm service `{name}`"));
        return Err(failure
            .hint("`docker service ls` shows what there is")
            .into());
    };
    let service = read(service);
    let filters = encoded(&json!({ "service": [name] }).to_string());
    let tasks = engine.get(&format!("/tasks?filters={filters}"), deadline)?;
    let trouble = tasks.as_ref().and_then(trouble);
    Ok(judge(name, &service, least, trouble.as_deref()))
}

fn read(of: &Value) -> Service {
    let status = &of["ServiceStatus"];
    let number = |name: &str| status[name].as_u64().unwrap_or_default();
    let (spec, text) = (&of["Spec"], |value: &Value| {
        value.as_str().unwrap_or_default().to_owned()
    });
    let mode = &spec["Mode"];
    Service {
        running: number("RunningTasks"),
        desired: number("DesiredTasks"),
        completed: number("CompletedTasks"),
        is_job: mode["ReplicatedJob"].is_object() || mode["GlobalJob"].is_object(),
        update: text(&of["UpdateStatus"]["State"]),
        image: text(&spec["TaskTemplate"]["ContainerSpec"]["Image"]),
    }
}

/// Why the replica that failed last did.
fn trouble(tasks: &Value) -> Option<String> {
    let tasks = tasks.as_array()?.iter().map(|task| &task["Status"]);
    let failed = tasks.filter(|status| status["Err"].as_str().is_some_and(|why| !why.is_empty()));
    // Moments of one form sort as text.
    let last = failed.max_by_key(|status| status["Timestamp"].as_str().unwrap_or_default())?;
    Some(last["Err"].as_str()?.trim().to_owned())
}

fn judge(name: &str, service: &Service, least: Option<u32>, trouble: Option<&str>) -> Report {
    let Service {
        running, desired, ..
    } = *service;
    let mut report = Report::new(format!("{running} of {desired} replicas running"));
    let done = running + if service.is_job { service.completed } else { 0 };
    let wanted = desired.max(least.map_or(1, u64::from));
    if done < wanted {
        let why = trouble.map_or_else(String::new, |why| format!(": {why}"));
        let observed = format!("{running} of {wanted} replicas running{why}");
        let fault = Fault::fail("swarm_replicas", observed, format!("{wanted}"));
        report.fault(fault.hint(format!(
            "`docker service ps --no-trunc {name}` shows each of them"
        )));
    }
    let hint = format!("`docker service inspect --pretty {name}` shows it");
    match service.update.as_str() {
        state @ ("paused" | "rollback_paused") => report.fault(
            Fault::fail("swarm_update", format!("update {state}"), "it went through").hint(hint),
        ),
        "rollback_completed" => report
            .fault(Fault::warn("swarm_update", "update rolled back", "it went through").hint(hint)),
        state @ ("updating" | "rollback_started") => report.fault(
            Fault::warn(
                "swarm_updating",
                format!("update: {state}"),
                "it went through",
            )
            .hint(hint),
        ),
        _ => {}
    }
    #[allow(clippy::cast_precision_loss)] // Nobody runs that many.
    report.measure(Measure::new("running", running as f64, Unit::Count).max(desired as f64));
    report.fact("image", service.image.as_str());
    report.fact("update", service.update.as_str());
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reasons(service: &Service, least: Option<u32>) -> Vec<&'static str> {
        let report = judge("shop_api", service, least, Some("no such image"));
        report.faults.iter().map(|fault| fault.reason).collect()
    }

    fn of(running: u64, desired: u64, update: &str) -> Service {
        Service {
            running,
            desired,
            update: update.into(),
            ..Service::default()
        }
    }

    #[test]
    fn each_replica_that_is_missing_is_told() {
        assert_eq!(reasons(&of(2, 2, "completed"), None), [] as [&str; 0]);
        assert_eq!(reasons(&of(1, 2, ""), None), ["swarm_replicas"]);
        assert_eq!(reasons(&of(2, 2, ""), Some(3)), ["swarm_replicas"]);
        assert_eq!(reasons(&of(0, 0, ""), None), ["swarm_replicas"]);
        assert_eq!(reasons(&of(2, 2, "paused"), None), ["swarm_update"]);
        assert_eq!(reasons(&of(2, 2, "updating"), None), ["swarm_updating"]);
        let job = Service {
            is_job: true,
            completed: 1,
            ..of(0, 1, "")
        };
        assert_eq!(reasons(&job, None), [] as [&str; 0]);
    }

    #[test]
    fn the_last_trouble_is_told() {
        let tasks = json!([
            {"Status": {"Timestamp": "2026-11-20T10:00:02Z", "State": "rejected", "Err": "new"}},
            {"Status": {"Timestamp": "2026-11-20T10:00:01Z", "State": "failed", "Err": "old"}},
            {"Status": {"Timestamp": "2026-11-20T10:00:03Z", "State": "running"}},
        ]);
        assert_eq!(trouble(&tasks).as_deref(), Some("new"));
        assert_eq!(trouble(&json!(null)), None);
    }
}
