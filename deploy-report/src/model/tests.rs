//! What a report says of records.

use super::verdict::Outcome;
use super::*;
use serde_json::{Value, json};

fn record(tool: &str, name: &str, status: &str, at: &str, ms: u64, data: &Value) -> Record {
    let mut record = json!({
        "v": 1, "run": "r", "tool": tool, "name": name, "status": status, "at": at, "ms": ms,
        "host": "prod-01", "project": "shop", "summary": format!("{tool} {name}"), "data": data,
    });
    if status == "fail" {
        record["error"] = json!({"reason": "broken", "message": "it broke", "hint": "mend it"});
    }
    serde_json::from_value(record).unwrap()
}

fn report(records: Vec<Record>) -> Report {
    Report::of(&Read {
        records,
        ..Read::default()
    })
}

fn at(second: u32) -> String {
    format!("2026-11-20T10:00:{second:02}.000Z")
}

fn prepare() -> Record {
    let data = json!({
        "release": "20261120_100000", "version": "v1", "git_commit": "aa", "by": "zoe",
        "services": {"api": {"id": "sha256:0a", "name": "shop-api", "tag": "kept:api"},
                     "db": {"id": "sha256:0b", "name": "postgres:17", "tag": null}},
    });
    record("rollback", "prepare", "ok", &at(1), 500, &data)
}

fn recorded() -> Record {
    let data = json!({
        "release": "20261120_100020", "version": "v2", "git_commit": "bb",
        "from": {"release": "20261120_100000", "version": "v1", "git_commit": "aa"},
        "set": "/backups/1",
    });
    record("rollback", "record", "ok", &at(20), 100, &data)
}

fn backup() -> Record {
    let data = json!({"path": "/backups/1", "bytes": 2088, "version": "v1", "parts": []});
    record("backup", "backup", "ok", &at(5), 3000, &data)
}

#[test]
fn nothing_is_no_success() {
    let report = report(Vec::new());
    assert_eq!(report.verdict.outcome, Outcome::Empty);
    assert!(report.is_empty());
}

#[test]
fn a_deployment_goes_from_one_release_to_another() {
    let report = report(vec![prepare(), backup(), recorded()]);
    assert_eq!(report.verdict.outcome, Outcome::Succeeded);
    assert_eq!(report.kind, Kind::Deployment);
    let version = |release: &Option<release::Release>| {
        release.as_ref().and_then(|release| release.version.clone())
    };
    assert_eq!(version(&report.change.from).as_deref(), Some("v1"));
    assert_eq!(version(&report.change.to).as_deref(), Some("v2"));
    assert_eq!(version(&report.change.serving).as_deref(), Some("v2"));
    assert_eq!(report.by.as_deref(), Some("zoe"));
    let back = report.way_back.unwrap();
    assert_eq!((back.kept, back.images.len()), (1, 2));
    assert_eq!(back.set.as_deref(), Some("/backups/1"));
    assert_eq!(back.proven, None, "nobody tried to restore it");
    assert_eq!(report.time.ms, Some(19_500));
    assert_eq!(report.steps[1].offset_ms, Some(1500));
}

#[test]
fn what_was_prepared_and_has_no_end_is_unfinished() {
    let report = report(vec![prepare(), backup()]);
    assert_eq!(report.verdict.outcome, Outcome::Unfinished);
    assert_eq!(report.change.serving, None);
}

#[test]
fn what_was_seen_before_a_rollback_no_longer_serves() {
    let check = |second: u32, state: &str| {
        let containers = json!([{"name": "shop-api-1", "state": state, "image": "shop-api:2",
                                 "started": at(0), "memory": 100}]);
        let data = json!({"checks": [{
            "name": "container:api", "kind": "container", "status": "ok", "ms": 3,
            "observed": "healthy", "expected": "it runs", "facts": {"containers": containers},
            "measures": [{"name": "memory_used", "value": 25, "unit": "percent"}],
        }]});
        record("healthcheck", "healthcheck", "ok", &at(second), 10, &data)
    };
    let failed = record(
        "smoketest",
        "smoketest",
        "fail",
        &at(11),
        10,
        &json!({"steps": []}),
    );
    let from = json!({"release": "2", "version": "v2", "git_commit": "bb"});
    let to = json!({"release": "1", "version": "v1", "git_commit": "aa"});
    let data = json!({"from": from, "to": to, "downtime_ms": 900});
    let back = record("rollback", "rollback", "ok", &at(30), 15_000, &data);
    let piped = report(vec![
        prepare(),
        check(10, "running"),
        failed.clone(),
        back.clone(),
    ]);
    assert_eq!(piped.verdict.outcome, Outcome::RolledBack);
    assert_eq!(piped.verdict.exit, 3);
    let service = &piped.services[0];
    assert!(service.superseded);
    assert_eq!(service.uptime_ms, Some(10_000));
    assert_eq!(service.memory_limit, Some(400.0));
    assert_eq!(service.version.as_deref(), Some("2"));
    // The history has the check that the rollback called, too.
    let nested = check(25, "running");
    let whole = report(vec![prepare(), check(10, "running"), failed, nested, back]);
    assert!(!whole.services[0].superseded);
    let nested: Vec<_> = whole.steps.iter().map(|step| step.nested).collect();
    assert_eq!(nested, [false, false, false, true, false]);
}

#[test]
fn each_fault_is_told_once_with_its_remedy() {
    let data = json!({"checks": [
        {"name": "disk:/", "kind": "disk", "status": "warn", "ms": 1, "observed": "85 % used",
         "expected": "less", "reason": "disk_full", "hint": "free some",
         "also": [{"level": "fail", "reason": "inodes", "observed": "no inodes", "expected": ""}]},
    ], "warnings": ["the file was not written"]});
    let mut checked = record("healthcheck", "healthcheck", "warn", &at(3), 10, &data);
    checked.error = Some(toolkit::record::Problem {
        reason: "checks_warn".into(),
        message: "1 of 1 checks warns".into(),
        hint: None,
    });
    let step = record(
        "step",
        "up",
        "fail",
        &at(4),
        10,
        &json!({"lines": ["a", "b"]}),
    );
    let report = report(vec![checked, step]);
    let told: Vec<_> = report
        .notices
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "no inodes",
            "it broke",
            "85 % used",
            "the file was not written"
        ]
    );
    assert_eq!(report.notices[1].hint.as_deref(), Some("mend it"));
    assert_eq!(report.steps[1].lines, ["a", "b"]);
    assert_eq!(report.verdict.cause.unwrap().name, "up");
}

#[test]
fn what_a_record_holds_in_another_shape_is_no_panic() {
    for odd in [
        json!(null),
        json!(7),
        json!([1]),
        json!({"a": {}}),
        json!("x"),
    ] {
        let data = json!({
            "checks": odd, "steps": odd, "parts": [odd, {"database": {"counts": odd}}],
            "services": odd, "from": odd, "to": odd, "lines": odd, "warnings": odd,
            "measures": odd, "facts": odd, "path": odd, "data": odd, "tries": odd,
        });
        let mut records = Vec::new();
        for tool in [
            "backup",
            "restore",
            "healthcheck",
            "smoketest",
            "step",
            "rollback",
        ] {
            for name in ["prepare", "record", "rollback", "maintenance on"] {
                records.push(record(tool, name, "ok", "no time", u64::MAX, &data));
                records.push(record(tool, name, "ok", &at(2), u64::MAX, &odd));
            }
        }
        let report = report(records);
        assert_eq!(report.verdict.exit, 0);
    }
}

#[test]
fn a_command_to_be_copied_holds_no_other() {
    let containers = json!([{"name": "a; rm -rf /"}, {"name": "shop-api-1"}, {"name": "-x"}]);
    let data = json!({"checks": [{"name": "container:a", "kind": "container", "status": "ok",
                                  "facts": {"containers": containers}}]});
    let report = report(vec![record(
        "healthcheck",
        "healthcheck",
        "ok",
        &at(9),
        0,
        &data,
    )]);
    let commands: Vec<_> = report.logs.iter().map(|log| log.command.as_str()).collect();
    assert_eq!(
        commands,
        ["docker logs --since 2026-11-20T10:00:09Z shop-api-1"]
    );
}
