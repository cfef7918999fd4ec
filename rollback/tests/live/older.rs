//! The same under `docker-compose` 1.29.

use crate::shop::Shop;
use toolkit::testing::Compose;

#[test]
fn deployed_returned_and_undone_by_docker_compose_1_29() {
    let shop = Shop::of(Compose::V1, "15");
    shop.redis(&["set", "visits", "1"]);
    let first = shop.seen();
    let deployed = shop.deploy("v2");
    assert_eq!(deployed.code, Some(0), "{}", deployed.stderr);
    shop.sql("INSERT INTO items VALUES (8, 'written since')");
    shop.redis(&["set", "visits", "2"]);
    let second = shop.seen();

    let back = shop.rollback("--force v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(shop.seen(), first);
    let forth = shop.rollback("--undo --force");
    assert_eq!(forth.code, Some(0), "{}", forth.stderr);
    assert_eq!(shop.seen(), second);

    let others =
        || ["worker", "postgres", "redis"].map(|name| shop.project.compose(&["ps", "-q", name]));
    let containers = others();
    let alone = shop.rollback("--force --service api v1");
    assert_eq!(alone.code, Some(0), "{}", alone.stderr);
    assert!(shop.get("/version").contains("v1"));
    let forth = shop.rollback("--undo --force");
    assert_eq!(forth.code, Some(0), "{}", forth.stderr);
    assert_eq!(shop.seen(), second);
    assert_eq!(others(), containers);

    let failed = shop.deploy("v3");
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(shop.seen(), second);
}
