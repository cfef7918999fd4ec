//! What is removed, and what never is.

use crate::made;
use crate::{backup, names, place, shown};
use std::fs;
use std::os::unix::fs::symlink;
use toolkit::testing::Place;

/// The name and the reasons of each set that a dry run keeps.
fn kept(place: &Place, args: &[&str]) -> Vec<String> {
    let before = names(place);
    let seen = backup(place, &[&["uploads", "--dry-run"], args].concat()).succeeded();
    assert_eq!(names(place), before, "a dry run changes nothing");
    let decisions = seen.data()["sets"].as_array().unwrap().iter();
    let kept = decisions.filter(|decision| decision["keep"] == true);
    let words = kept.map(|kept| {
        let reasons: Vec<_> = kept["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .map(|reason| reason.as_str().unwrap())
            .collect();
        format!("{}: {}", kept["name"].as_str().unwrap(), reasons.join(", "))
    });
    words.collect()
}

#[test]
fn a_dry_run_tells_what_would_happen_and_why() {
    let place = place();
    for stamp in [
        "20261110_020000",
        "20261118_020000",
        "20261119_020000",
        "20261119_140000",
        "20261120_020000",
    ] {
        made::set(&place, stamp);
    }
    assert_eq!(kept(&place, &[]).len(), 5);
    assert_eq!(
        kept(&place, &["--keep-daily", "2"]),
        [
            "20261119_140000: daily",
            "20261120_020000: newest complete set, daily"
        ]
    );
    assert_eq!(
        kept(
            &place,
            &[
                "--keep-last",
                "2",
                "--keep-weekly",
                "2",
                "--keep-within",
                "30h"
            ]
        ),
        [
            "20261110_020000: weekly",
            "20261119_020000: within 1day 6h",
            "20261119_140000: within 1day 6h, last",
            "20261120_020000: newest complete set, within 1day 6h, last, weekly",
        ]
    );
    assert_eq!(
        kept(&place, &["--keep-within", "0s"]),
        ["20261120_020000: newest complete set"]
    );
    let text = shown(&place, &["uploads", "--dry-run", "--keep-last", "1"]);
    assert!(
        text.contains("would save    uploads      uploads.tar.gz\n"),
        "{text}"
    );
    assert!(
        text.contains("would remove  20261119_140000  (no rule keeps it)\n"),
        "{text}"
    );
    assert!(
        text.contains("would keep    20261120_020000  (newest complete set, last)\n"),
        "{text}"
    );
    assert_eq!(place.history(), "");
}

#[test]
fn what_is_not_whole_counts_for_nothing() {
    let place = place();
    made::set(&place, "20261110_020000");
    made::set(&place, "20261111_020000");
    let damaged = made::set(&place, "20261119_020000");
    fs::write(damaged.join("uploads.tar.gz"), "").unwrap();
    let partial = made::set(&place, "20261120_020000");
    fs::remove_file(partial.join("deployment-info.json")).unwrap();
    assert_eq!(
        kept(&place, &["--keep-last", "1"]),
        ["20261111_020000: newest complete set, last"]
    );
}

#[test]
fn only_what_rules_may_judge_is_removed() {
    let place = place();
    made::set(&place, "20200101_020000");
    made::set(&place, "20200102_020000");
    made::flat(&place, "uploads", "20200101_030000");
    let damaged = made::set(&place, "20200103_020000");
    fs::write(damaged.join("uploads.tar.gz"), "").unwrap();
    let partial = made::set(&place, "20200104_020000");
    fs::remove_file(partial.join("deployment-info.json")).unwrap();
    let foreign = made::set(&place, "20200105_020000");
    fs::write(foreign.join("deployment-info.json"), "{}").unwrap();
    made::set_of(&place, "20200106_020000", "another", &["uploads"]);
    made::set_of(&place, "20200107_020000", "app", &["uploads", "database"]);
    let undated = made::set(&place, "20200108_020000");
    let proof = fs::read_to_string(undated.join("deployment-info.json")).unwrap();
    fs::write(
        undated.join("deployment-info.json"),
        proof.replace("2020-01-08", "a day"),
    )
    .unwrap();
    fs::create_dir(place.backups().join("20200109")).unwrap();
    fs::write(place.backups().join("notes-20200110_020000.txt"), "mine").unwrap();
    symlink(place.folder(), place.backups().join("20200111_020000")).unwrap();
    let before = names(&place);

    let seen = backup(&place, &["uploads", "--keep-last", "1"]).succeeded();
    assert_eq!(
        seen.data()["removed"],
        serde_json::json!(["20200101_020000", "20200102_020000"])
    );
    let made = seen.data()["path"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    let mut after = before;
    after.retain(|name| !["20200101_020000", "20200102_020000"].contains(&name.as_str()));
    after.push(made.to_owned());
    after.sort();
    assert_eq!(names(&place), after);
    assert!(
        seen.stderr
            .contains("removed `20200101_020000`: no rule keeps it\n"),
        "{}",
        seen.stderr
    );
    assert!(place.folder().join("sextant.toml").exists());
}

#[test]
fn flat_sets_are_judged_by_their_prefix() {
    let place = place();
    for prefix in ["daily", "monthly"] {
        made::flat(&place, prefix, "20200101_020000");
    }
    let seen = backup(&place, &["uploads", "--flat", "daily", "--keep-last", "1"]).succeeded();
    assert_eq!(
        seen.data()["removed"],
        serde_json::json!(["daily-20200101_020000"])
    );
    let left = names(&place);
    assert!(
        left.contains(&"monthly-20200101_020000.tar.gz".to_owned()),
        "{left:?}"
    );
    assert!(
        !left.iter().any(|name| name.starts_with("daily-2020")),
        "{left:?}"
    );
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn the_set_just_made_stays_whatever_an_older_clock_said() {
    let place = place();
    made::set(&place, "20990101_020000");
    let seen = backup(
        &place,
        &["uploads", "--keep-last", "1", "--keep-within", "30d"],
    )
    .succeeded();
    let made = seen.data()["path"].as_str().unwrap();
    assert!(fs::exists(made).unwrap(), "{:?}", names(&place));
    assert_eq!(seen.data()["removed"], serde_json::json!([]));
}

#[test]
fn nothing_is_removed_after_a_failure() {
    let place = place();
    made::set(&place, "20200101_020000");
    made::set(&place, "20200102_020000");
    let before = names(&place);
    fs::remove_dir_all(place.folder().join("uploads")).unwrap();
    let seen = backup(&place, &["uploads", "--keep-last", "1"]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "unreadable_file"),
        "{seen:?}"
    );
    assert_eq!(names(&place), before);
}

#[test]
fn rules_on_the_command_line_replace_the_configured_ones() {
    let place = place();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n[backup]\nkeep_last = 3\nkeep_yearly = 5\n",
    );
    for day in 1..=5 {
        made::set(&place, &format!("2020010{day}_020000"));
    }
    assert_eq!(
        kept(&place, &[]),
        [
            "20200101_020000: oldest yearly",
            "20200103_020000: last",
            "20200104_020000: last",
            "20200105_020000: newest complete set, last, yearly",
        ]
    );
    assert_eq!(kept(&place, &["--keep-last", "1"]).len(), 1);
}
