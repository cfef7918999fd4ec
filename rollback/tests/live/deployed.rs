//! Deployments: one that succeeds, and each way to fail.

use crate::shop::{Shop, record};
use serde_json::json;

#[test]
fn a_deployment_that_ends_well_is_a_release() {
    let shop = Shop::open();
    let seen = shop.deploy("v2");
    assert_eq!(seen.code, Some(0), "{}", seen.stderr);
    let after = shop.seen();
    assert!(after.answer.contains("THREE"), "{}", after.answer);
    assert!(!after.maintenance);
    let recorded = record(&seen, "record");
    assert_eq!(recorded["data"]["version"], "v2");
    assert_eq!(recorded["data"]["from"]["version"], "v1");
    let changes = recorded["data"]["changes"].as_array().unwrap();
    assert_eq!(changes[0]["commit"], recorded["data"]["git_commit"]);
    assert!(changes.iter().all(|change| change["at"].is_string()));
    assert_eq!(shop.journal(), "");

    let list = shop.rollback("--list");
    let rows: Vec<_> = list
        .records
        .iter()
        .filter(|record| record["data"]["status"].is_string())
        .map(|record| json!([record["data"]["version"], record["data"]["status"]]))
        .collect();
    assert_eq!(rows, [json!(["v2", "serving"]), json!(["v1", "complete"])]);
}

#[test]
fn a_release_that_fails_its_smoke_test_gives_way_to_the_one_before() {
    let shop = Shop::open();
    assert_eq!(shop.deploy("v2").code, Some(0));
    shop.redis(&["set", "visits", "41"]);
    let before = shop.seen();
    let failed = shop.deploy("v3");
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(shop.seen(), before);
    let returned = record(&failed, "rollback");
    assert_eq!(returned["status"], "ok");
    assert!(returned["data"]["downtime_ms"].as_u64() > Some(0));
    assert_eq!(record(&failed, "record")["status"], "skip");
    // A release that failed is no way back.
    let planned = shop.rollback("--dry-run");
    assert_eq!(planned.data()["to"]["version"], "v1");
}

#[test]
fn a_container_that_dies_gives_way() {
    gives_way("v4-dies", "healthcheck");
}

#[test]
fn a_migration_that_fails_half_way_gives_way() {
    gives_way("v5-migrates-half", "migrate");
}

fn gives_way(version: &str, failing: &str) {
    let shop = Shop::open();
    let before = shop.seen();
    let failed = shop.deploy(version);
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(record(&failed, failing)["status"], "fail");
    assert_eq!(shop.seen(), before);
    assert_eq!(shop.journal(), "");
}

#[test]
fn a_build_that_fails_disturbs_nothing() {
    let shop = Shop::open();
    shop.git(&["checkout", "--quiet", "v6-no-build"]);
    shop.project.write(
        "services/api/Dockerfile",
        "FROM sextant-dev/api:latest\nRUN false\n",
    );
    shop.git(&["commit", "--quiet", "--all", "--message", "no build"]);
    shop.git(&["tag", "--force", "v6-no-build"]);
    shop.git(&["checkout", "--quiet", "v1"]);
    let before = shop.seen();
    let containers = shop.project.compose(&["ps", "--quiet"]);
    let failed = shop.deploy("v6-no-build");
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    let data = &record(&failed, "rollback")["data"];
    // What was written meanwhile stays: nothing can have changed the data.
    assert_eq!(data["data"], json!(null));
    assert_eq!(shop.seen(), before);
    assert_eq!(shop.project.compose(&["ps", "--quiet"]), containers);
}
