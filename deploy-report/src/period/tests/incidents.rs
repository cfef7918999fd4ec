//! When something failed, and why.

use super::super::incidents::{End, Incident};
use super::*;

/// From and to in minutes of the day, and the checks that failed first and
/// later.
fn brief(incident: &Incident) -> (i64, Option<i64>, String) {
    let midnight = Moment::parse("2026-11-15T23:00:00Z").unwrap();
    let minute = |at: Moment| (at.0 - midnight.0) / 60_000;
    let causes = incident.causes.iter().map(|cause| {
        let reason = cause.reason.as_deref().unwrap_or("?");
        format!("{} {reason}", cause.check)
    });
    let others = incident.others.iter().map(|name| format!("+{name}"));
    let all: Vec<_> = causes.chain(others).collect();
    (
        minute(incident.from),
        incident.to.map(minute),
        all.join(", "),
    )
}

fn incidents(history: &History) -> Vec<(i64, Option<i64>, String)> {
    let found = history.day().health.incidents;
    assert_eq!(found.more, 0);
    found.list.iter().map(brief).collect()
}

#[test]
fn it_lasts_from_the_first_failed_check_to_the_last_mended_one() {
    let mut history = History::default();
    history.every_five(0, 100, &["db ok", "page ok"]);
    history.every_five(100, 110, &["db fail pg_refused", "page ok"]);
    history.every_five(110, 120, &["db fail pg_refused", "page fail http_status"]);
    history.every_five(120, 130, &["db ok", "page fail http_status"]);
    history.every_five(130, 200, &["db ok", "page ok"]);
    history.every_five(200, 205, &["db ok", "page fail timeout"]);
    history.every_five(205, 300, &["db ok", "page ok"]);
    assert_eq!(
        incidents(&history),
        [
            (100, Some(130), "db pg_refused, +page".into()),
            (200, Some(205), "page timeout".into()),
        ]
    );
    let found = history.day().health.incidents.list;
    assert_eq!(found[0].ms, 30 * MINUTE);
    assert_eq!(
        found[0].causes[0].observed.as_deref(),
        Some("what was seen")
    );
    assert!(found[0].is_service && !found[0].is_alert && !found[0].is_from_before);
}

#[test]
fn results_in_a_row_count_as_healthcheck_counts_them() {
    let mut history = History::default();
    history.every_five(0, 10, &["page warn failing"]);
    history.every_five(10, 20, &["page ok"]);
    history.every_five(20, 30, &["page warn failing"]);
    history.every_five(30, 40, &["page fail http_status"]);
    history.every_five(40, 45, &["page warn recovering"]);
    history.every_five(45, 50, &["page ok"]);
    assert_eq!(
        incidents(&history),
        [(30, Some(45), "page http_status".into())]
    );
    let since = history.day().health.incidents.list[0].failing_since;
    assert_eq!(shown(since.unwrap()), minute_of(20));
}

#[test]
fn a_check_that_is_skipped_or_not_run_is_as_it_was() {
    let mut history = History::default();
    history.health(
        &minute_of(0),
        &["db fail pg_refused", "page fail http_status"],
    );
    history.health(&minute_of(5), &["db ok", "page skip"]);
    history.health(&minute_of(10), &["db ok"]);
    assert_eq!(incidents(&history)[0].1, None);
    history.health(&minute_of(15), &["page ok"]);
    assert_eq!(incidents(&history)[0].1, Some(15));
}

#[test]
fn one_that_is_open_at_either_edge_says_so() {
    let mut history = History::default();
    history.every_five(-60, -20, &["page ok"]);
    history.every_five(-20, 20, &["page fail http_status"]);
    history.every_five(20, 1400, &["page ok"]);
    history.every_five(1400, 1500, &["page fail timeout"]);
    history.every_five(1500, 1600, &["page ok"]);
    let report = history.day();
    let [before, after] = &report.health.incidents.list[..] else {
        panic!("{:?}", report.health.incidents);
    };
    assert_eq!(brief(before), (-20, Some(20), "page http_status".into()));
    assert!(before.is_from_before);
    // What is known since is not known to this day's report.
    assert_eq!(brief(after), (1400, None, "page timeout".into()));
    assert_eq!(after.ms, 40 * MINUTE);
    // The next day's report has it from its beginning to its end.
    let next = history.of("2026-11-17", Length::Day).health.incidents.list;
    assert_eq!(brief(&next[0]), (1400, Some(1500), "page timeout".into()));
    assert!(next[0].is_from_before);
}

#[test]
fn a_check_that_is_gone_does_not_keep_an_incident_open() {
    let mut history = History::default();
    history.health(&minute_of(-1500), &["old fail http_status", "page ok"]);
    history.every_five(-1495, 1440, &["page ok"]);
    let list = history.day().health.incidents.list;
    // Nobody looked at it since the day before.
    assert_eq!(list, []);
    let before = history.of("2026-11-15", Length::Week).health.incidents.list;
    assert_eq!(before[0].end, End::Lost);
    assert_eq!(before[0].ms, 0);
}

#[test]
fn an_incident_of_the_machine_or_of_an_alert_is_told_apart() {
    let mut history = History::default();
    history.every_five(0, 10, &["disk:/ fail disk_full"]);
    let at = minute_of(10);
    let data = json!({
        "checks": [check("disk:/ fail disk_full")],
        "alert": { "incident": "01JD", "since": at, "hushed": null, "told": [] },
    });
    history.record(&at, "healthcheck", "fail", data);
    let incident = &history.day().health.incidents.list[0];
    assert!(incident.is_alert && !incident.is_service);
}

#[test]
fn thousands_of_incidents_are_counted() {
    let mut history = History::default();
    for minute in 0..1400 {
        let stand = if minute % 2 == 0 { "fail x" } else { "ok" };
        let names: Vec<_> = (0..30).map(|n| format!("page{n} {stand}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        // Twice a minute.
        for second in [0, 30] {
            let at = Moment::parse(&minute_of(minute))
                .unwrap()
                .after(second * 1000);
            let names = if second == 0 {
                &names[..]
            } else {
                &["page0 ok"]
            };
            history.health(&shown(at), names);
        }
    }
    let found = history.day().health.incidents;
    assert_eq!((found.list.len(), found.more), (700, 0));
    assert_eq!((found.list[0].causes.len(), found.list[0].more), (20, 10));
}
