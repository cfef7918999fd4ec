//! `--undo` after each kind of rollback, and after each that failed.

use crate::shop::{Shop, Sight, record};
use std::fs;
use toolkit::testing::Seen;

fn undo(shop: &Shop) -> Seen {
    let undone = shop.rollback("--undo --force");
    assert_eq!(undone.code, Some(0), "{}", undone.stderr);
    assert_eq!(shop.journal(), "");
    undone
}

#[test]
fn of_what_was_done_by_hand() {
    let shop = Shop::open();
    shop.redis(&["set", "visits", "1"]);
    assert_eq!(shop.deploy("v2").code, Some(0));
    let refused = shop.rollback("--undo --force");
    assert_eq!((refused.code, refused.reason()), (Some(2), "no_rollback"));
    assert!(
        refused.message().contains("deployment"),
        "{}",
        refused.message()
    );

    keeps_what_was_written(&shop);
    one_service_alone(&shop);
    images_that_were_pruned(&shop);
    what_failed_half_way(&shop);
}

fn keeps_what_was_written(shop: &Shop) {
    let before = shop.seen();
    let kept = shop.rollback("--force --keep-database v1");
    assert_eq!(kept.code, Some(0), "{}", kept.stderr);
    shop.sql("INSERT INTO items VALUES (8, 'written since')");
    shop.redis(&["set", "visits", "2"]);
    let now = shop.seen();
    assert_ne!((&now.commit, &now.images), (&before.commit, &before.images));
    undo(shop);
    let expected = Sight {
        commit: before.commit,
        images: before.images,
        ..now
    };
    assert_eq!(shop.seen(), expected);
}

fn one_service_alone(shop: &Shop) {
    let before = shop.seen();
    let others = || {
        shop.project
            .compose(&["ps", "--quiet", "worker", "postgres", "redis"])
    };
    let containers = others();
    let code = || shop.git(&["status", "--porcelain"]);
    let serving = || {
        let status = shop.rollback("--status");
        let summary = status.last()["summary"].as_str().unwrap();
        summary.split(" (").next().unwrap().to_owned()
    };
    let go = |version: &str| {
        let gone = shop.rollback(&format!("--force --service api {version}"));
        assert_eq!(gone.code, Some(0), "{}", gone.stderr);
        assert!(shop.get("/version").contains(version));
    };
    go("v1");
    let after = shop.seen();
    assert_eq!((&after.rows, &after.commit), (&before.rows, &before.commit));
    assert_ne!(after.images[0], before.images[0]);
    assert_eq!(code(), "M  services/api/release.json");
    assert_eq!(serving(), "v2, `api` of v1");
    undo(shop);
    assert_eq!((shop.seen(), code()), (before.clone(), String::new()));
    assert_eq!(serving(), "v2");
    // Its image is the same in both: it is no other release.
    let same = shop.rollback("--force --service redis v1");
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    assert_eq!(serving(), "v2");
    // What it wrote itself is in its way no more than on the way back.
    go("v1");
    shop.project.write("services/api/release.json", "{}");
    let refused = shop.rollback("--force --service api v2");
    assert_eq!((refused.code, refused.reason()), (Some(2), "dirty_tree"));
    shop.git(&["checkout", "--quiet", "services"]);
    go("v2");
    assert_eq!((shop.seen(), code()), (before, String::new()));
    assert_eq!(others(), containers);
}

fn images_that_were_pruned(shop: &Shop) {
    let before = shop.seen();
    shop.prune();
    let list = shop.rollback("--list");
    let mut rows = list.records.iter();
    assert!(rows.any(|record| record["data"]["status"] == "image missing"));
    let back = shop.rollback("--force v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert!(shop.get("/version").contains("v1"));
    assert_eq!(shop.git(&["describe", "--tags"]), "v1");
    assert!(!shop.seen().rows.contains("THREE"), "data are v1's");
    undo(shop);
    assert_eq!(shop.seen(), before);
}

/// What was returned from half-way is where it was.
fn what_failed_half_way(shop: &Shop) {
    let before = shop.seen();
    let fails_at = |step: &str, code: i32| {
        let failed = shop.rollback("--force v1");
        assert_eq!(failed.code, Some(code), "{}", failed.stderr);
        assert_eq!(failed.data()["step"], step);
        let is_on = shop.project.folder().join("maintenance").exists();
        assert!(!is_on, "maintenance mode is on");
        assert_eq!(failed.data()["maintenance"], is_on);
        failed
    };
    // Somebody works in the repository.
    let lock = shop.project.folder().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    let failed = fails_at("code", 4);
    let hint = failed.hint();
    assert!(hint.contains("`rollback --undo`"), "{hint}");
    undo(shop);
    assert_eq!(shop.seen(), before);
    fs::remove_file(lock).unwrap();

    let plan = shop.rollback("--dry-run v1");
    let set = plan.data()["plan"]["data"]["set"].as_str().unwrap();
    let dump = std::path::Path::new(set).join("database.sql.gz");
    let mut damaged = fs::read(&dump).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    fs::write(&dump, damaged).unwrap();
    // It is found out before anything is stopped.
    let failed = fails_at("load", 2);
    let hint = failed.hint();
    assert!(hint.contains("nothing was touched"), "{hint}");
    assert_eq!((shop.seen(), shop.journal()), (before, String::new()));
    assert_eq!(shop.rollback("--status").reason(), "");
}

/// A deployment that fails is taken back; undone, its release is there again
/// with its data, and whether it serves is said.
#[test]
fn of_what_a_failed_deployment_made_necessary() {
    let shop = Shop::open();
    assert_eq!(shop.deploy("v2").code, Some(0));
    shop.redis(&["set", "visits", "41"]);
    let before = shop.seen();
    for (version, failing, serves) in [
        ("v3", "smoketest", false),
        ("v4-dies", "healthcheck", false),
        ("v5-migrates-half", "migrate", true),
    ] {
        let failed = shop.deploy(version);
        assert_eq!(failed.code, Some(3), "{version}: {}", failed.stderr);
        assert_eq!(record(&failed, failing)["status"], "fail", "{version}");
        assert_eq!(record(&failed, "record")["status"], "skip", "{version}");
        let returned = record(&failed, "rollback");
        assert_eq!(returned["status"], "ok", "{version}");
        // What died by itself was not stopped.
        let is_down = returned["data"]["downtime_ms"].as_u64() > Some(0);
        assert_eq!(is_down, version == "v3", "{version}");
        assert_eq!(shop.seen(), before, "{version}");
        assert_eq!(shop.journal(), "", "{version}");
        // A release that failed is no way back.
        let planned = shop.rollback("--dry-run");
        assert_eq!(planned.data()["to"]["version"], "v1", "{version}");

        let undone = shop.rollback("--undo --force");
        let now = shop.seen();
        assert_eq!(now.commit, shop.git(&["rev-parse", version]));
        assert_eq!(now.visits, "41");
        match version {
            "v3" => assert!(!now.rows.contains("ONE"), "{now:?}"),
            "v4-dies" => assert!(now.columns.contains("more"), "{now:?}"),
            _ => assert!(now.rows.contains("half"), "{now:?}"),
        }
        if serves {
            assert_eq!(undone.code, Some(0), "{}", undone.stderr);
            assert_eq!(undone.last()["status"], "warn");
            assert!(
                undone.message().contains("failed deployment"),
                "{}",
                undone.message()
            );
        } else {
            assert_eq!(undone.code, Some(4), "{}", undone.stderr);
            assert_eq!(undone.data()["step"], "verify");
        }
        // What failed there may have migrated half.
        assert_eq!(now.maintenance, !serves, "{version}");
        undo(&shop);
        assert_eq!(shop.seen(), before, "{version}");
    }
}
