//! Large tables, which several connections copy.

use crate::{backup, gunzip, info, made, part, shop};
use serde_json::json;
use toolkit::testing::Stack;

/// A shop with a table of about 90 MiB, which nothing else is busy with.
fn create(stack: &Stack, database: &str) {
    stack.create_shop(database);
    let sql = "CREATE TABLE shop.large WITH (autovacuum_enabled = false) AS \
        SELECT i, repeat(md5(i::text), 30) AS pad FROM generate_series(1, 90000) AS i";
    stack.sql(database, sql);
}

#[test]
fn they_are_copied_by_connections_of_their_own() {
    let stack = shop();
    let place = stack.place();
    create(&stack, "large");
    for jobs in [1, 2] {
        let number = jobs.to_string();
        let args = ["database", "--database", "large", "--jobs", &number];
        let seen = backup(&place, &args).succeeded();
        let saved = &seen.data()["parts"][0];
        let copying = &saved["database"]["copying"];
        assert_eq!(copying, &json!({ "connections": jobs, "tables": 1 }));
        assert_eq!(saved["database"]["counts"]["rows"]["shop.large"], 90_000);
        assert!(saved.get("tables").is_none(), "an index for programs");

        let set = made(&seen);
        let info = info(&set);
        let table = &part(&info, "database")["tables"][0];
        assert_eq!(table["table"], "shop.large");
        assert_eq!(table["copy"], "COPY shop.large (i, pad) FROM stdin;");
        let ranges = table["ranges"].as_array().unwrap();
        let rows: u64 = ranges.iter().map(|range| range[2].as_u64().unwrap()).sum();
        assert_eq!(rows, 90_000);
        assert!(ranges.len() > 10, "{ranges:?}");
        let text = gunzip(&set.join("database.sql.gz"));
        let text = String::from_utf8_lossy(&text);
        for word in ["\\restrict ", "\\unrestrict ", "COPY shop.large "] {
            let lines = text.lines().filter(|line| line.starts_with(word));
            // A function of the shop's has such a line of its own.
            let lines = lines.filter(|line| *line != "\\restrict abc");
            assert_eq!(lines.count(), 1, "{word}");
        }
    }
}
