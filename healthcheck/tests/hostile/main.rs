//! A thousand checks of what means harm, at once: time limits hold, memory is
//! bounded, and each is told as what it is.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::unwrap_used)] // tests start tools as a shell does

mod checks;
mod servers;

use checks::all;
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use toolkit::testing::Place;

/// How many checks there are of each: a thousand together.
const EACH: usize = 36;
/// How long each of them may take.
const LIMIT: Duration = Duration::from_secs(3);
/// How much longer all of it may take where the machine is busy.
const SLACK: Duration = Duration::from_secs(30);
/// How many run at a time, unless somebody says otherwise.
const JOBS: u32 = 64;
/// How much memory is enough, in KiB.
const MEMORY: u64 = 64 << 10;

#[test]
fn a_thousand_at_once() {
    let sockets = tempfile::tempdir().unwrap();
    let all = all(sockets.path());
    let place = Place::new();
    let mut toml = "engine = \"none\"\n[healthcheck]\ndiscover = false\n".to_owned();
    for number in 0..EACH {
        for (at, check) in all.iter().enumerate() {
            let name = format!("name = '{at} {number}'\ntimeout = '3s'");
            write!(toml, "[[check]]\n{name}\n{}\n", check.toml).unwrap();
        }
    }
    place.write("sextant.toml", toml);
    let begun = Instant::now();
    let mut command = place.tool(env!("CARGO_BIN_EXE_healthcheck"));
    let mut healthcheck = command.stdout(Stdio::piped()).spawn().unwrap();
    let (record, memory) = watched(&mut healthcheck);
    let took = begun.elapsed();
    eprintln!("{memory} KiB, {took:?}");
    assert_eq!(healthcheck.wait().unwrap().code(), Some(1));

    let checks = record["data"]["checks"].as_array().unwrap();
    assert_eq!(checks.len(), EACH * all.len());
    for (found, expected) in checks.iter().zip(all.iter().cycle()) {
        let observed = found["observed"].as_str().unwrap();
        let is_it = found["reason"] == expected.reason && observed.contains(expected.said);
        assert!(is_it, "{expected:#?} {found:#}");
    }
    let rounds = u32::try_from(checks.len()).unwrap().div_ceil(JOBS);
    assert!(took < LIMIT * rounds + SLACK, "{took:?}");
    assert!(memory < MEMORY, "{memory} KiB");
}

/// The final record, and the most memory of its own that the tool had until that
/// was written, in KiB: the pages of its file, many in a debug build, are not.
fn watched(healthcheck: &mut Child) -> (Value, u64) {
    let status = format!("/proc/{}/status", healthcheck.id());
    let mut stdout = BufReader::with_capacity(1, healthcheck.stdout.take().unwrap());
    let mut running = String::new();
    stdout.read_line(&mut running).unwrap();
    // The final record has begun, and does not fit into the pipe: it waits.
    let mut record = vec![0];
    stdout.read_exact(&mut record).unwrap();
    let status = fs::read_to_string(status).unwrap();
    let memory = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let size = line.unwrap().trim().strip_suffix(" kB").unwrap();
        size.parse().unwrap()
    };
    stdout.read_to_end(&mut record).unwrap();
    let record = serde_json::from_slice(&record).unwrap();
    (record, memory("VmHWM:") - memory("RssFile:"))
}
