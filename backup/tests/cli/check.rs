//! `--check`: whether a set is what was written.

use crate::made;
use crate::{BACKUP, backup, place};
use std::fs;
use toolkit::testing::{Place, Seen};

/// The reason and the message with which a set is refused.
fn refused(place: &Place, set: &str) -> (String, String) {
    let seen = backup(place, &["--check", set]);
    assert_eq!(seen.code, Some(1), "{seen:?}");
    (seen.reason().to_owned(), seen.message().to_owned())
}

#[test]
fn a_set_is_found_by_name_by_path_and_as_the_newest() {
    let place = place();
    let set = made::set(&place, "20261118_020000");
    let newest = made::set(&place, "20261119_020000");
    for (args, found) in [
        (&["--check"][..], &newest),
        (&["--check", "latest"], &newest),
        (&["--check", "20261118_020000"], &set),
        (&["--check", set.to_str().unwrap()], &set),
    ] {
        let seen = backup(&place, args).succeeded();
        assert_eq!(seen.data()["path"], found.to_str().unwrap());
        let summary = seen.last()["summary"].as_str().unwrap();
        assert!(summary.ends_with("every checksum holds"), "{summary}");
    }
    let seen = backup(&place, &["--check", "20261117_020000"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_set"));
}

#[test]
fn a_flat_set_is_found_by_its_file_and_by_its_proof() {
    let place = place();
    let file = made::flat(&place, "app", "20261118_020000");
    let proof = place.backups().join("app-20261118_020000.json");
    for name in [
        file.to_str().unwrap(),
        proof.to_str().unwrap(),
        "app-20261118_020000",
    ] {
        let seen = backup(&place, &["--check", name]).succeeded();
        assert_eq!(seen.data()["path"], file.to_str().unwrap());
    }
    let mut beside = place.tool(BACKUP);
    beside
        .current_dir(place.backups())
        .args(["--to", "/nowhere"]);
    let _ = Seen::run(beside.args(["--check", "app-20261118_020000.tar.gz"])).succeeded();
    fs::write(&file, vec![b'x'; made::BYTES.len()]).unwrap();
    assert_eq!(refused(&place, "app-20261118_020000").0, "damaged");
}

#[test]
fn one_flipped_bit_is_found() {
    let place = place();
    let file =
        made::set_of(&place, "20261118_020000", "app", &["uploads", "redis"]).join("redis.tar.gz");
    let mut bytes = fs::read(&file).unwrap();
    bytes[7] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (reason, message) = refused(&place, "20261118_020000");
    assert_eq!(reason, "damaged");
    assert!(
        message.contains("redis.tar.gz` has the SHA-256 "),
        "{message}"
    );
    // A listing reads no part: it is no proof.
    let listed = backup(&place, &["--list"]);
    assert_eq!(listed.records[1]["data"]["status"], "complete");
}

#[test]
fn what_is_not_whole_says_why() {
    let place = place();
    let truncated = made::set(&place, "20261118_020000");
    fs::write(truncated.join("uploads.tar.gz"), &made::BYTES[..9]).unwrap();
    let (reason, message) = refused(&place, "20261118_020000");
    assert_eq!(reason, "damaged");
    assert!(
        message.ends_with("is damaged: `uploads.tar.gz` has 9 bytes instead of 21"),
        "{message}"
    );

    let partial = made::set(&place, "20261119_020000");
    fs::remove_file(partial.join("deployment-info.json")).unwrap();
    let (reason, message) = refused(&place, "20261119_020000");
    assert_eq!(reason, "damaged");
    assert!(
        message.ends_with("is partial: it has no `deployment-info.json`"),
        "{message}"
    );

    let foreign = made::set(&place, "20261120_020000");
    fs::write(foreign.join("deployment-info.json"), "{}").unwrap();
    assert_eq!(refused(&place, "20261120_020000").0, "no_proof");

    // A link out of the set is not the part.
    let linked = made::set(&place, "20261121_020000");
    let elsewhere = place.folder().join("elsewhere");
    fs::rename(linked.join("uploads.tar.gz"), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, linked.join("uploads.tar.gz")).unwrap();
    let (_, message) = refused(&place, "20261121_020000");
    assert!(
        message.ends_with("`uploads.tar.gz` is no file"),
        "{message}"
    );
    assert_eq!(
        backup(&place, &["--check"]).reason(),
        "no_set",
        "none is complete"
    );
}
