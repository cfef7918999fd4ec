//! Several databases, and such as are not in UTF-8.

use crate::{backup, gunzip, info, made, shop};
use serde_json::json;
use std::fs;
use toolkit::testing::Stack;

const SEVERAL: &str = "Two \"of\" 3; é/..";

/// Each database that a set holds restores by hand to the same.
fn all_come_back(stack: &Stack, set: &std::path::Path) {
    for part in info(set)["parts"].as_array().unwrap() {
        let name = part["database"]["database"].as_str().unwrap();
        let properties = &part["database"]["properties"];
        let copy = format!("{name} again");
        let options = format!(
            "TEMPLATE template0 ENCODING '{}' LC_COLLATE '{}' LC_CTYPE '{}'",
            properties["encoding"].as_str().unwrap(),
            properties["collate"].as_str().unwrap(),
            properties["ctype"].as_str().unwrap(),
        );
        stack.create(&copy, &options);
        let file = set.join(part["file"].as_str().unwrap());
        stack.load(&copy, &gunzip(&file));
        assert_eq!(stack.dump(&copy), stack.dump(name), "{name}");
    }
}

fn files(set: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(set).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.contains(".sql.")).collect();
    names.sort();
    names
}

#[test]
fn those_that_are_named() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("one");
    stack.create(SEVERAL, "");
    stack.sql(SEVERAL, "CREATE TABLE \"t\" AS SELECT 'it''s' AS a");
    let seen = backup(
        &place,
        &["database", "--database", "one", "--database", SEVERAL],
    );
    let set = made(&seen.succeeded());
    assert_eq!(
        files(&set),
        [
            "database-Two%20%22of%22%203%3B%20%C3%A9%2F%2E%2E.sql.gz",
            "database-one.sql.gz"
        ]
    );
    all_come_back(&stack, &set);

    let missing = backup(
        &place,
        &["database", "--database", "one", "--database", "missing"],
    );
    assert_eq!(
        (missing.code, missing.reason()),
        (Some(1), "pg_no_database"),
        "{missing:?}"
    );
    assert_eq!(
        fs::read_dir(place.backups()).unwrap().count(),
        1,
        "all or nothing"
    );
}

/// A server of its own: nobody else creates databases there.
#[test]
fn every_one_of_the_server_in_any_encoding() {
    let stack = Stack::start();
    let place = stack.place();
    for (name, encoding) in [("latin", "LATIN1"), ("ascii", "SQL_ASCII")] {
        stack.create(
            name,
            &format!("TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"),
        );
    }
    stack.load(
        "latin",
        b"SET client_encoding = 'LATIN1';
        CREATE TABLE \"caf\xe9\" (\"na\xefve\" text);
        INSERT INTO \"caf\xe9\" VALUES ('\xe9t\xe9'), ('\xa7');",
    );
    // No encoding at all: any bytes.
    stack.load(
        "ascii",
        b"CREATE TABLE bytes (a text); INSERT INTO bytes VALUES ('\xe9\xff\xfe'), ('\xc3\xa9');",
    );
    stack.create("closed", "ALLOW_CONNECTIONS false");
    stack.create("stencil", "IS_TEMPLATE true");
    let set = made(&backup(&place, &["database", "--all-databases"]).succeeded());
    let names = ["ascii", "latin", "postgres", "shop"];
    assert_eq!(
        files(&set),
        names.map(|name| format!("database-{name}.sql.gz"))
    );
    let info = info(&set);
    let latin = &info["parts"][1]["database"];
    assert_eq!(latin["properties"]["encoding"], "LATIN1");
    assert_eq!(latin["counts"]["rows"], json!({"public.\"caf\\xe9\"": 2}));
    all_come_back(&stack, &set);

    // What cannot be named in a statement is told, not left out.
    stack.load("ascii", b"CREATE TABLE \"caf\xe9\" ()");
    let seen = backup(&place, &["database", "--database", "ascii"]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "pg_name_encoding"),
        "{seen:?}"
    );

    // The same, by configuration.
    let configured = "[database]\nall = true\n[backup]\nparts = [\"database\"]\n";
    fs::write(stack.folder().join("sextant.toml"), configured).unwrap();
    let seen = backup(&place, &["--dry-run"]).succeeded();
    let parts = seen.data()["parts"].as_array().unwrap().iter();
    let planned: Vec<_> = parts.map(|part| part["name"].as_str().unwrap()).collect();
    // The copies are there too by now.
    assert_eq!(planned.len(), 2 * names.len(), "{planned:?}");
    assert!(planned.contains(&"database-latin"), "{planned:?}");
}
