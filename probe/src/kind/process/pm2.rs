//! An application of PM2, by `pm2 jlist`.

use super::Seen;
use crate::report::Fault;
use crate::{Around, program};
use anyhow::Result;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use toolkit::command::Command;
use toolkit::failure::Failure;

pub(super) fn look(name: &str, around: &Around<'_>) -> Result<Seen> {
    let home = around.config.var("PM2_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(around.config.var("HOME")?).join(".pm2")));
    // Asked where there is no daemon, `pm2` would start one.
    if !home.as_deref().is_some_and(has_daemon) {
        let home = home.unwrap_or_default();
        let message = format!("no daemon of PM2 runs for `{}`", home.display());
        return Err(Failure::new("pm2_down", message)
            .hint("`pm2 resurrect` starts it; run this as its user, or set PM2_HOME")
            .into());
    }
    let mut command = Command::new("pm2").arg("jlist");
    if let Some(home) = home {
        command = command.env("PM2_HOME", home);
    }
    let written = program::read(&command, around.deadline)?;
    Ok(read(name, &String::from_utf8_lossy(&written))?)
}

/// Whether the daemon whose number is in the folder runs.
fn has_daemon(home: &Path) -> bool {
    let pid = fs::read_to_string(home.join("pm2.pid")).unwrap_or_default();
    let pid = pid.trim();
    !pid.is_empty() && Path::new("/proc").join(pid).exists()
}

fn read(name: &str, written: &str) -> Result<Seen, Failure> {
    // Notices, such as that it is out of date, stand before the list.
    let list = written.lines().rev().find(|line| line.starts_with('['));
    let list: Option<Vec<Value>> = list.and_then(|list| serde_json::from_str(list).ok());
    let list = list.ok_or_else(|| {
        Failure::new("pm2_unknown", "what `pm2 jlist` wrote cannot be read")
            .hint("call `pm2 jlist` by hand; `pm2 update` brings its daemon up to date")
    })?;
    let all: Vec<_> = list.iter().filter(|one| one["name"] == name).collect();
    if all.is_empty() {
        let observed = format!("PM2 knows no `{name}`");
        let missing = Fault::fail("process_missing", observed, "it is online");
        return Ok(Seen {
            shown: "none".to_owned(),
            faults: vec![missing.hint("`pm2 list` shows what there is")],
            ..Seen::default()
        });
    }
    let status = |one: &Value| {
        one["pm2_env"]["status"]
            .as_str()
            .unwrap_or("unknown")
            .to_owned()
    };
    let number = |value: &Value| value.as_f64().unwrap_or_default();
    let online = all.iter().filter(|one| status(one) == "online").count();
    let restarts = |one: &&Value| number(&one["pm2_env"]["restart_time"]);
    #[allow(clippy::cast_precision_loss)] // There are a handful.
    let running = online as f64;
    Ok(Seen {
        shown: format!("{online} of {} online", all.len()),
        faults: all
            .iter()
            .filter_map(|one| fault(name, one, &status(one)))
            .collect(),
        running,
        restarts: all.iter().map(restarts).reduce(f64::max),
        memory: Some(all.iter().map(|one| number(&one["monit"]["memory"])).sum()),
    })
}

/// What is wrong with one instance.
fn fault(name: &str, one: &Value, status: &str) -> Option<Fault> {
    let id = &one["pm_id"];
    let hint = format!("`pm2 logs {id} --lines 50` shows its last words");
    let observed = format!("instance {id} is {status}");
    let fail = |reason| Some(Fault::fail(reason, observed.clone(), "online").hint(&hint));
    let unstable = one["pm2_env"]["unstable_restarts"]
        .as_u64()
        .unwrap_or_default();
    match status {
        "online" if unstable > 0 => {
            let observed = format!("instance {id} has crashed {unstable} times in a row");
            Some(Fault::warn("process_restarting", observed, "it stays up").hint(hint))
        }
        "online" => None,
        "launching" => Some(Fault::warn("process_starting", observed, "online").hint(hint)),
        "waiting restart" => fail("process_restarting"),
        "errored" => fail("process_failed"),
        _ => Some(
            Fault::fail("process_stopped", observed, "online")
                .hint(format!("`pm2 start {name}` starts it")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_before_the_list_are_passed_over() {
        let list = r#"[{"name":"api","pm_id":0,"pm2_env":{"status":"launching"}}]"#;
        let notice = format!(">>>> In-memory PM2 is out-of-date, do:\n>>>> $ pm2 update\n{list}\n");
        let seen = read("api", &notice).unwrap();
        assert_eq!(seen.faults[0].reason, "process_starting");
        assert_eq!(
            read("web", list).unwrap().faults[0].reason,
            "process_missing"
        );
        for wrong in ["", "[", "nothing"] {
            assert_eq!(read("api", wrong).unwrap_err().reason, "pm2_unknown");
        }
    }
}
