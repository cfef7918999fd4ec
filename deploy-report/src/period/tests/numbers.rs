//! The numbers that checks saw.

use super::super::trend::Projection;
use super::*;

/// A healthcheck with one check that saw `measures`.
fn seen(history: &mut History, at: &str, kind: &str, measures: Value, facts: Value) {
    let mut check = check("a ok");
    check["kind"] = json!(kind);
    check["measures"] = measures;
    check["facts"] = facts;
    history.record(at, "healthcheck", "ok", json!({ "checks": [check] }));
}

#[test]
fn response_times_have_a_median_and_a_worst() {
    let mut history = History::default();
    for n in 1..=100 {
        let time = json!([
            { "name": "time", "value": f64::from(n) / 100.0, "unit": "seconds" },
            { "name": "body", "value": 7, "unit": "bytes" },
        ]);
        seen(
            &mut history,
            &minute_of(i64::from(n) * 5),
            "http",
            time,
            json!({}),
        );
    }
    history.health(&minute_of(700), &["a fail timeout"]);
    history.health(&minute_of(701), &["a skip"]);
    let report = history.of("2026-11-16", Length::Week);
    let [answers] = &report.measures.answers[..] else {
        panic!("{:?}", report.measures.answers);
    };
    assert_eq!(
        (answers.n, answers.unanswered, answers.days.len()),
        (100, 1, 1)
    );
    let near =
        |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-9);
    near(answers.median, 0.505);
    near(answers.p95, 0.9505);
    let worst = answers.worst.unwrap();
    near(Some(worst.value), 1.0);
    assert_eq!(shown(worst.at), minute_of(500));
    near(Some(answers.days[0].p95), 0.9505);
    assert!(report.measures.resources.is_empty());
}

#[test]
fn a_resource_has_its_first_and_last_and_each_day() {
    let mut history = History::default();
    for (minute, value) in [
        (1440, 60.0),
        (0, 50.0),
        (10, 55.0),
        (2880, 58.0),
        (4320, 99.0),
    ] {
        let used = json!([
            { "name": "used", "value": value, "unit": "percent", "warn": 80.0, "fail": 90.0, "max": 100.0 },
            { "name": "free", "value": null, "unit": "bytes" },
            { "name": "colour", "value": 7, "unit": "count" },
        ]);
        seen(
            &mut history,
            &minute_of(minute),
            "disk",
            used,
            json!({ "path": "/" }),
        );
    }
    let window = Window::days(
        "2026-11-16".parse().unwrap(),
        "2026-11-18".parse().unwrap(),
        &Paris,
    );
    let mut pass = Pass::new(window.unwrap(), None);
    history.lines.iter().for_each(|line| pass.bytes(line));
    let report = pass.end();
    let [used] = &report.measures.resources[..] else {
        panic!("{:?}", report.measures.resources);
    };
    let values = [used.first, used.last, used.lowest, used.highest].map(|point| point.value);
    assert_eq!(json!(values), json!([50.0, 58.0, 50.0, 60.0]));
    assert_eq!((used.n, used.warn, used.most), (4, Some(80.0), Some(100.0)));
    let days: Vec<_> = used.days.iter().map(|day| (day.n, day.mean)).collect();
    assert_eq!(days, [(2, 52.5), (1, 60.0), (1, 58.0)]);
    assert_eq!(used.full, Some(Projection::TooFew { n: 3, least: 7 }));
}

#[test]
fn queries_of_prometheus_are_told_apart() {
    let mut history = History::default();
    for (minute, value) in [(0, 3.0), (5, 1.0), (10, 2.0)] {
        let value = json!([{ "name": "value", "value": value, "unit": "count" }]);
        seen(
            &mut history,
            &minute_of(minute),
            "prometheus",
            value,
            json!({}),
        );
    }
    let found = history.day().measures;
    assert!(found.resources.is_empty());
    let [rate] = &found.prometheus[..] else {
        panic!("{:?}", found.prometheus);
    };
    let values = [rate.first, rate.last, rate.lowest, rate.highest].map(|point| point.value);
    assert_eq!(json!(values), json!([3.0, 2.0, 1.0, 3.0]));
    assert_eq!(rate.full, None);
}

#[test]
fn certificates_are_as_they_were_seen_last() {
    let mut history = History::default();
    let days = |days: f64| json!([{ "name": "days_left", "value": days, "unit": "days" }]);
    let facts =
        json!({ "subject": "CN=x", "names": ["shop.example.org"], "not_after": "2026-12-01" });
    seen(
        &mut history,
        &minute_of(10),
        "tls",
        days(14.5),
        facts.clone(),
    );
    seen(&mut history, &minute_of(5), "tls", days(14.6), facts);
    let found = history.day().certificates;
    assert_eq!(found.len(), 1);
    assert!((found[0].days_left - 14.5).abs() < 1e-9);
    assert_eq!(found[0].domain.as_deref(), Some("shop.example.org"));
    assert_eq!(found[0].not_after.as_deref(), Some("2026-12-01"));
    // Files that are looked at together, one of which is gone the next time.
    let of = |files: &[(&str, f64)]| {
        let each = files.iter().map(|(name, days)| {
            json!({ "file": format!("{name}.pem"), "title": name, "days_left": days })
        });
        json!({ "certificates": each.collect::<Vec<_>>() })
    };
    let mut history = History::default();
    seen(
        &mut history,
        &minute_of(0),
        "certificate",
        days(3.0),
        of(&[("b", 9.0), ("a", 3.0), ("c", 1.0)]),
    );
    seen(
        &mut history,
        &minute_of(5),
        "certificate",
        days(3.0),
        of(&[("b", 8.0), ("a", 2.0)]),
    );
    let found = history.day().certificates;
    let brief: Vec<_> = found
        .iter()
        .map(|one| (one.domain.clone().unwrap(), one.days_left))
        .collect();
    assert_eq!(brief, [("a".to_owned(), 2.0), ("b".to_owned(), 8.0)]);
}
