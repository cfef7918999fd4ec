//! A container as the engine describes it. Fields are null or absent by state
//! and version, so each is looked up by itself.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// What a check judges of a container.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct State {
    pub(super) id: String,
    pub(super) name: String,
    /// Its first process, as the engine's machine numbers them; 0 without one.
    pub(super) pid: u32,
    /// Its image as it was asked for: `shop-api:1.4`.
    pub(super) image: String,
    /// The id of the image that it was made from.
    pub(super) image_id: String,
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or
    /// `dead`.
    pub(super) status: String,
    pub(super) health: Option<Health>,
    pub(super) exit: i64,
    /// Why it could not be started.
    pub(super) error: String,
    /// Whether the kernel ended a process of it for want of memory.
    pub(super) is_oom: bool,
    /// How often its restart policy has started it anew.
    pub(super) restarts: u32,
    pub(super) started: Option<DateTime<Utc>>,
    pub(super) finished: Option<DateTime<Utc>>,
    /// `no`, `on-failure`, `always` or `unless-stopped`.
    pub(super) policy: String,
    /// Whether it is made to be connected to: it listens on a port or has a
    /// health check.
    pub(super) serves: bool,
    /// The most memory that it may use, in bytes, where there is a limit.
    pub(super) memory_limit: Option<f64>,
    /// How many processors it may use, where there is a limit.
    pub(super) cpu_limit: Option<f64>,
    /// Its ports as `docker ps` writes them: `127.0.0.1:3001->4000/tcp` where one
    /// is published, else `4000/tcp`.
    pub(super) ports: Vec<String>,
}

/// What its health check says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Health {
    /// `starting`, `healthy` or `unhealthy`.
    pub(super) status: String,
    /// What the last look that failed wrote.
    pub(super) last: String,
}

impl State {
    /// Reads what `/containers/ID/json` answers.
    pub(super) fn read(of: &Value) -> Self {
        let (state, config, host) = (&of["State"], &of["Config"], &of["HostConfig"]);
        let has = |map: &Value| map.as_object().is_some_and(|map| !map.is_empty());
        let ports = has(&config["ExposedPorts"]) || has(&host["PortBindings"]);
        let health = health(&state["Health"]);
        Self {
            id: text(&of["Id"]),
            pid: count(&state["Pid"]),
            name: text(&of["Name"]).trim_start_matches('/').to_owned(),
            image: text(&config["Image"]),
            image_id: text(&of["Image"]),
            status: text(&state["Status"]),
            exit: state["ExitCode"].as_i64().unwrap_or_default(),
            error: text(&state["Error"]),
            is_oom: state["OOMKilled"] == true,
            restarts: count(&of["RestartCount"]),
            started: time(&state["StartedAt"]),
            finished: time(&state["FinishedAt"]),
            policy: match host["RestartPolicy"]["Name"].as_str() {
                None | Some("") => "no".to_owned(),
                Some(name) => name.to_owned(),
            },
            serves: ports || health.is_some(),
            health,
            memory_limit: number(&host["Memory"]),
            cpu_limit: cpu_limit(host),
            ports: published(&of["NetworkSettings"]["Ports"]),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        self.status == "running"
    }
}

fn health(of: &Value) -> Option<Health> {
    let status = of["Status"].as_str().filter(|status| *status != "none")?;
    // A good look may have come since, too few of them to count.
    let mut looks = of["Log"].as_array().into_iter().flatten();
    let last = looks.rfind(|look| look["ExitCode"] != 0);
    let said = last.map(|last| text(&last["Output"])).unwrap_or_default();
    // The last of its lines says why; 4096 bytes of them are kept.
    let line = said.lines().rfind(|line| !line.trim().is_empty());
    Some(Health {
        status: status.to_owned(),
        last: line.unwrap_or_default().trim().to_owned(),
    })
}

fn published(ports: &Value) -> Vec<String> {
    let mut shown = Vec::new();
    for (inside, outside) in ports.as_object().into_iter().flatten() {
        let ends = outside.as_array().map(Vec::as_slice).unwrap_or_default();
        if ends.is_empty() {
            shown.push(inside.clone());
        }
        for end in ends {
            let (address, port) = (text(&end["HostIp"]), text(&end["HostPort"]));
            let address = if address.contains(':') {
                format!("[{address}]")
            } else {
                address
            };
            shown.push(format!("{address}:{port}->{inside}"));
        }
    }
    shown
}

fn cpu_limit(host: &Value) -> Option<f64> {
    if let Some(nano) = number(&host["NanoCpus"]) {
        return Some(nano / 1e9);
    }
    // Without a period it is a tenth of a second.
    let period = number(&host["CpuPeriod"]).unwrap_or(100_000.0);
    number(&host["CpuQuota"]).map(|quota| quota / period)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| *number > 0.0)
}

fn count(value: &Value) -> u32 {
    let count = value.as_u64().map(u32::try_from);
    count.and_then(Result::ok).unwrap_or_default()
}

/// A moment; year one is the engine's word for never.
fn time(value: &Value) -> Option<DateTime<Utc>> {
    let at: DateTime<Utc> = value.as_str()?.parse().ok()?;
    (at.timestamp() > 0).then_some(at)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_20_10_answers() {
        let state = State::read(&json!({
            "Id": "db6d", "Name": "/shop-api-1", "Image": "sha256:0a", "RestartCount": 3,
            "State": {
                "Status": "running", "Pid": 4711, "OOMKilled": false, "ExitCode": 0, "Error": "",
                "StartedAt": "2026-11-20T10:35:26.542591388Z", "FinishedAt": "0001-01-01T00:00:00Z",
                "Health": {"Status": "unhealthy", "FailingStreak": 4, "Log": [
                    {"ExitCode": 1, "Output": "old"},
                    {"ExitCode": 1, "Output": "curl: (7)\n\nno answer \n"},
                    {"ExitCode": 0, "Output": "fine"},
                ]},
            },
            "Config": {"Image": "shop-api:1", "ExposedPorts": {"3000/tcp": {}}},
            "HostConfig": {
                "Memory": 104_857_600, "NanoCpus": 0, "CpuQuota": 50_000,
                "RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}, "PortBindings": {},
            },
            "NetworkSettings": {"Ports": {"9229/tcp": null, "3000/tcp": [
                {"HostIp": "127.0.0.1", "HostPort": "3001"}, {"HostIp": "::", "HostPort": "3001"},
            ]}},
        }));
        assert_eq!((state.id.as_str(), state.pid), ("db6d", 4711));
        assert_eq!(state.name, "shop-api-1");
        assert_eq!((state.restarts, state.policy.as_str()), (3, "always"));
        assert_eq!(state.health.unwrap().last, "no answer");
        assert_eq!(state.memory_limit, Some(104_857_600.0));
        assert_eq!(state.cpu_limit, Some(0.5));
        let ports = [
            "9229/tcp",
            "127.0.0.1:3001->3000/tcp",
            "[::]:3001->3000/tcp",
        ];
        assert_eq!(state.ports, ports);
        assert!(state.started.is_some() && state.finished.is_none());
        assert!(state.serves);
    }

    #[test]
    fn nothing_is_no_panic() {
        for odd in [json!(null), json!([]), json!({"State": 7, "Config": []})] {
            assert_eq!(State::read(&odd).policy, "no");
        }
    }
}
