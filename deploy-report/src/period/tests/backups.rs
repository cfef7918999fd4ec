//! What was saved.

use super::super::backups::{Backups, Gap};
use super::*;

fn backup(history: &mut History, minute: i64, status: &str, set: &str, bytes: u64, parts: &[&str]) {
    let parts: Vec<_> = parts.iter().map(|name| json!({ "name": name })).collect();
    let data = json!({ "path": set, "bytes": bytes, "parts": parts });
    history.record(&minute_of(minute), "backup", status, data);
}

const ALL: [&str; 2] = ["database", "redis"];

fn some() -> History {
    let mut history = History::default();
    backup(&mut history, -400, "ok", "/b/0", 90, &ALL);
    backup(&mut history, 120, "ok", "/b/1", 100, &ALL);
    history.record(&minute_of(400), "backup", "fail", json!({}));
    backup(&mut history, 700, "warn", "/b/2", 7, &["redis"]);
    backup(&mut history, 1320, "ok", "/b/3", 150, &ALL);
    let proof = |checked, set: &str| json!({ "checked": checked, "path": set });
    history.record(&minute_of(-300), "restore", "ok", proof(true, "/b/0"));
    history.record(&minute_of(1330), "restore", "ok", proof(true, "/b/3"));
    history.record(&minute_of(1331), "restore", "ok", proof(true, "/b/0"));
    history.record(&minute_of(1332), "restore", "ok", proof(false, "/b/1"));
    history.record(&minute_of(1333), "restore", "fail", proof(true, "/b/2"));
    history
}

#[test]
fn each_has_its_size_its_proof_and_what_went_wrong() {
    let history = some();
    let found: Backups = history.day().backups;
    assert_eq!((found.complete, found.failed, found.proven), (3, 1, 1));
    assert_eq!((found.proofs, found.failed_proofs), (2, 1));
    let brief: Vec<_> = found
        .list
        .iter()
        .map(|one| (one.bytes, one.proven.is_some(), one.reason.as_deref()))
        .collect();
    assert_eq!(
        brief,
        [
            (Some(100), false, None),
            (None, false, Some("broken")),
            (Some(7), false, None),
            (Some(150), true, None),
        ]
    );
    assert_eq!(found.list[3].parts, ALL);
    let growth = found.growth.unwrap();
    assert_eq!((growth.n, growth.first, growth.last), (2, 100, 150));
    assert!((growth.share.unwrap() - 0.5).abs() < 1e-9);
}

#[test]
fn the_longest_time_without_one_goes_over_what_failed() {
    let mut history = some();
    let at = |minute| Moment::parse(&minute_of(minute)).unwrap();
    let gap = |history: &History| history.day().backups.longest.unwrap();
    let expected = Gap {
        from: at(700),
        to: Some(at(1320)),
        ms: 620 * MINUTE,
    };
    assert_eq!(gap(&history), expected);
    // From before the window, and to its end.
    history.lines.remove(3);
    assert_eq!(gap(&history).ms, 1200 * MINUTE);
    history
        .lines
        .retain(|line| !String::from_utf8_lossy(line).contains("/b/3"));
    history.every_five(1440, 1445, &["page ok"]);
    assert_eq!(
        gap(&history),
        Gap {
            from: at(120),
            to: None,
            ms: 1320 * MINUTE
        }
    );
    assert_eq!(history.day().backups.growth, None);
}

#[test]
fn a_set_that_is_proven_after_the_window_is_not_yet() {
    let mut history = History::default();
    backup(&mut history, 60, "ok", "/b/1", 100, &ALL);
    let proof = json!({ "checked": true, "path": "/b/1" });
    history.record(&minute_of(1500), "restore", "ok", proof);
    let day = history.day().backups;
    assert_eq!((day.proven, day.proofs), (0, 0));
    let week = history.of("2026-11-16", Length::Week).backups;
    assert_eq!((week.proven, week.proofs), (1, 1));
}
