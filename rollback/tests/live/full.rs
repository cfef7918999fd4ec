//! A full disk: what is there cannot be saved, or what was done not be noted.

use crate::shop::{Shop, Sight};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use toolkit::testing::Seen;

/// What the step `code` writes fills the disk, but for so many bytes of the
/// journal.
const FILLS: &str = r#"#!/bin/sh
[ -e .git/room ] || exit 0
journal=$SEXTANT_STATE/operation.ndjson
size=$(( $(wc -c <"$journal") + $(cat .git/room) ))
head -c $(( (4096 - size % 4096) % 4096 )) /dev/zero | tr '\0' '\n' >>"$journal"
dd if=/dev/zero of="$SEXTANT_STATE/ballast" bs=4096 2>/dev/null
rm .git/room
"#;

#[test]
fn once_there_is_room_it_is_ended() {
    let shop = Shop::with_little_room();
    let first = shop.seen();
    assert_eq!(shop.deploy("v2").code, Some(0));
    let second = shop.seen();
    what_cannot_be_saved_is_not_replaced(&shop, &first, &second);
    what_cannot_be_noted_is_not_claimed(&shop, &first, &second);
}

fn ends(shop: &Shop, way: &str, expected: &Sight) {
    let ended = shop.rollback(way);
    assert_eq!(ended.code, Some(0), "{way}: {}", ended.stderr);
    assert_eq!(
        (&shop.seen(), shop.journal()),
        (expected, String::new()),
        "{way}"
    );
}

fn fails_at(shop: &Shop, step: &str, version: &str) -> Seen {
    let failed = shop.rollback(&format!("--force {version}"));
    assert_eq!(
        (failed.code, failed.reason()),
        (Some(4), "rollback_failed"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.data()["step"], step, "{}", failed.stderr);
    assert!(failed.hint().starts_with("make room"), "{}", failed.hint());
    assert_eq!(shop.rollback("--status").reason(), "unfinished");
    failed
}

fn what_cannot_be_saved_is_not_replaced(shop: &Shop, first: &Sight, second: &Sight) {
    let sets = shop.project.place().backups();
    shop.small().fill(&sets, 0);
    let failed = shop.rollback("--force v1");
    assert_eq!(
        (failed.code, failed.reason()),
        (Some(2), "rollback_failed"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.data()["step"], "save", "{}", failed.stderr);
    let said = failed.message().contains(&sets.display().to_string());
    assert!(said, "{}", failed.message());
    assert!(failed.hint().starts_with("make room"), "{}", failed.hint());
    let untouched = failed.hint().contains("nothing was touched");
    assert!(untouched, "{}", failed.hint());
    assert_eq!((&shop.seen(), shop.journal()), (second, String::new()));
    shop.small().clear(&sets);
    ends(shop, "--force v1", first);
    ends(shop, "--undo --force", second);
}

fn what_cannot_be_noted_is_not_claimed(shop: &Shop, first: &Sight, second: &Sight) {
    let hook = shop.project.folder().join(".git/hooks/post-checkout");
    shop.project.write(".git/hooks/post-checkout", FILLS);
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    let state = shop.project.place().state();
    // A few bytes of the line of which there is no room for the rest.
    let begun = room_up_to(shop, r#"{"step":"data","mark":"begun""#);
    let done = room_up_to(shop, r#"{"step":"data","mark":"done""#);
    for (room, version, way, expected, between) in [
        (done, "v1", "--resume", first, true),
        (done, "v2", "--undo --force", first, true),
        (begun, "v2", "--undo --force", first, false),
        (begun, "v2", "--resume", second, false),
    ] {
        shop.project.write(".git/room", &room.to_string());
        let failed = fails_at(shop, "data", version);
        // Whether the data are whole is not known where they were begun.
        assert_eq!(failed.data()["maintenance"], between, "{}", failed.stderr);
        let is_on = shop.project.folder().join("maintenance").exists();
        assert_eq!(is_on, between, "{}", failed.stderr);
        shop.small().clear(&state);
        ends(shop, way, expected);
    }
}

/// How much of the last journal stands between the beginning of `code` and 20
/// bytes of `line`.
fn room_up_to(shop: &Shop, line: &str) -> usize {
    let ended = fs::read_dir(shop.state("operations")).unwrap();
    let last = ended.flatten().map(|entry| entry.path()).max().unwrap();
    let text = fs::read_to_string(last).unwrap();
    let code = text.find(r#"{"step":"code","mark":"begun""#).unwrap();
    let begun = code + text[code..].find('\n').unwrap() + 1;
    text.find(line).unwrap() - begun + 20
}
