//! A full disk under the state folder: before the intent, at a step's line, at
//! the end, and wherever the room ends.

use crate::shelf::{Shelf, serves};
use serde_json::json;
use toolkit::testing::Seen;

/// What a step writes fills the disk; the journal's last page is full too.
const FILLS: &str = "journal=$SEXTANT_STATE/operation.ndjson
head -c $((4096 - $(wc -c <\"$journal\") % 4096)) /dev/zero | tr '\\0' '\\n' >>\"$journal\"
dd if=/dev/zero of=\"$SEXTANT_STATE/ballast\" bs=4096 2>/dev/null || true
rm at-*
";
/// The same, with room for the journal alone.
const LEAVES_THE_JOURNAL: &str =
    "fallocate --keep-size --length 65536 \"$SEXTANT_STATE/operation.ndjson\"
dd if=/dev/zero of=\"$SEXTANT_STATE/ballast\" bs=4096 2>/dev/null || true
rm at-check
";
/// Without maintenance mode, whose marker would make room as it goes.
const PLAIN: &str = "engine = 'none'
[step.start]
run = 'cp version served'
[step.stop]
run = 'rm -f served'
[[check]]
name = 'served'
kind = 'command'
run = 'if [ -e at-check ]; then . ./at-check; fi; cmp version served'
";

/// With v2 served.
fn shelf() -> Shelf {
    let shelf = Shelf::with_little_room();
    assert_eq!(shelf.deploy("v2").code, Some(0));
    shelf
}

fn failed_at(shelf: &Shelf, failed: &Seen, step: &str) {
    assert_eq!(
        (failed.code, failed.reason()),
        (Some(4), "rollback_failed"),
        "{}",
        failed.stderr
    );
    assert_eq!(failed.data()["step"], step);
    assert_eq!(failed.data()["reason"], "no_space");
    assert!(
        failed.message().contains("No space left"),
        "{}",
        failed.message()
    );
    assert!(failed.hint().starts_with("make room"), "{}", failed.hint());
    assert!(
        failed.hint().contains("`rollback --resume`"),
        "{}",
        failed.hint()
    );
    assert!(!shelf.seen().2, "maintenance mode is on");
    assert_eq!(shelf.rollback("--status").reason(), "unfinished");
}

/// Ends it once there is room, the one way or the other.
fn ends(shelf: &Shelf, way: &str, expected: &str) {
    let ended = shelf.rollback(way);
    assert_eq!(ended.code, Some(0), "{way}: {}", ended.stderr);
    assert_eq!(shelf.seen(), serves(expected), "{way}");
    assert_eq!(shelf.journal(), "", "{way}");
    let status = shelf.rollback("--status");
    let summary = status.last()["summary"].as_str().unwrap();
    assert!(summary.starts_with(&format!("{expected} (")), "{summary}");
}

#[test]
fn before_the_intent_nothing_is_touched() {
    let shelf = shelf();
    shelf.fill(0);
    let refused = shelf.rollback("--force v1");
    assert_eq!(
        (refused.code, refused.reason()),
        (Some(1), "no_space"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.message().starts_with("nothing was begun: "),
        "{}",
        refused.message()
    );
    assert!(
        refused.hint().starts_with("make room"),
        "{}",
        refused.hint()
    );
    assert_eq!(shelf.seen(), serves("v2"));
    assert_eq!(shelf.journal(), "");
    shelf.clear();
    ends(&shelf, "--force v1", "v1");
}

#[test]
fn at_a_step_s_line_it_is_ended_once_there_is_room() {
    let shelf = shelf();
    for step in ["stop", "start"] {
        for (way, expected) in [("--undo --force", "v2"), ("--resume", "v1")] {
            shelf.place.write(&format!("at-{step}"), FILLS);
            failed_at(&shelf, &shelf.rollback("--force v1"), step);
            // As long as there is none, it fails again, and harms nothing.
            let again = shelf.rollback(way);
            assert_ne!(again.code, Some(0), "{step} {way}");
            assert!(
                again.hint().starts_with("make room"),
                "{step} {way}: {}",
                again.hint()
            );
            shelf.clear();
            ends(&shelf, way, expected);
        }
        ends(&shelf, "--force v2", "v2");
    }
}

#[test]
fn what_serves_and_cannot_be_recorded_is_said() {
    let shelf = shelf();
    for (way, expected) in [("--undo --force", "v2"), ("--resume", "v1")] {
        shelf.place.write("at-config.toml", PLAIN);
        shelf.place.write("at-check", LEAVES_THE_JOURNAL);
        let failed = shelf.rollback("--config at-config.toml --force v1");
        failed_at(&shelf, &failed, "record");
        assert!(
            failed
                .message()
                .contains("serves and is verified, but that cannot be recorded"),
            "{}",
            failed.message()
        );
        assert_eq!(shelf.seen(), serves("v1"), "it does serve");
        shelf.clear();
        ends(&shelf, way, expected);
    }
}

/// Whatever the write that does not fit.
#[test]
fn wherever_the_room_ends() {
    let shelf = shelf();
    let mut ended = [0; 5];
    for pages in 0..4 {
        for (way, expected) in [("--undo --force", "v2"), ("--resume", "v1")] {
            shelf.fill(pages);
            let seen = shelf.rollback("--force v1");
            let code = usize::try_from(seen.code.unwrap()).unwrap();
            ended[code] += 1;
            if code > 0 {
                assert!(seen.hint().starts_with("make room"), "{}", seen.hint());
            }
            let open = !shelf.journal().is_empty();
            assert_eq!(open, code == 4, "{pages} pages: {}", seen.stderr);
            shelf.clear();
            match code {
                0 => assert_eq!(shelf.seen(), serves("v1"), "{pages} pages"),
                2 => {
                    assert_eq!(seen.data()["commands"], json!(["rollback --status"]));
                    assert_eq!(shelf.seen(), serves("v2"), "{pages} pages");
                }
                1 => assert_eq!(shelf.seen(), serves("v2"), "{pages} pages"),
                _ => ends(&shelf, way, expected),
            }
            if shelf.seen() != serves("v2") {
                ends(&shelf, "--force v2", "v2");
            }
        }
    }
    assert!(ended[..3].iter().all(|count| *count > 0), "{ended:?}");
}

#[test]
fn a_deployment_that_changed_no_data_shows_nobody_its_maintenance_page() {
    let shelf = shelf();
    let line = "rollback --prepare </dev/null | rollback --maintenance on \
        | step checkout -- git checkout --quiet v4 \
        | step build -- sh -c 'dd if=/dev/zero of=\"$SEXTANT_STATE/ballast\" bs=4096 2>/dev/null' \
        | rollback --if failure --force | rollback --record";
    let failed = Seen::run(&mut shelf.shell(line, &[]));
    assert_eq!(failed.code, Some(4), "{}", failed.stderr);
    assert!(!shelf.seen().2, "maintenance mode is on");
    shelf.clear();
    ends(&shelf, "--resume", "v2");
}
