//! Servers without Compose: `DATABASE_URL` and `REDIS_URL`.

use crate::{BACKUP, gunzip, info, made, nothing_half_made, older, part, shop};
use serde_json::json;
use std::process::Command;
use toolkit::testing::secret::url_encoded;
use toolkit::testing::{Place, Seen, Stack};

/// `backup` in a folder without Compose, told where the servers of `stack` are.
pub(crate) fn direct(place: &Place, stack: &Stack, database: &str) -> Command {
    let (postgres, redis) = (stack.address("postgres"), stack.address("redis"));
    let mut command = place.tool(BACKUP);
    let password = url_encoded(stack.database_password());
    command.env(
        "DATABASE_URL",
        format!("postgres://app:{password}@{postgres}:5432/{database}"),
    );
    let password = url_encoded(stack.redis_password());
    command.env("REDIS_URL", format!("redis://:{password}@{redis}:6379/0"));
    command
}

#[test]
fn the_servers_of_two_urls_are_saved() {
    let stack = older();
    let place = Place::new();
    stack.create_shop("direct");
    let seen = Seen::run(&mut direct(&place, &stack, "direct")).succeeded();
    let set = made(&seen);
    let info = info(&set);
    let names: Vec<_> = info["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| &part["name"])
        .collect();
    assert_eq!(names, ["database", "globals", "redis"]);
    assert_eq!(
        (&info["project"], &info["images"]),
        (&json!("app"), &json!({}))
    );
    assert!(info.get("compose_sha256").is_none());
    assert_eq!(part(&info, "redis")["redis"]["databases"]["0"]["keys"], 56);
    stack.create("direct again", "");
    stack.load("direct again", &gunzip(&set.join("database.sql.gz")));
    assert_eq!(stack.dump("direct again"), stack.dump("direct"));
}

#[test]
fn an_older_pg_dump_is_refused_before_anything_is_written() {
    let stack = shop();
    let place = Place::new();
    let seen = Seen::run(direct(&place, &stack, "whole").arg("database"));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "pg_dump_too_old"),
        "{seen:?}"
    );
    assert!(
        seen.message().contains("`pg_dump` 15."),
        "{}",
        seen.message()
    );
    assert!(
        seen.hint().contains("`postgresql-client-17`"),
        "{}",
        seen.hint()
    );
    assert!(nothing_half_made(&place));
    let seen = Seen::run(direct(&place, &stack, "whole").arg("globals"));
    assert_eq!(seen.reason(), "pg_dump_too_old");
}

#[test]
fn each_way_not_to_be_let_in_has_its_reason() {
    let stack = older();
    let place = Place::new();
    let (postgres, redis) = (stack.address("postgres"), stack.address("redis"));
    for (variable, url, reason) in [
        (
            "DATABASE_URL",
            format!("postgres://app:wrong-word@{postgres}/whole"),
            "pg_auth",
        ),
        (
            "DATABASE_URL",
            format!("postgres://nobody:wrong-word@{postgres}/whole"),
            "pg_auth",
        ),
        (
            "DATABASE_URL",
            format!("postgres://app:wrong-word@{postgres}:1/whole"),
            "pg_unreachable",
        ),
        (
            "DATABASE_URL",
            "postgres://app:wrong-word@nowhere.invalid/whole".to_owned(),
            "pg_unreachable",
        ),
        (
            "REDIS_URL",
            format!("redis://:wrong-word@{redis}"),
            "redis_auth",
        ),
        ("REDIS_URL", format!("redis://{redis}"), "redis_auth"),
        (
            "REDIS_URL",
            format!("redis://:wrong-word@{redis}:1"),
            "redis_unreachable",
        ),
    ] {
        let seen = Seen::run(place.tool(BACKUP).env(variable, &url));
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(1), reason),
            "{url}: {seen:?}"
        );
        assert!(!seen.hint().is_empty(), "{seen:?}");
        assert!(!format!("{seen:?}").contains("wrong-word"), "{seen:?}");
        assert!(nothing_half_made(&place));
    }
    let seen = Seen::run(&mut direct(&place, &stack, "missing"));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "pg_no_database"),
        "{seen:?}"
    );
}
