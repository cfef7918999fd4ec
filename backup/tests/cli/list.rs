//! `--list` and `--fresh`: which sets there are, and how old they are.

use crate::made::{self, stamp_of};
use crate::{backup, place, shown};
use serde_json::Value;
use std::fs;

#[test]
fn each_set_is_shown_as_what_it_is_the_newest_first() {
    let place = place();
    made::set(&place, "20261118_020000");
    let damaged = made::set(&place, "20261119_020000");
    fs::write(damaged.join("uploads.tar.gz"), "short").unwrap();
    let partial = made::set(&place, "20261120_020000");
    fs::remove_file(partial.join("deployment-info.json")).unwrap();
    let foreign = made::set(&place, "20261121_020000");
    fs::write(
        foreign.join("deployment-info.json"),
        r#"{"version":"v9","status":"success"}"#,
    )
    .unwrap();
    made::set(&place, ".20261122_020000.partial");
    made::flat(&place, "app", "20261123_020000");
    fs::create_dir(place.backups().join("holiday-photos")).unwrap();

    let seen = backup(&place, &["--list"]).succeeded();
    let of = |record: &Value| {
        let data = &record["data"];
        format!(
            "{} {} {}",
            record["name"].as_str().unwrap(),
            record["status"].as_str().unwrap(),
            data["status"].as_str().unwrap_or("-")
        )
    };
    let listed: Vec<_> = seen.records.iter().map(of).collect();
    assert_eq!(
        listed,
        [
            "backup running -",
            "app-20261123_020000 ok complete",
            ".20261122_020000.partial warn partial",
            "20261121_020000 warn foreign",
            "20261120_020000 warn partial",
            "20261119_020000 warn damaged",
            "20261118_020000 ok complete",
            "backup ok -",
        ]
    );
    let complete = &seen.records[6]["data"];
    assert_eq!(
        complete["path"],
        place.backups().join("20261118_020000").to_str().unwrap()
    );
    assert_eq!(complete["version"], "v1.2.3");
    assert_eq!(complete["date"], "2026-11-18T02:00:00+00:00");
    assert_eq!(complete["parts"], serde_json::json!(["uploads"]));
    assert_eq!(complete["proven"], Value::Null);
    let whole = fs::metadata(place.backups().join("20261118_020000/deployment-info.json"))
        .unwrap()
        .len();
    assert_eq!(complete["bytes"], whole + made::BYTES.len() as u64);
    assert_eq!(
        seen.records[5]["data"]["why"],
        format!(
            "`uploads.tar.gz` has 5 bytes instead of {}",
            made::BYTES.len()
        )
    );
    assert_eq!(
        seen.records[1]["data"]["path"],
        place
            .backups()
            .join("app-20261123_020000.tar.gz")
            .to_str()
            .unwrap()
    );
    assert!(
        seen.last()["summary"]
            .as_str()
            .unwrap()
            .starts_with("2 complete of 6 sets, ")
    );
    assert_eq!(place.history(), "", "a question is no event");
}

#[test]
fn people_get_a_table() {
    let place = place();
    assert!(shown(&place, &["--list"]).contains("0 complete of 0 sets"));
    made::set_of(&place, &stamp_of(26), "app", &["database", "redis"]);
    let table = shown(&place, &["--list"]);
    let mut lines = table.lines();
    let words: Vec<_> = lines.next().unwrap().split_whitespace().collect();
    assert_eq!(words, ["DATE", "VERSION", "SIZE", "STATUS", "AGE", "PARTS"]);
    let line = lines.next().unwrap();
    assert!(line.contains(&stamp_of(26)[..8]), "{table}");
    assert!(
        line.contains("v1.2.3") && line.contains("complete"),
        "{table}"
    );
    assert!(
        line.contains("1 d 2 h") && line.trim_end().ends_with("database redis"),
        "{table}"
    );
}

#[test]
fn a_hostile_proof_is_damage_and_nothing_else() {
    let place = place();
    let deep = "[".repeat(100_000);
    for (hour, proof) in [
        "",
        "{",
        "[]",
        "\u{0}",
        &deep,
        r#"{"format":1,"parts":[{"name":"x","file":"../../etc/passwd","bytes":1,"sha256":"","raw_bytes":1,"ms":1,"files":{}}]}"#,
        r#"{"format":1,"parts":[{"name":"x","file":"x","bytes":1,"sha256":"","raw_bytes":1,"ms":1,"members":[[4294967296,1]],"files":{}}]}"#,
        r#"{"format":1,"parts":[{"name":"x","file":"gone.sql.gz","bytes":1,"sha256":"","raw_bytes":1,"ms":1,"files":{}}]}"#,
        r#"{"format":1,"date":"tomorrow","parts":7}"#,
    ]
    .iter()
    .enumerate()
    {
        let set = made::set(&place, &format!("20261120_{hour:02}0000"));
        fs::write(set.join("deployment-info.json"), proof).unwrap();
    }
    let seen = backup(&place, &["--list"]).succeeded();
    let states: Vec<_> = seen
        .records
        .iter()
        .filter_map(|record| record["data"]["status"].as_str())
        .collect();
    assert_eq!(states, ["damaged"; 9]);
    assert_eq!(backup(&place, &["--fresh", "1h"]).reason(), "stale");
    assert_eq!(backup(&place, &["--check"]).reason(), "no_set");
}

#[test]
fn only_a_complete_set_is_fresh() {
    let place = place();
    let seen = backup(&place, &["--fresh", "26h"]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "stale"));
    assert_eq!(seen.hint(), "run `backup`");

    made::set(&place, &stamp_of(25));
    let seen = backup(&place, &["--fresh", "26h"]).succeeded();
    let age = seen.data()["age_s"].as_u64().unwrap();
    assert!((25 * 3600..26 * 3600).contains(&age), "{age}");

    // Younger, and of no use.
    let damaged = made::set(&place, &stamp_of(1));
    fs::remove_file(damaged.join("uploads.tar.gz")).unwrap();
    made::set(&place, &format!(".{}.partial", stamp_of(0)));
    let seen = backup(&place, &["--fresh", "24h"]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "stale"));
    let words = "is 1 d 1 h old; 1 d 0 h are allowed";
    assert!(seen.message().contains(words), "{}", seen.message());
}
