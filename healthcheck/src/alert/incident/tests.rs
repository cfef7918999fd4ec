//! Incidents over several runs.

use super::*;
use chrono::TimeZone;
use serde_json::Map;

const HOUR: Duration = Duration::from_secs(3600);

fn finding(name: &str, status: Status) -> Finding {
    Finding {
        name: name.into(),
        kind: "tcp",
        status,
        ms: 1,
        observed: "seen".into(),
        expected: "wanted".into(),
        reason: Some("tcp_refused"),
        unseen: false,
        hint: None,
        also: Vec::new(),
        measures: Vec::new(),
        facts: Map::new(),
    }
}

/// Minutes after some moment.
fn at(minutes: i64) -> DateTime<Utc> {
    let start = Utc.with_ymd_and_hms(2026, 11, 20, 2, 0, 0).unwrap();
    start + TimeDelta::minutes(minutes)
}

fn run(memory: &mut Memory, found: &[(&str, Status)], minutes: i64) {
    let findings: Vec<_> = found
        .iter()
        .map(|(name, status)| finding(name, *status))
        .collect();
    let critical = ["db"].into();
    let when = Threshold {
        min_failing: 2,
        critical: &critical,
    };
    memory.observe(&findings, when, at(minutes), &format!("at {minutes}"));
}

/// What a target is told at this minute; it is marked as told.
fn tell(memory: &mut Memory, minutes: i64, hushed: bool) -> Vec<(String, Phase)> {
    let mut said = Vec::new();
    for incident in &mut memory.incidents {
        if let Some(phase) = incident.due("mail", Some(HOUR), hushed, at(minutes)) {
            said.push((incident.id.clone(), phase));
            let told = Told {
                phase,
                at: at(minutes),
            };
            incident.told.insert("mail".into(), told);
        }
    }
    memory.forget(at(minutes));
    said
}

use Status::{Fail, Ok, Skip};

#[test]
fn one_failure_of_two_is_no_incident_unless_it_is_critical() {
    let mut memory = Memory::default();
    run(&mut memory, &[("a", Fail), ("b", Ok)], 0);
    assert!(memory.incidents.is_empty());
    run(&mut memory, &[("db", Fail), ("b", Ok)], 5);
    assert_eq!(memory.incidents.len(), 1);
}

#[test]
fn an_incident_is_told_once_repeated_and_resolved() {
    let mut memory = Memory::default();
    let firing = [("at 0".to_owned(), Phase::Firing)];
    run(&mut memory, &[("a", Fail), ("b", Fail)], 0);
    assert_eq!(tell(&mut memory, 0, false), firing);
    run(&mut memory, &[("a", Fail), ("b", Ok)], 5);
    assert_eq!(tell(&mut memory, 5, false), []);
    assert_eq!(tell(&mut memory, 60, false), firing);
    // Between two runs all that is known is what is on disk.
    let kept = serde_json::to_vec(&memory).unwrap();
    let mut memory: Memory = serde_json::from_slice(&kept).unwrap();
    run(&mut memory, &[("a", Ok), ("b", Ok)], 65);
    assert_eq!(
        tell(&mut memory, 65, false),
        [("at 0".to_owned(), Phase::Resolved)]
    );
    assert_eq!(memory, Memory::default());
}

#[test]
fn a_check_that_was_not_run_is_as_it_was() {
    let mut memory = Memory::default();
    run(&mut memory, &[("a", Fail), ("b", Fail)], 0);
    run(&mut memory, &[("a", Ok)], 5);
    run(&mut memory, &[("a", Ok), ("b", Skip)], 6);
    let incident = memory.incidents.last().unwrap();
    assert_eq!(incident.resolved, None);
    assert_eq!(incident.failing.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_silence_hushes_what_is_new_and_not_that_it_is_over() {
    let mut memory = Memory::default();
    run(&mut memory, &[("a", Fail), ("b", Fail)], 0);
    assert_eq!(tell(&mut memory, 0, true), []);
    // Nobody was told that it began: nobody is told that it is over.
    run(&mut memory, &[("a", Ok), ("b", Ok)], 5);
    assert_eq!(memory.incidents, []);

    run(&mut memory, &[("a", Fail), ("b", Fail)], 10);
    assert_eq!(tell(&mut memory, 10, false).len(), 1);
    run(&mut memory, &[("a", Ok), ("b", Ok)], 15);
    assert_eq!(
        tell(&mut memory, 15, true),
        [("at 10".to_owned(), Phase::Resolved)]
    );
}

#[test]
fn a_new_incident_waits_for_no_old_one() {
    let mut memory = Memory::default();
    run(&mut memory, &[("db", Fail)], 0);
    assert_eq!(tell(&mut memory, 0, false).len(), 1);
    // The target cannot be reached when it is over.
    run(&mut memory, &[("db", Ok)], 5);
    run(&mut memory, &[("db", Fail)], 10);
    assert_eq!(
        tell(&mut memory, 10, false),
        [
            ("at 0".to_owned(), Phase::Resolved),
            ("at 10".to_owned(), Phase::Firing)
        ]
    );
}

#[test]
fn a_silence_ends_by_itself() {
    let silence = Silence {
        until: at(10),
        reason: "upgrade".into(),
    };
    let mut memory = Memory {
        silence: Some(silence),
        ..Memory::default()
    };
    memory.forget(at(9));
    assert!(memory.silence.is_some());
    memory.forget(at(10));
    assert!(memory.silence.is_none());
}
