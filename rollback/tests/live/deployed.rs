//! Deployments: one that succeeds, and one that fails before anything is changed.

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
