//! The four keys.

use super::super::keys::{Failing, Keys, Often, Within};
use super::super::sampled::Sampled;
use super::deployments::deploy;
use super::*;

const GOOD: [&str; 3] = ["prepare ok", "up ok", "record ok"];
const BACK: [&str; 4] = ["prepare ok", "up ok", "smoketest fail", "rollback ok"];

/// Noon in Paris, `day` days after 17 August 2026, a Monday: the first day of
/// the three months that end with 16 November is a day before that.
fn noon(day: u64) -> Moment {
    Moment::parse("2026-08-17T10:00:00Z")
        .unwrap()
        .after(day * DAY)
}

/// A history that begins on 1 August, with a deployment on each of `days`.
fn deployed(days: &[u64]) -> History {
    let mut history = History::default();
    history.health("2026-08-01T10:00:00Z", &["page ok"]);
    for day in days {
        deploy(&mut history, &format!("{day}"), noon(*day), &GOOD, 2);
    }
    history
}

fn keys(history: &History) -> Keys {
    history.day().keys
}

#[test]
fn frequency_is_the_median_of_days_per_week() {
    let bucket = |days: &[u64]| match keys(&deployed(days)).frequency {
        Sampled::Known { n, value } => (n, value.deployments, value.days_a_week, value.bucket),
        other => panic!("{other:?}"),
    };
    // The fourteen weeks from Sunday, 16 August to Monday, 16 November.
    let often: Vec<_> = (0..91).filter(|day| day % 7 < 3).collect();
    assert_eq!(bucket(&often), (14, 39, 3.0, Often::Daily));
    let weekly: Vec<_> = (0..91).step_by(7).collect();
    assert_eq!(bucket(&weekly), (14, 13, 1.0, Often::Weekly));
    // Two a day count as one day.
    let mut twice = deployed(&weekly);
    for day in &weekly {
        deploy(
            &mut twice,
            &format!("again {day}"),
            noon(*day).after(HOUR),
            &GOOD,
            2,
        );
    }
    let Sampled::Known { value, .. } = keys(&twice).frequency else {
        panic!();
    };
    assert_eq!((value.deployments, value.bucket), (26, Often::Weekly));
    let monthly = [3, 30, 60, 80];
    assert_eq!(bucket(&monthly).3, Often::Monthly);
    assert_eq!(bucket(&[40]).3, Often::Yearly);
    assert_eq!(
        keys(&deployed(&[])).frequency,
        Sampled::TooFew { n: 14, least: 4 }
    );
}

#[test]
fn nothing_is_said_of_the_time_before_the_first_record() {
    let mut history = deployed(&[70, 77, 84, 90]);
    history.lines.remove(0);
    let keys = keys(&history);
    // The day after the first record, as that one may be a part.
    assert_eq!(keys.first.to_string(), "2026-10-27");
    let Sampled::Known { n, value } = keys.frequency else {
        panic!("{:?}", keys.frequency);
    };
    assert_eq!((n, value.deployments), (4, 3));
    let mut young = deployed(&[80, 84, 88]);
    young.lines.remove(0);
    let young = super::keys::keys(&young);
    assert_eq!(young.frequency, Sampled::TooFew { n: 3, least: 4 });
    let nothing = super::keys::keys(&History::default());
    assert_eq!(nothing.frequency, Sampled::TooFew { n: 0, least: 4 });
    assert_eq!(nothing.failure_rate, Sampled::TooFew { n: 0, least: 5 });
}

#[test]
fn lead_time_is_missing_where_records_have_no_commits() {
    let mut history = deployed(&[10, 20, 30, 40, 50]);
    let missing = Sampled::Missing {
        what: "rollback record data.changes",
    };
    assert_eq!(keys(&history).lead_time, missing);
    // With five changes, of 30 s (by a machine), 1, 2, 3, 4 and 100 hours before.
    let end = noon(60).after(2000);
    let before = |ms: u64| json!({ "commit": "c", "at": shown(end.before(ms)) });
    let changes: Vec<_> = [
        30_000,
        HOUR,
        2 * HOUR + 59_000,
        3 * HOUR,
        4 * HOUR,
        100 * HOUR,
    ]
    .map(before)
    .into();
    deploy(&mut history, "told", noon(60), &GOOD[..2], 3);
    let data = json!({ "release": "r3", "version": "v3", "changes": changes });
    history.of_run("told", &shown(end), ("rollback", "record"), "ok", data);
    let Sampled::Known { n: 5, value } = keys(&history).lead_time else {
        panic!("{:?}", keys(&history).lead_time);
    };
    assert_eq!((value.ms, value.bucket), (3 * HOUR, Within::Day));
}

#[test]
fn failures_are_those_of_deployments_that_reached_production() {
    let mut history = deployed(&[0, 10, 20, 30]);
    let rate = |history: &History| keys(history).failure_rate;
    assert_eq!(rate(&history), Sampled::TooFew { n: 4, least: 5 });
    deploy(
        &mut history,
        "stopped",
        noon(33),
        &["prepare ok", "build fail", "up skip"],
        2,
    );
    deploy(&mut history, "back", noon(35), &BACK, 2);
    // What was good is left by hand, a day later.
    deploy(&mut history, "bad", noon(40), &GOOD, 7);
    deploy(&mut history, "by hand", noon(41), &["rollback ok"], 7);
    let Sampled::Known { n: 6, value } = rate(&history) else {
        panic!("{:?}", rate(&history));
    };
    assert_eq!((value.failures, value.bucket), (2, Failing::Some));
}

#[test]
fn time_to_restore_begins_with_the_deployment_that_caused_it() {
    let mut history = deployed(&[]);
    // Five are taken back by their own pipeline: two seconds after `up` ended.
    for day in 1..=4 {
        deploy(&mut history, &format!("back {day}"), noon(day), &BACK, 2);
    }
    let restore = |history: &History| keys(history).time_to_restore;
    assert_eq!(restore(&history), Sampled::TooFew { n: 4, least: 5 });
    deploy(&mut history, "bad", noon(10), &GOOD, 7);
    deploy(&mut history, "by hand", noon(12), &["rollback ok"], 7);
    let Sampled::Known { n: 5, value } = restore(&history) else {
        panic!("{:?}", restore(&history));
    };
    assert_eq!((value.ms, value.bucket), (3000, Within::Day));
    // One is mended by the next good deployment, ten days later; then one is not.
    deploy(&mut history, "broken", noon(20), &["up fail"], 8);
    assert_eq!(keys(&history).unrestored, 1);
    deploy(&mut history, "mended", noon(30), &GOOD, 9);
    deploy(&mut history, "broken again", noon(85), &["up fail"], 9);
    let keys = keys(&history);
    assert_eq!(keys.unrestored, 1);
    let Sampled::Known { n: 6, .. } = keys.time_to_restore else {
        panic!("{:?}", keys.time_to_restore);
    };
}
