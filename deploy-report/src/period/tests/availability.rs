//! How much of the time something was up.

use super::super::availability::{Availability, Times};
use super::super::sampled::Sampled;
use super::*;
use proptest::prelude::*;

fn minutes(availability: &Availability) -> [u64; 4] {
    let Times {
        up_ms,
        down_ms,
        unknown_ms,
        beyond_ms,
    } = availability.times;
    [up_ms, down_ms, unknown_ms, beyond_ms].map(|ms| ms / MINUTE)
}

fn share(availability: &Availability) -> f64 {
    match availability.share {
        Sampled::Known { value, .. } => value,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_seen_holds_until_the_next_look() {
    let mut history = History::default();
    history.every_five(-5, 600, &["page ok"]);
    history.every_five(600, 636, &["page fail http_status"]);
    history.every_five(640, 1445, &["page ok"]);
    let overall = history.day().health.overall;
    assert_eq!(minutes(&overall), [1400, 40, 0, 0]);
    assert_eq!(overall.looks, 288);
    assert_eq!(overall.usual_ms, Some(5 * MINUTE));
    assert!((share(&overall) - 1400.0 / 1440.0).abs() < 1e-9);
    assert_eq!(overall.days.len(), 1);
    assert_eq!(overall.days[0].times, overall.times);
}

#[test]
fn silence_is_neither_up_nor_down() {
    let mut history = History::default();
    // A look holds for fifteen minutes where the next one comes then…
    history.every_five(0, 105, &["page ok"]);
    history.every_five(115, 305, &["page ok"]);
    // …and for five where it comes after an hour.
    history.every_five(360, 500, &["page fail http_status"]);
    // The last one is followed by one of the next day.
    history.every_five(1500, 1505, &["page ok"]);
    let overall = history.day().health.overall;
    assert_eq!(minutes(&overall), [305, 140, 1440 - 305 - 140, 0]);
}

#[test]
fn what_comes_after_the_last_record_is_not_missed_yet() {
    let mut history = History::default();
    history.every_five(0, 725, &["page ok"]);
    let overall = history.day().health.overall;
    assert_eq!(minutes(&overall), [720, 0, 0, 720]);
    // Any record tells that time went on.
    history.record(&minute_of(840), "backup", "ok", json!({}));
    let overall = history.day().health.overall;
    assert_eq!(minutes(&overall), [725, 0, 115, 600]);
}

#[test]
fn a_few_looks_are_no_availability() {
    let mut history = History::default();
    history.every_five(0, 45, &["page ok"]);
    let share = history.day().health.overall.share;
    assert_eq!(share, Sampled::TooFew { n: 9, least: 10 });
    let empty = History::default().day();
    assert_eq!(
        empty.health.overall.share,
        Sampled::TooFew { n: 0, least: 10 }
    );
    assert_eq!(empty.health.overall.times.up_ms, 0);
    assert!(empty.health.checks.is_empty());
}

#[test]
fn a_full_disk_is_no_outage_of_the_application() {
    let mut history = History::default();
    history.every_five(0, 1445, &["page ok", "disk:/ fail disk_full"]);
    let health = history.day().health;
    assert_eq!(minutes(&health.overall), [1440, 0, 0, 0]);
    let of = |name: &str| {
        health
            .checks
            .iter()
            .find(|check| check.name == name)
            .unwrap()
    };
    assert_eq!(minutes(&of("disk:/").availability), [0, 1440, 0, 0]);
    assert!(!of("disk:/").is_service);
    assert_eq!(minutes(&of("page").availability), [1440, 0, 0, 0]);
}

#[test]
fn a_certificate_that_will_expire_takes_nothing_down() {
    let mut history = History::default();
    history.every_five(0, 720, &["page fail tls_expires"]);
    history.every_five(720, 725, &["page warn recovering"]);
    history.every_five(725, 800, &["page fail tls_expired"]);
    history.every_five(800, 1445, &["page ok"]);
    let health = history.day().health;
    assert_eq!(minutes(&health.overall), [1365, 75, 0, 0]);
    // The check failed, all the same, and somebody has to see to it.
    assert_eq!(minutes(&health.checks[0].availability), [640, 800, 0, 0]);
    assert_eq!(health.incidents.list.len(), 1);
}

#[test]
fn what_was_skipped_was_not_seen() {
    let mut history = History::default();
    history.every_five(0, 720, &["a ok", "db ok", "page ok"]);
    history.every_five(720, 1445, &["a ok", "db fail pg_refused", "page skip"]);
    let health = history.day().health;
    assert_eq!(minutes(&health.overall), [720, 720, 0, 0]);
    let page = &health.checks[2];
    assert_eq!(
        health.checks[0].name, "db",
        "what was down for longest comes first"
    );
    assert_eq!(
        (page.name.as_str(), minutes(&page.availability)),
        ("page", [720, 0, 720, 0])
    );
}

#[test]
fn a_failure_counts_when_healthcheck_counts_it() {
    let mut history = History::default();
    history.every_five(0, 600, &["page ok"]);
    history.every_five(600, 610, &["page warn failing"]);
    history.every_five(610, 700, &["page fail http_status"]);
    history.every_five(700, 705, &["page warn recovering"]);
    history.every_five(705, 1445, &["page ok"]);
    assert_eq!(minutes(&history.day().health.overall), [1345, 95, 0, 0]);
}

#[test]
fn a_day_of_25_hours_has_25_hours() {
    let mut history = History::default();
    let begin = Moment::parse("2026-10-24T22:00:00Z").unwrap();
    for five in 0..=300 {
        history.health(&shown(begin.after(five * 5 * MINUTE)), &["page ok"]);
    }
    let report = history.of("2026-10-25", Length::Day);
    assert_eq!(report.health.overall.times.up_ms, 25 * HOUR);
    assert_eq!(report.health.overall.times.unknown_ms, 0);
}

proptest! {
    /// Whatever is seen when: the window's time is up, down, unknown or beyond.
    #[test]
    fn no_time_is_lost_or_counted_twice(
        looks in prop::collection::vec((-3000_i64..4000, 0_usize..5), 0..60),
    ) {
        let mut history = History::default();
        for (minute, stand) in &looks {
            let stand = ["ok", "fail x", "warn failing", "warn recovering", "skip"][*stand];
            history.health(&minute_of(*minute), &[&format!("page {stand}"), "db ok"]);
        }
        let report = history.day();
        let all = report.health.checks.iter().map(|check| &check.availability);
        for one in all.chain([&report.health.overall]) {
            let whole = |times: &Times| times.up_ms + times.down_ms + times.unknown_ms + times.beyond_ms;
            prop_assert_eq!(whole(&one.times), DAY);
            prop_assert_eq!(one.days.iter().map(|day| whole(&day.times)).sum::<u64>(), DAY);
        }
    }
}
