//! Lines in any order, twice, damaged, of other versions.

use super::*;
use proptest::prelude::*;

fn some() -> History {
    let mut history = History::default();
    history.every_five(-60, 300, &["page ok", "db ok"]);
    history.every_five(300, 330, &["page fail http_status", "db ok"]);
    history.record(
        &minute_of(331),
        "backup",
        "ok",
        json!({ "path": "/b/1", "bytes": 100, "parts": [{ "name": "database" }] }),
    );
    history.every_five(332, 600, &["page ok", "db ok"]);
    history.record(
        &minute_of(602),
        "restore",
        "ok",
        json!({ "path": "/b/1", "checked": true }),
    );
    history.every_five(1435, 1500, &["page ok", "db ok"]);
    history
}

#[test]
fn a_damaged_line_is_counted_and_left_out() {
    let good = some().day();
    let mut history = some();
    let damaged: [&[u8]; 9] = [
        b"",
        b"   ",
        b"hello",
        b"{\"v\":1,\"run\":\"",
        b"\xff\xfe",
        b"[1]",
        b"{\"v\":0,\"run\":\"r\",\"tool\":\"t\",\"name\":\"n\",\"status\":\"ok\",\"at\":\"2026-11-16T00:00:00Z\"}",
        b"{\"v\":1,\"run\":\"r\",\"tool\":\"t\",\"name\":\"n\",\"status\":\"ok\",\"at\":\"yesterday\"}",
        b"{\"v\":1,\"run\":\"r\",\"tool\":\"t\",\"name\":\"n\",\"status\":\"ok\"}",
    ];
    for line in damaged {
        history.lines.insert(40, line.to_vec());
    }
    let report = history.day();
    // Two are empty.
    assert_eq!(report.records.damaged, 7);
    let mut same = json_of(&report);
    same["records"]["damaged"] = json!(0);
    assert_eq!(same, json_of(&good));
    // After the window's time, they are another window's.
    history.lines.truncate(0);
    history.every_five(1440, 1450, &["page ok"]).raw("{");
    assert_eq!(history.day().records.damaged, 0);
}

#[test]
fn a_record_of_another_version_is_read_as_far_as_it_is_known() {
    let mut history = some();
    let line = json!({
        "v": 2, "run": "r", "tool": "healthcheck", "name": "healthcheck", "status": "paused",
        "at": minute_of(700), "new": { "a": [1] }, "ms": null,
        "data": { "checks": [
            { "name": "page", "kind": "quantum", "status": "superposed", "new": [], "measures": [
                { "name": "time", "value": null, "unit": "fortnights", "new": 1 } ] } ], "more": 7 },
    });
    history.raw(line.to_string());
    let report = history.day();
    assert_eq!((report.records.damaged, report.records.unread), (0, 0));
    // A word that is not known is no success.
    let open = report.health.incidents.list.last().unwrap();
    assert_eq!(shown(open.from), minute_of(700));
    // What its data became is not known at all.
    for data in [
        json!({ "checks": { "page": "ok" } }),
        json!("ok"),
        json!(null),
        json!({ "checks": [7] }),
    ] {
        let mut history = some();
        history.record(&minute_of(700), "healthcheck", "ok", data.clone());
        history.record(&minute_of(701), "backup", "ok", data.clone());
        history.record(&minute_of(702), "restore", "ok", data.clone());
        history.of_run(
            "r",
            &minute_of(703),
            ("rollback", "record"),
            "ok",
            data.clone(),
        );
        history.of_run(
            "r",
            &minute_of(704),
            ("rollback", "rollback"),
            "ok",
            data.clone(),
        );
        let records = history.day().records;
        assert_eq!((records.unread, records.damaged), (1, 0), "{data}");
    }
}

#[test]
fn a_run_that_looked_at_nothing_says_nothing() {
    let mut history = some();
    history.record(&minute_of(102), "healthcheck", "fail", json!({}));
    history.record(&minute_of(103), "healthcheck", "skip", json!({}));
    let report = history.day();
    assert_eq!(report.records.blind, 2);
    assert_eq!(json_of(&report)["health"], json_of(&some().day())["health"]);
}

#[test]
fn a_line_that_is_there_twice_counts_once() {
    let mut history = some();
    history.lines.extend(some().lines);
    history
        .lines
        .sort_by_key(|line| serde_json::from_slice::<Value>(line).unwrap()["at"].to_string());
    let (twice, once) = (history.day(), some().day());
    assert_eq!(twice.records.repeated, once.records.n);
    let mut twice = json_of(&twice);
    twice["records"]["repeated"] = json!(0);
    assert_eq!(twice, json_of(&once));
}

#[test]
fn a_clock_that_was_set_back_is_told() {
    let mut history = History::default();
    history.every_five(0, 600, &["page ok"]);
    history.every_five(543, 1445, &["page ok"]);
    let report = history.day();
    assert_eq!(report.records.disordered, 1);
    // The hour that was there twice is one hour.
    assert_eq!(report.health.overall.times.up_ms, 1440 * MINUTE);
}

#[test]
fn a_history_of_another_project_is_not_this_one() {
    let history = some();
    let window = Window::holding("2026-11-16".parse().unwrap(), Length::Day, &Paris).unwrap();
    let mut pass = Pass::new(window, Some("blog".into()));
    history.lines.iter().for_each(|line| pass.bytes(line));
    let report = pass.end();
    assert_eq!((report.records.n, report.records.until), (0, None));
    assert_eq!(report.health.overall.times.beyond_ms, DAY);
    assert_eq!(some().day().records.projects, ["shop"]);
}

#[test]
fn an_empty_window_is_empty_and_says_so() {
    let mut history = History::default();
    history.every_five(-600, -300, &["page ok"]);
    history.every_five(1440, 1500, &["page ok"]);
    let report = history.day();
    assert_eq!((report.records.n, report.records.first), (0, None));
    assert_eq!(report.records.until, Some(report.window.to));
    assert_eq!(report.health.overall.times.unknown_ms, DAY);
    assert!(report.measures.answers.is_empty() && report.certificates.is_empty());
    assert_eq!(report.backups.longest, None);
    let nothing = History::default().day();
    assert_eq!(nothing.records.until, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The order of the lines says nothing, but that a clock was set back.
    #[test]
    fn any_order_gives_the_same_report(shuffled in Just(some().lines).prop_shuffle()) {
        let mut shuffled = json_of(&History { lines: shuffled }.day());
        shuffled["records"]["disordered"] = json!(0);
        // What was seen is kept where the line before did not fail, in their order.
        let observed = |report: &mut Value| {
            for incident in report["health"]["incidents"]["list"].as_array_mut().unwrap() {
                incident["causes"][0]["observed"] = json!(null);
            }
        };
        let mut ordered = json_of(&some().day());
        observed(&mut shuffled);
        observed(&mut ordered);
        prop_assert_eq!(shuffled, ordered);
    }

    /// Nothing that a file can hold is too much.
    #[test]
    fn no_bytes_end_in_a_panic(lines in prop::collection::vec(any::<Vec<u8>>(), 0..20)) {
        let report = History { lines }.day();
        prop_assert_eq!(report.records.n, 0);
    }

    /// Nor is anything that a record can hold.
    #[test]
    fn no_record_ends_in_a_panic(
        at in prop::sample::select(vec![
            "2026-11-16T10:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
            "-262143-01-01T00:00:00Z", "+262142-12-31T23:59:60Z",
        ]),
        tool in prop::sample::select(vec!["healthcheck", "backup", "restore", "rollback", "step", "x"]),
        name in prop::sample::select(vec!["rollback", "prepare", "record", "up", "x"]),
        ms in any::<u64>(),
        value in any::<f64>(),
    ) {
        let mut history = some();
        let checks = json!([{
            "name": "page", "kind": "disk", "status": "ok",
            "measures": [{ "name": "used", "value": value, "unit": "percent" }, { "name": "days_left", "value": value }],
        }]);
        let line = json!({
            "v": 1, "run": "r", "tool": tool, "name": name, "status": "ok", "at": at, "ms": ms,
            "data": { "checks": checks, "bytes": ms, "downtime_ms": ms, "from": {}, "to": {}, "changes": [{ "at": at }] },
        });
        history.raw(line.to_string());
        json_of(&history.day());
        json_of(&history.of("2026-11-16", Length::Month));
    }
}
