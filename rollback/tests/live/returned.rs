//! Rollbacks by hand, and back again.

use crate::shop::Shop;

#[test]
fn two_releases_back_and_forth_with_their_data() {
    let shop = Shop::open();
    shop.redis(&["set", "visits", "1"]);
    let first = shop.seen();
    assert_eq!(shop.deploy("v2").code, Some(0));
    assert_eq!(shop.deploy("v7").code, Some(0));
    shop.sql("INSERT INTO items VALUES (8, 'written since')");
    shop.redis(&["set", "visits", "3"]);
    let last = shop.seen();

    let plan = shop.rollback("--dry-run v1");
    assert_eq!(plan.code, Some(0), "{}", plan.stderr);
    assert_eq!(plan.data()["point_of_no_return"], "data");
    assert!(plan.data()["plan"]["data"]["made"].is_string());
    assert_eq!(shop.seen(), last);

    let back = shop.rollback("--force v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(shop.seen(), first);

    let forth = shop.rollback("--undo --force");
    assert_eq!(forth.code, Some(0), "{}", forth.stderr);
    assert_eq!(shop.seen(), last);

    let kept = shop.rollback("--force --keep-database v2");
    assert_eq!(kept.code, Some(0), "{}", kept.stderr);
    let now = shop.seen();
    assert_eq!((now.rows, now.visits), (last.rows, last.visits));
    assert!(shop.get("/version").contains("v2"));
}

#[test]
fn one_service_alone() {
    let shop = Shop::open();
    assert_eq!(shop.deploy("v2").code, Some(0));
    let before = shop.seen();
    let others = |shop: &Shop| {
        shop.project
            .compose(&["ps", "--quiet", "worker", "postgres", "redis"])
    };
    let containers = others(&shop);
    let back = shop.rollback("--force --service api v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    let after = shop.seen();
    assert!(shop.get("/version").contains("v1"));
    assert_eq!((&after.rows, &after.commit), (&before.rows, &before.commit));
    assert_ne!(after.images[0], before.images[0]);
    assert_eq!(others(&shop), containers);
    let code = shop.git(&["status", "--porcelain"]);
    assert_eq!(code, "M  services/api/release.json");
}

#[test]
fn an_image_that_was_pruned_is_built_anew() {
    let shop = Shop::open();
    let first = shop.seen();
    assert_eq!(shop.deploy("v2").code, Some(0));
    let tags = shop.project.said(
        "docker",
        &["images", "--format", "{{.Repository}}:{{.Tag}}"],
    );
    let kept = format!("sextant-release/{}:", shop.project.name());
    let serving = shop.seen().images;
    for tag in tags.lines().filter(|tag| tag.starts_with(&kept)) {
        let id = shop
            .project
            .said("docker", &["image", "inspect", "--format", "{{.Id}}", tag]);
        if !serving.iter().any(|image| image.starts_with(&id)) {
            shop.project
                .said("docker", &["image", "rm", "--force", tag]);
        }
    }
    let list = shop.rollback("--list");
    assert!(
        list.records
            .iter()
            .any(|record| record["data"]["status"] == "image missing")
    );
    let back = shop.rollback("--force v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    let now = shop.seen();
    assert_eq!((now.rows, now.commit), (first.rows, first.commit));
    assert!(shop.get("/version").contains("v1"));
}
