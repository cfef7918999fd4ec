//! Commands that end well, badly, or never.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test's helpers fail as tests do

mod look;

use look::{failed, look, look_in, passed, refused};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use toolkit::testing::until;

#[test]
fn a_list_is_run_as_it_is_and_a_string_by_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    toolkit::durable::write(&folder.path().join("here"), b"{\"free\": 12}").unwrap();
    let seen = |keys: &str| look_in(folder.path(), "command", keys);
    let found = seen("run = ['cat', 'here']\njq = '.free > 10'\nmatches = 'free'");
    assert!(
        passed(&found).starts_with("exit status 0 in "),
        "{found:#?}"
    );
    assert!(found.observed.ends_with(" ms, 12 B"), "{found:#?}");
    passed(&seen(
        "run = 'x=here; cat $x | tr a-z A-Z'\nmatches = '^.\"FREE\": 12.$'",
    ));
    passed(&seen(
        "run = ['echo', '$x; exit 1']\nmatches = '^.x; exit 1'",
    ));
    passed(&seen("run = 'cat; exit 3'\nexit = [0, 3]"));
    toolkit::durable::write(&folder.path().join("here"), b"{\"free\": 9}").unwrap();
    let found = seen("run = ['cat', 'here']\njq = '.free > 10'");
    assert_eq!(failed(&found), ("jq_false", "`.free` is 9"));
}

#[test]
fn how_it_ended_is_told_with_its_last_words() {
    for (keys, reason, observed) in [
        (
            "run = 'echo sorry >&2; exit 2'",
            "exit_status",
            "exit status 2: sorry",
        ),
        ("run = 'exit 2'\nexit = 1", "exit_status", "exit status 2"),
        (
            "run = 'kill -9 $$'",
            "signal",
            "ended by a signal: 9 (SIGKILL)",
        ),
        (
            "run = ['no-such-program', 'a']",
            "missing_program",
            "`no-such-program a`: `no-such-program` is not installed",
        ),
        (
            "run = 'no-such-program'",
            "exit_status",
            "exit status 127: sh: 1: no-such-program: not found",
        ),
        (
            "run = 'echo no'\nmatches = 'yes'",
            "no_match",
            "its output is \"no\"",
        ),
        (
            "run = 'true'\nmatches = 'yes'",
            "no_match",
            "its output is empty",
        ),
        (
            "run = 'echo {'\njq = '.a'",
            "json_invalid",
            "no JSON: EOF while parsing an object at line 2 column 0, in \"{\"",
        ),
    ] {
        assert_eq!(failed(&look("command", keys)), (reason, observed), "{keys}");
    }
    let found = look("command", "run = 'true'\nseconds = { fail = 0 }");
    assert_eq!(failed(&found).0, "command_slow");
    assert_eq!(found.expected, "less than 0 s");
}

/// Whether the process whose id a file holds still runs.
fn runs(file: &Path) -> bool {
    let id = fs::read_to_string(file).unwrap_or_default();
    let id: u32 = id.trim().parse().expect("it was started");
    let status = fs::read_to_string(format!("/proc/{id}/stat"));
    // What has ended and is not yet waited for, by whom it was left to, is over.
    status.is_ok_and(|status| !status.contains(") Z "))
}

#[test]
fn all_of_it_is_ended_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let keys = "timeout = '3s'\nrun = 'trap \"\" TERM; sleep 600 & echo $! > pid; wait; wait'";
    let found = look_in(folder.path(), "command", keys);
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "timeout");
    assert!(
        observed.ends_with("it was ended: no answer within 3s"),
        "{observed}"
    );
    assert!(begun.elapsed() < Duration::from_secs(20));
    until("what it started has ended too", || {
        !runs(&folder.path().join("pid"))
    });
}

#[test]
fn what_it_leaves_behind_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let keys = "timeout = '3s'\nrun = 'sleep 600 & echo $! > pid'";
    let found = look_in(folder.path(), "command", keys);
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "timeout");
    assert!(
        observed.contains("it ended, but what it started kept its output"),
        "{observed}"
    );
    until("it has ended", || !runs(&folder.path().join("pid")));
    let quiet = "timeout = '60s'\nrun = 'sleep 600 >/dev/null & echo $! > pid'";
    passed(&look_in(folder.path(), "command", quiet));
    until("it has ended", || !runs(&folder.path().join("pid")));
    assert!(begun.elapsed() < Duration::from_secs(50));
}

#[test]
fn a_gigabyte_is_not_kept() {
    let peak = || {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<u64>()
            .unwrap()
    };
    let before = peak();
    let keys = "timeout = '60s'\nrun = 'head -c 1073741824 /dev/zero'\n";
    let found = look("command", &format!("{keys}matches = 'a'"));
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "no_match");
    assert!(
        observed.starts_with("the first 128 KiB of its output begin with"),
        "{observed}"
    );
    let found = look("command", &format!("{keys}jq = '.'"));
    assert_eq!(
        failed(&found),
        ("too_long", "its output is longer than 128 KiB")
    );
    let grown = peak() - before;
    assert!(grown < 48 << 10, "{grown} KiB more than before");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (keys, told) in [
        ("run = ' '", "`run` in `[[check]]`: the command is empty"),
        ("run = []", "`run` in `[[check]]`: the command is empty"),
        (
            "run = 'a'\nexit = 256",
            "`exit` in `[[check]]`: it takes exit statuses from 0 to 255",
        ),
        (
            "run = 'a'\nexit = []",
            "`exit` in `[[check]]`: it takes exit statuses from 0 to 255",
        ),
    ] {
        assert_eq!(refused("command", keys), told, "{keys}");
    }
}
