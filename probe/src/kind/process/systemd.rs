//! A unit of systemd, by `systemctl show`: `NAME=value` lines, stable by
//! promise (<https://systemd.io/PORTABILITY_AND_STABILITY/>).

use super::Seen;
use crate::report::Fault;
use crate::{Deadline, program};
use anyhow::Result;
use std::collections::BTreeMap;
use toolkit::command::Command;
use toolkit::failure::Failure;

const PROPERTIES: &str = "LoadState,ActiveState,SubState,Type,Result,NRestarts,MainPID,\
    MemoryCurrent,ExecMainStatus,ExecMainStartTimestampMonotonic";

pub(super) fn look(unit: &str, deadline: Deadline) -> Result<Seen> {
    let written = program::read(&show(unit), deadline).map_err(|error| {
        let failure = Failure::of(&error);
        match failure.reason {
            "command_failed" => unknown(failure.message).into(),
            _ => error,
        }
    })?;
    Ok(read(unit, &String::from_utf8_lossy(&written))?)
}

fn show(unit: &str) -> Command {
    Command::new("systemctl")
        .args(["show", "--no-pager"])
        .arg(format!("--property={PROPERTIES}"))
        .args(["--", unit])
}

fn read(unit: &str, written: &str) -> Result<Seen, Failure> {
    let lines = written.lines().filter_map(|line| line.split_once('='));
    let fields: BTreeMap<_, _> = lines.collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    let number = |name: &str| field(name).parse::<f64>().ok();
    let (active, sub) = (field("ActiveState"), field("SubState"));
    if active.is_empty() {
        return Err(unknown(format!(
            "`systemctl show` says nothing of `{unit}`"
        )));
    }
    let shown = format!("{active} ({sub})");
    let hint = format!("`journalctl -u {unit} -n 50` shows its last words");
    let fault = |reason, observed: String| Fault::fail(reason, observed, "active").hint(&hint);
    // It did its work, and nothing is left to run.
    let is_done = field("Type") == "oneshot"
        && field("Result") == "success"
        && number("ExecMainStartTimestampMonotonic").is_some_and(|at| at > 0.0);
    let faults = match (field("LoadState"), active, sub) {
        ("not-found", ..) => {
            let observed = format!("there is no unit `{unit}`");
            let missing = Fault::fail("process_missing", observed, "active");
            vec![missing.hint("`systemctl list-unit-files` shows what there is")]
        }
        ("masked", ..) => vec![fault("process_stopped", "masked".to_owned())],
        (_, "active" | "reloading" | "refreshing", _) => Vec::new(),
        (_, "inactive", _) if is_done => Vec::new(),
        (_, "activating", "auto-restart") => {
            vec![fault(
                "process_restarting",
                format!("{shown}, {}", why(&fields)),
            )]
        }
        (_, "activating" | "deactivating", _) => {
            let changing = Fault::warn("process_starting", shown.as_str(), "active");
            vec![changing.hint(&hint)]
        }
        (_, "failed", _) => vec![fault(
            "process_failed",
            format!("{shown}, {}", why(&fields)),
        )],
        // Systemd forgets what it ran for nobody.
        (_, "inactive", _) if field("Type") == "oneshot" => {
            let stopped = Fault::fail("process_stopped", shown.as_str(), "done, or active");
            vec![stopped.hint(
                "start it; that it was done is only known of a unit that another wants, or a timer starts",
            )]
        }
        _ => vec![fault("process_stopped", shown.clone())],
    };
    // What is not counted is the largest number there is, or `[not set]`.
    let memory = number("MemoryCurrent").filter(|bytes| *bytes < 1e18);
    Ok(Seen {
        shown,
        faults,
        running: number("MainPID").map_or(0.0, |pid| if pid > 0.0 { 1.0 } else { 0.0 }),
        restarts: number("NRestarts"),
        memory,
    })
}

fn unknown(message: String) -> Failure {
    Failure::new("systemd_unknown", message).hint("check that this machine was started by systemd")
}

fn why(fields: &BTreeMap<&str, &str>) -> String {
    let field = |name| fields.get(name).copied().unwrap_or_default();
    match field("Result") {
        "exit-code" => format!("exit status {}", field("ExecMainStatus")),
        other => format!("result `{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As systemd 252 writes them.
    const NGINX: &str = "Type=forking\nNRestarts=0\nMainPID=812\nExecMainStartTimestampMonotonic=9107391\nExecMainStatus=0\nMemoryCurrent=7618560\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n";

    fn reasons(changes: &[(&str, &str)]) -> Vec<&'static str> {
        let mut text = NGINX.to_owned();
        for (name, value) in changes {
            let line = text
                .lines()
                .find(|line| line.starts_with(&format!("{name}=")));
            let line = line.unwrap().to_owned();
            text = text.replace(&line, &format!("{name}={value}"));
        }
        let seen = read("nginx.service", &text).unwrap();
        seen.faults.iter().map(|fault| fault.reason).collect()
    }

    #[test]
    fn each_state_is_told_as_what_it_is() {
        assert_eq!(reasons(&[]), [] as [&str; 0]);
        let failed = [
            ("ActiveState", "failed"),
            ("SubState", "failed"),
            ("Result", "exit-code"),
        ];
        assert_eq!(reasons(&failed), ["process_failed"]);
        let dead = [("ActiveState", "inactive"), ("SubState", "dead")];
        assert_eq!(reasons(&dead), ["process_stopped"]);
        let done = [dead[0], dead[1], ("Type", "oneshot")];
        assert_eq!(reasons(&done), [] as [&str; 0]);
        let never = [
            done[0],
            done[1],
            done[2],
            ("ExecMainStartTimestampMonotonic", "0"),
        ];
        assert_eq!(reasons(&never), ["process_stopped"]);
        let again = [("ActiveState", "activating"), ("SubState", "auto-restart")];
        assert_eq!(reasons(&again), ["process_restarting"]);
        let starting = [("ActiveState", "activating"), ("SubState", "start-pre")];
        assert_eq!(reasons(&starting), ["process_starting"]);
        let absent = [dead[0], dead[1], ("LoadState", "not-found")];
        assert_eq!(reasons(&absent), ["process_missing"]);
    }

    #[test]
    fn numbers_are_read_where_there_are_any() {
        let seen = read("nginx.service", NGINX).unwrap();
        assert_eq!((seen.restarts, seen.memory), (Some(0.0), Some(7_618_560.0)));
        let unset = NGINX.replace("7618560", "[not set]");
        assert_eq!(read("nginx.service", &unset).unwrap().memory, None);
        let endless = NGINX.replace("7618560", "18446744073709551615");
        assert_eq!(read("nginx.service", &endless).unwrap().memory, None);
        assert_eq!(read("a", "").unwrap_err().reason, "systemd_unknown");
    }

    #[test]
    fn a_unit_is_never_taken_for_an_option() {
        assert_eq!(
            show("--help").argv()[4..],
            ["--".to_owned(), "--help".to_owned()]
        );
    }
}
