//! What is refused before anything is touched.

use crate::shop::Shop;
use std::fs;
use toolkit::testing::{Seen, until};

#[test]
fn nothing_is_touched_when_the_way_back_is_not_whole() {
    let shop = Shop::open();
    assert_eq!(shop.deploy("v2").code, Some(0));
    let before = shop.seen();

    shop.project
        .write("services/api/app.py", "raise SystemExit\n");
    let dirty = shop.rollback("--force v1");
    assert_eq!((dirty.code, dirty.reason()), (Some(2), "dirty_tree"));
    assert!(
        dirty.message().contains("`services/api/app.py`"),
        "{}",
        dirty.message()
    );
    shop.git(&["checkout", "--quiet", "services"]);

    let unknown = shop.rollback("--force v9");
    assert_eq!((unknown.code, unknown.reason()), (Some(2), "no_release"));

    let nobody = shop.rollback("v1");
    assert_eq!((nobody.code, nobody.reason()), (Some(2), "no_terminal"));

    let set = fs::read_dir(shop.project.place().backups()).unwrap();
    let set = set.flatten().map(|entry| entry.path()).max().unwrap();
    fs::write(set.join("database.sql.gz"), "short").unwrap();
    let damaged = shop.rollback("--force v1");
    assert_eq!((damaged.code, damaged.reason()), (Some(2), "damaged_set"));
    assert_eq!(shop.seen(), before);
    assert_eq!(shop.journal(), "");
}

#[test]
fn one_deployment_at_a_time() {
    let shop = Shop::open();
    let waits = "rollback --prepare </dev/null | step wait -- sh -c 'touch begun; while [ ! -e go ]; do sleep 0.05; done' | rollback --record";
    let first = shop
        .shell(waits, &[])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    until("the first deployment works", || {
        shop.project.folder().join("begun").exists()
    });
    let second = Seen::run(&mut shop.shell("setsid --wait rollback --prepare", &[]));
    assert_eq!((second.code, second.reason()), (Some(75), "locked"));
    let by_hand = Seen::run(&mut shop.shell("setsid --wait rollback --force v1", &[]));
    assert_eq!((by_hand.code, by_hand.reason()), (Some(75), "locked"));
    shop.project.write("go", "");
    let first = Seen::of(&first.wait_with_output().unwrap());
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let third = shop.rollback("--prepare");
    assert_eq!(third.code, Some(0), "{}", third.stderr);
}
