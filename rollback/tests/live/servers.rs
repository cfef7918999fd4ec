//! Releases between which PostgreSQL's major version changed.

use crate::shop::Shop;
use serde_json::json;
use toolkit::testing::{Compose, Seen};

/// A deployment that fills the new server from the set of the old one.
const MOVES: &str = r#"
rollback --prepare </dev/null | rollback --maintenance on | backup \
  | step checkout -- git checkout --quiet "$1" | step build | step drain \
  | step fresh -- sh -c "$2" | step up \
  | healthcheck --no-alert --wait 60s postgres redis | restore database --yes \
  | healthcheck --no-alert --wait 60s container http | smoketest | rollback --maintenance off \
  | rollback --if failure --force | rollback --record
"#;

/// Commits a release whose Compose file has `change` for `from`.
fn release(shop: &Shop, version: &str, on: &str, changes: &[(&str, &str)]) {
    shop.git(&["checkout", "--quiet", on]);
    let path = shop.project.folder().join("compose.yaml");
    let mut file = std::fs::read_to_string(&path).unwrap();
    for (from, to) in changes {
        assert!(file.contains(from), "{from}");
        file = file.replace(from, to);
    }
    shop.project.write("compose.yaml", &file);
    shop.git(&["commit", "--quiet", "--all", "--message", version]);
    shop.git(&["tag", version]);
}

fn moves(shop: &Shop, version: &str, fresh: &str) {
    let moved = Seen::run(&mut shop.shell(MOVES, &[version, fresh]));
    assert_eq!(moved.code, Some(0), "{}", moved.stderr);
}

#[test]
fn a_server_is_returned_to_on_the_volume_that_it_had() {
    let shop = Shop::of(Compose::V2, "15");
    let first = shop.seen();
    let newer = [
        ("postgres:15", "postgres:17"),
        ("postgres-data", "postgres-data-17"),
    ];
    release(&shop, "v8", "v7", &newer);
    release(&shop, "v9", "v8", &[("postgres:17", "postgres:15")]);
    shop.git(&["checkout", "--quiet", "v1"]);

    // Its new server is empty, and so it fails.
    let failed = shop.deploy("v8");
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    assert_eq!(shop.seen(), first);

    // What the old volume has by then is not what is returned to.
    moves(
        &shop,
        "v8",
        "docker compose exec -T postgres psql -qU shop -c 'DELETE FROM items'",
    );
    shop.sql("INSERT INTO items VALUES (8, 'written since')");
    let eighth = shop.seen();
    assert!(shop.sql("SHOW server_version").starts_with("17."));
    let refused = shop.rollback("--force --keep-database v1");
    assert_eq!((refused.code, refused.reason()), (Some(2), "other_volume"));
    let plan = shop.rollback("--dry-run v1");
    assert_eq!(plan.data()["plan"]["servers"], json!(["postgres"]));
    let back = shop.rollback("--force v1");
    assert_eq!(back.code, Some(0), "{}", back.stderr);
    assert_eq!(shop.seen(), first);
    assert!(shop.sql("SHOW server_version").starts_with("15."));
    let forth = shop.rollback("--undo --force");
    assert_eq!(forth.code, Some(0), "{}", forth.stderr);
    assert_eq!(shop.seen(), eighth);

    // The volume is given to the other one: no way back.
    let fresh =
        "docker compose rm -sf postgres && docker volume rm $(basename $PWD)_postgres-data-17";
    moves(&shop, "v9", fresh);
    let ninth = shop.seen();
    let refused = shop.rollback("--force v8");
    assert_eq!((refused.code, refused.reason()), (Some(2), "other_server"));
    let said = "`postgres` is PostgreSQL 15, and 17 on the same volume in v8";
    assert!(refused.message().starts_with(said), "{}", refused.message());
    assert!(refused.hint().contains("`restore`"), "{}", refused.hint());
    assert_eq!((shop.seen(), shop.journal()), (ninth, String::new()));
}
