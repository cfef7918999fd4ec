//! `--wait`, and how a run is interrupted.

use crate::{Full, Nobody, Server, check, healthcheck, place, text};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use toolkit::testing::{Place, Seen, until};

/// Starts it, and says what it waits for as soon as it says so.
fn start(place: &Place, args: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = healthcheck(place, args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

fn line(stderr: &mut impl BufRead) -> String {
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    line
}

fn terminate(child: &Child) {
    let pid = i32::try_from(child.id()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
}

#[test]
fn what_comes_up_late_is_waited_for() {
    let (web, nobody) = (Server::new(), Nobody::new());
    let late = nobody.address();
    let place = place(&[
        check("web", &web.address(), ""),
        check("db", &late, ""),
        check("page", &web.address(), "depends_on = [\"db\"]"),
    ]);
    let (child, mut stderr) = start(&place, &["--wait", "60s"]);
    assert_eq!(
        line(&mut stderr),
        "healthcheck: waiting for `db` (tcp_refused)\n"
    );
    nobody.listen();
    let seen = Seen::of(&child.wait_with_output().unwrap()).succeeded();
    assert_eq!(seen.data()["ok"], 3);
    assert!(seen.last()["ms"].as_u64().unwrap() < 30_000);
    assert_eq!(line(&mut stderr), "", "it is said once");
    assert_eq!(place.history().lines().count(), 1);
}

#[test]
fn each_change_of_what_is_waited_for_is_said_once() {
    let (first, second) = (Nobody::new(), Nobody::new());
    let place = place(&[
        check("db", &first.address(), ""),
        check("mail", &second.address(), ""),
    ]);
    let (child, mut stderr) = start(&place, &["--wait", "60s"]);
    let both = "healthcheck: waiting for `db` (tcp_refused), `mail` (tcp_refused)\n";
    assert_eq!(line(&mut stderr), both);
    first.listen();
    assert_eq!(
        line(&mut stderr),
        "healthcheck: waiting for `mail` (tcp_refused)\n"
    );
    second.listen();
    assert_eq!(line(&mut stderr), "");
    let seen = Seen::of(&child.wait_with_output().unwrap()).succeeded();
    assert!(
        seen.last()["ms"].as_u64().unwrap() < 30_000,
        "it looks often"
    );
}

#[test]
fn in_vain_it_ends_with_what_it_found_last() {
    let nobody = Nobody::new();
    let place = place(&[check("db", &nobody.address(), "")]);
    let begun = Instant::now();
    let seen = Seen::run(&mut healthcheck(&place, &["--wait", "700ms"]));
    assert_eq!((seen.code, seen.reason()), (Some(1), "checks_failed"));
    assert!(begun.elapsed() >= Duration::from_millis(700));
    assert!(
        seen.stderr
            .starts_with("healthcheck: waiting for `db` (tcp_refused)\n")
    );
    assert_eq!(seen.stderr.matches("waiting").count(), 1);
}

#[test]
fn a_warning_is_not_waited_for() {
    let server = Server::new();
    let place = place(&[check("web", &server.address(), "seconds = { warn = 0 }")]);
    let seen = Seen::run(&mut healthcheck(&place, &["--wait", "1h"])).succeeded();
    assert_eq!(seen.reason(), "checks_warn");
}

#[test]
fn a_signal_ends_a_wait_at_once() {
    let nobody = Nobody::new();
    let place = place(&[check("db", &nobody.address(), "")]);
    let (child, mut stderr) = start(&place, &["--wait", "2m"]);
    line(&mut stderr);
    let begun = Instant::now();
    terminate(&child);
    let seen = Seen::of(&child.wait_with_output().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(20), "it ends at once");
    assert_eq!((seen.code, seen.reason()), (Some(143), "interrupted"));
}

/// Whether one of its threads has the name.
fn has_thread(child: &Child, name: &str) -> bool {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).unwrap();
    let mut names =
        tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.any(|comm| comm.trim() == name)
}

#[test]
fn a_signal_ends_a_check_that_hangs_and_is_no_pass_to_anybody() {
    let full = Full::new();
    let place = place(&[check("db", &full.address(), "timeout = \"60s\"")]);
    for (format, said) in [
        ("nagios", "HEALTHCHECK UNKNOWN: interrupted by SIGTERM\n"),
        ("tap", "TAP version 14\nBail out! interrupted by SIGTERM\n"),
        (
            "junit",
            "<error message=\"interrupted by SIGTERM\" type=\"interrupted\">",
        ),
        ("health+json", "\"status\": \"fail\""),
        (
            "prometheus",
            "sextant_healthcheck_status{checks=\"all\",project=\"shop\"} 2\n",
        ),
        ("json", "\"reason\": \"interrupted\""),
    ] {
        let (child, _stderr) = start(&place, &["--format", format, "--exit", "nagios"]);
        until("the check hangs", || has_thread(&child, "tcp"));
        let begun = Instant::now();
        terminate(&child);
        let output = child.wait_with_output().unwrap();
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it was left behind"
        );
        assert_eq!(output.status.code(), Some(3), "{format}");
        assert!(
            text(&output.stdout).contains(said),
            "{format}: {}",
            text(&output.stdout)
        );
    }
}
