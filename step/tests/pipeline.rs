//! Pipelines of real processes: what dies, what is stopped, and what the last
//! tool makes of it.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};
use toolkit::testing::{Place, until};

struct Pipeline {
    place: Place,
    tools: Vec<Child>,
    output: Option<ChildStdout>,
}

impl Pipeline {
    /// Starts `step NAME ARGS…` for each, stdout to stdin.
    fn start(steps: &[&[&str]]) -> Self {
        let place = Place::new();
        let mut output: Option<ChildStdout> = None;
        let mut tools = Vec::new();
        for args in steps {
            let stdin = output.take().map_or(Stdio::null(), Stdio::from);
            let mut tool = place
                .tool(env!("CARGO_BIN_EXE_step"))
                .args(*args)
                .stdin(stdin)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            output = tool.stdout.take();
            tools.push(tool);
        }
        Self {
            place,
            tools,
            output,
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.folder().join(name)
    }

    fn signal(&self, tool: usize, signal: Signal) {
        let pid = Pid::from_child(&self.tools[tool]);
        kill_process(pid, signal).unwrap();
    }

    /// The records that leave the pipeline, and the last tool's exit status.
    fn end(&mut self) -> (Vec<Value>, Option<i32>) {
        let mut text = String::new();
        self.output
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let status = self.tools.last_mut().unwrap().wait().unwrap();
        let records = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        (records, status.code())
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        for tool in &mut self.tools {
            let _ = tool.kill();
            let _ = tool.wait();
        }
        // The children of a tool that was killed outlive it.
        for pid in fs::read_to_string(self.file("pids"))
            .unwrap_or_default()
            .lines()
        {
            if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

fn is_dead(pidfile: &Path) -> bool {
    let pids = fs::read_to_string(pidfile).unwrap();
    pids.lines().all(|pid| {
        // A zombie that nobody waits for is dead too.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
        stat.map_or(true, |stat| stat.contains(") Z "))
    })
}

fn status(records: &[Value], name: &str) -> String {
    let found: Vec<_> = records
        .iter()
        .filter(|record| record["name"] == name)
        .collect();
    let words = found.iter().map(|record| {
        let reason = record["error"]["reason"].as_str();
        let status = record["status"].as_str().unwrap();
        reason.map_or(status.to_owned(), |reason| format!("{status} {reason}"))
    });
    words.collect::<Vec<_>>().join(", ")
}

/// Runs until it is killed, and leaves its process id.
const LONG: &str = "echo $$ >> pids; exec sleep 100";

#[test]
fn records_pass_and_the_last_tool_carries_the_verdict() {
    let mut pipeline = Pipeline::start(&[
        &["a", "--", "true"],
        &["b", "--", "sh", "-c", "echo said; exit 7"],
        &["c", "--", "touch", "c-ran"],
        &["d", "--if", "failure", "--", "touch", "d-ran"],
        &["e", "--if", "always", "--", "touch", "e-ran"],
    ]);
    let ran = |name: &str, pipeline: &Pipeline| pipeline.file(name).exists();
    until("the last step ran", || ran("e-ran", &pipeline));
    assert!(ran("d-ran", &pipeline) && !ran("c-ran", &pipeline));
    let (records, code) = pipeline.end();
    assert_eq!(code, Some(1));
    assert_eq!(status(&records, "a"), "ok");
    assert_eq!(status(&records, "b"), "fail exit_status");
    assert_eq!(status(&records, "c"), "skip");
    assert_eq!(status(&records, "d"), "ok");
    // Only the last tool's own `running` record has no reader to drop it.
    assert_eq!(status(&records, "e"), "running, ok");
    let runs: std::collections::BTreeSet<_> = records
        .iter()
        .map(|record| record["run"].to_string())
        .collect();
    assert_eq!(runs.len(), 1);
    let failed = records.iter().find(|record| record["name"] == "b").unwrap();
    assert_eq!(failed["data"]["exit"], 7);
    assert_eq!(failed["data"]["lines"], serde_json::json!(["said"]));
}

#[test]
fn a_tool_killed_at_work_has_died() {
    let mut pipeline = Pipeline::start(&[
        &["a", "--", "sh", "-c", LONG],
        &["b", "--", "touch", "b-ran"],
        &["c", "--", "touch", "c-ran"],
    ]);
    until("a is at work", || pipeline.file("pids").exists());
    pipeline.signal(0, Signal::KILL);
    let (b, c) = (pipeline.file("b-ran"), pipeline.file("c-ran"));
    let (records, code) = pipeline.end();
    assert_eq!(code, Some(1));
    assert_eq!(status(&records, "a"), "fail died");
    assert_eq!(status(&records, "b"), "skip");
    assert!(!b.exists() && !c.exists());
}

#[test]
fn a_tool_killed_while_it_waits_for_input_has_died() {
    let mut pipeline = Pipeline::start(&[
        &["a", "--", "sh", "-c", LONG],
        &["b", "--", "true"],
        &["c", "--", "touch", "c-ran"],
    ]);
    until("a is at work", || pipeline.file("pids").exists());
    // `a` announced itself before it began, so `b` knows the run: see when it
    // has announced itself, too, by what `c` was sent.
    until("b has read a's announcement", || {
        blocked_in_read(pipeline.tools[2].id())
    });
    pipeline.signal(1, Signal::KILL);
    let c = pipeline.file("c-ran");
    let (records, code) = pipeline.end();
    assert_eq!(code, Some(1));
    assert_eq!(status(&records, "b"), "fail died");
    assert!(!c.exists());
}

/// Whether a process has consumed some of its input and waits for more.
fn blocked_in_read(pid: u32) -> bool {
    let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    let syscall = fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    let written = io.lines().find_map(|line| line.strip_prefix("wchar: "));
    // It has written its own `running` record, and reads from stdin again.
    written.is_some_and(|bytes| bytes != "0") && syscall.starts_with("0 0x0 ")
}

#[test]
fn the_last_tool_killed_is_seen_by_the_shell() {
    let mut pipeline = Pipeline::start(&[&["a", "--", "true"], &["c", "--", "sh", "-c", LONG]]);
    until("c is at work", || pipeline.file("pids").exists());
    pipeline.signal(1, Signal::KILL);
    assert_eq!(pipeline.tools[1].wait().unwrap().code(), None);
}

#[test]
fn a_signal_stops_the_work_and_leaves_the_cleaning_up_to_those_behind() {
    let mut pipeline = Pipeline::start(&[
        &[
            "a",
            "--",
            "sh",
            "-c",
            "echo $$ >> pids; sleep 100 & echo $! >> pids; wait",
        ],
        &["b", "--", "touch", "b-ran"],
        &["c", "--if", "failure", "--", "touch", "c-ran"],
    ]);
    let pids = pipeline.file("pids");
    until("a is at work", || {
        fs::read_to_string(&pids).is_ok_and(|pids| pids.lines().count() == 2)
    });
    until("c waits", || blocked_in_read(pipeline.tools[2].id()));
    // Ctrl-C reaches all of them at once; here the last comes first, as it must
    // have noted its signal before the end of the others lets it work.
    for tool in (0..3).rev() {
        pipeline.signal(tool, Signal::INT);
    }
    let c = pipeline.file("c-ran");
    until("c cleans up", || c.exists());
    until("a's children are dead", || is_dead(&pids));
    assert!(!pipeline.file("b-ran").exists());
    let (records, code) = pipeline.end();
    assert_eq!(code, Some(1));
    assert_eq!(status(&records, "a"), "fail interrupted");
    assert_eq!(status(&records, "b"), "skip");
    assert_eq!(status(&records, "c"), "running, ok");
}

#[test]
fn an_interrupted_tool_ends_with_128_and_the_signal() {
    let mut pipeline = Pipeline::start(&[&["a", "--", "sh", "-c", LONG]]);
    until("it is at work", || pipeline.file("pids").exists());
    pipeline.signal(0, Signal::TERM);
    let (records, code) = pipeline.end();
    assert_eq!(code, Some(128 + 15));
    assert_eq!(status(&records, "a"), "running, fail interrupted");
}

#[test]
fn a_second_signal_ends_what_ignores_the_first() {
    let stubborn = "trap '' TERM; echo $$ >> pids; while :; do sleep 1; done";
    let mut pipeline = Pipeline::start(&[&["a", "--", "sh", "-c", stubborn]]);
    let pids = pipeline.file("pids");
    until("it is at work", || pids.exists());
    pipeline.signal(0, Signal::INT);
    let seen = || fs::read_to_string(format!("/proc/{}/status", pipeline.tools[0].id())).unwrap();
    // The first signal has been taken when it is no longer pending.
    until("the first signal is taken", || {
        let status = seen();
        let pending = |name: &str| {
            status
                .lines()
                .any(|line| line.starts_with(name) && !line.ends_with("0000000000000000"))
        };
        !pending("SigPnd") && !pending("ShdPnd")
    });
    std::thread::yield_now();
    pipeline.signal(0, Signal::TERM);
    let (_, code) = pipeline.end();
    assert_eq!(code, Some(128 + 15));
    until("the child is dead", || is_dead(&pids));
}

#[test]
fn a_closed_stdout_does_not_stop_the_work() {
    let mut pipeline = Pipeline::start(&[&["a", "--", "sh", "-c", "touch done"]]);
    drop(pipeline.output.take());
    assert_eq!(pipeline.tools[0].wait().unwrap().code(), Some(0));
    assert!(pipeline.file("done").exists());
    let history = pipeline.place.history();
    assert!(history.contains(r#""status":"ok""#), "{history}");
}
