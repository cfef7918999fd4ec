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
