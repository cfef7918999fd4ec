//! A set whose large tables were copied by several connections.

use crate::{restore, saved, shop, text};

#[test]
fn it_is_restored_as_any_other() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("large");
    let make = "CREATE TABLE shop.large AS \
        SELECT i, repeat(md5(i::text), 30) AS pad FROM generate_series(1, 90000) AS i";
    stack.sql("large", make);
    let set = saved(&place, "large");
    let info = std::fs::read_to_string(set.join("deployment-info.json")).unwrap();
    assert!(
        info.contains(r#""table": "shop.large""#),
        "not copied apart"
    );

    let args = [text(&set), "database", "--into", "large_copy", "--yes"];
    let seen = restore(&place, &args).succeeded();
    assert_eq!(seen.last()["status"], "ok", "{seen:#?}");
    let hash = "SELECT md5(string_agg(i || pad, '' ORDER BY i)) FROM shop.large";
    assert_eq!(stack.sql("large", hash), stack.sql("large_copy", hash));
    // Without its proof, the text alone is a whole dump too.
    let dump = set.join("database.sql.gz");
    let alone = place.folder().join("alone.sql.gz");
    std::fs::copy(dump, &alone).unwrap();
    let args = [text(&alone), "--into", "large_alone", "--yes"];
    let _ = restore(&place, &args).succeeded();
    assert_eq!(stack.sql("large", hash), stack.sql("large_alone", hash));
}
