//! A run that is stopped, killed or doubled in the middle of a dump.

use crate::{BACKUP, backup, made, nothing_half_made, shop};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use toolkit::testing::{Held, Place, Seen, Stack, until};

/// A `backup` whose `pg_dump` has written the tables and waits for a sequence
/// that a transaction holds.
pub(crate) struct Waiting {
    pub(crate) tool: Child,
    pub(crate) held: Held,
}

impl Waiting {
    pub(crate) fn start(stack: &Stack, place: &Place, database: &str, args: &[&str]) -> Self {
        let held = stack.hold(database, "ALTER SEQUENCE shop.gate OWNER TO CURRENT_USER");
        let mut command = place.tool(BACKUP);
        command
            .args(["database", "--database", database])
            .args(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let waiting = Self {
            tool: command.spawn().unwrap(),
            held,
        };
        until("pg_dump waits", || {
            let condition = "application_name = 'pg_dump' AND wait_event_type = 'Lock'";
            count(stack, database, condition) == 1
        });
        assert_eq!(partials(place).len(), 1, "a hidden folder alone");
        let programs = programs(stack, database);
        assert!(
            programs.iter().any(|line| line.contains("pg_dump")),
            "{programs:?}"
        );
        assert!(
            programs.iter().any(|line| line.starts_with("/proc/")),
            "{programs:?}"
        );
        waiting
    }

    /// Lets go of the sequence and returns what came of the run.
    pub(crate) fn release(self) -> Seen {
        drop(self.held);
        Seen::of(&self.tool.wait_with_output().unwrap())
    }
}

/// How many of a database's connections are so.
fn count(stack: &Stack, database: &str, condition: &str) -> u32 {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{database}' AND {condition}"
    );
    stack.sql("postgres", &sql).parse().unwrap()
}

/// The programs in the server's container and on this machine that were
/// started for a database: its name is in their environment.
fn programs(stack: &Stack, database: &str) -> Vec<String> {
    let script = "for process in /proc/[0-9]*; do
            if tr '\\0' '\\n' <$process/environ | grep -qx \"PGDATABASE=$0\"; then
                tr '\\0' ' ' <$process/cmdline; echo
            fi
        done 2>/dev/null";
    let mut inside = stack.exec("postgres", &[]);
    let inside = inside
        .args(["sh", "-c", script, database])
        .output()
        .unwrap();
    let inside = String::from_utf8(inside.stdout).unwrap();
    let variable = format!("PGDATABASE={database}");
    let is_meant = |process: &PathBuf| {
        let environ = fs::read(process.join("environ")).unwrap_or_default();
        environ
            .split(|byte| *byte == 0)
            .any(|found| found == variable.as_bytes())
    };
    let outside = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let outside = outside
        .filter(is_meant)
        .map(|process| process.display().to_string());
    inside.lines().map(str::to_owned).chain(outside).collect()
}

/// Waits until nothing is left of a run: in the server, in its container, on
/// this machine.
fn until_nothing_runs(stack: &Stack, database: &str) {
    until("the server has no connection of the run", || {
        count(stack, database, "application_name <> 'psql'") == 0
    });
    until("no program of the run is left", || {
        programs(stack, database).is_empty()
    });
}

fn partials(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.backups())
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".partial")).collect()
}

#[test]
fn a_signal_ends_it_and_all_that_it_started() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("signalled");
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let waiting = Waiting::start(&stack, &place, "signalled", &[]);
        kill_process(Pid::from_child(&waiting.tool), signal).unwrap();
        let seen = Seen::of(&waiting.tool.wait_with_output().unwrap());
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(code), "interrupted"),
            "{seen:?}"
        );
        assert!(nothing_half_made(&place), "{:?}", partials(&place));
        // The lock is still held: nothing ends by itself.
        until_nothing_runs(&stack, "signalled");
        drop(waiting.held);
        assert!(
            place
                .history()
                .lines()
                .last()
                .unwrap()
                .contains(r#""reason":"interrupted""#)
        );
    }
    let _ = backup(&place, &["database", "--database", "signalled"]).succeeded();
}

#[test]
fn sigkill_leaves_nothing_that_looks_whole() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("killed");
    let mut waiting = Waiting::start(&stack, &place, "killed", &[]);
    waiting.tool.kill().unwrap();
    waiting.tool.wait().unwrap();
    until_nothing_runs(&stack, "killed");
    let left = partials(&place);
    assert_eq!(left.len(), 1);
    assert_eq!(fs::read_dir(place.backups()).unwrap().count(), 1);
    let listed = backup(&place, &["--list"]).succeeded();
    assert_eq!(listed.records[1]["name"], left[0].as_str());
    assert_eq!(listed.records[1]["data"]["status"], "partial");
    assert_eq!(backup(&place, &["--fresh", "1h"]).reason(), "stale");
    assert_eq!(backup(&place, &["--check"]).reason(), "no_set");
    drop(waiting.held);

    let seen = backup(&place, &["database", "--database", "killed"]).succeeded();
    assert!(
        seen.stderr.contains(&left[0])
            && seen.stderr.contains("which a run that was killed had left"),
        "{}",
        seen.stderr
    );
    assert!(nothing_half_made(&place) && made(&seen).exists());
}

#[test]
fn a_second_run_is_told_of_the_first() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("twice");
    let waiting = Waiting::start(&stack, &place, "twice", &[]);
    let second = backup(&place, &["config"]);
    assert_eq!(
        (second.code, second.reason()),
        (Some(75), "locked"),
        "{second:?}"
    );
    let owner = format!("`backup`, process {}, since ", waiting.tool.id());
    assert!(second.message().contains(&owner), "{}", second.message());
    assert_eq!(partials(&place).len(), 1, "the first one's is left alone");
    let first = waiting.release().succeeded();
    assert!(made(&first).exists() && nothing_half_made(&place));
}

#[test]
fn a_dump_whose_connection_is_ended_is_none() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("ended");
    let before = made(&backup(&place, &["database", "--database", "ended"]).succeeded());
    let waiting = Waiting::start(&stack, &place, "ended", &["--keep-last", "1"]);
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = 'ended' AND application_name = 'pg_dump'";
    assert_eq!(stack.sql("postgres", end), "t");
    let seen = Seen::of(&waiting.tool.wait_with_output().unwrap());
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "dump_failed"),
        "{seen:?}"
    );
    assert!(
        seen.message().contains("terminating connection"),
        "{}",
        seen.message()
    );
    assert!(
        before.exists() && nothing_half_made(&place),
        "nothing is removed after a failure"
    );
    until_nothing_runs(&stack, "ended");
}
