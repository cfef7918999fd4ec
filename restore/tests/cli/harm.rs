//! Damaged sets and hostile archives: refused, and nothing is touched.

use crate::forged::{self, Archive};
use crate::{contents, damage, place, restore, saved};
use std::fs;
use tar::EntryType;

#[test]
fn a_flipped_bit_is_found_before_anything_is_touched() {
    let place = place();
    let set = saved(&place);
    let file = set.join("uploads.tar.gz");
    let whole = fs::read(&file).unwrap();
    damage(&place);
    let before = contents(place.folder());
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        for args in [&["latest", "--yes"][..], &["latest", "--check"]] {
            let seen = restore(&place, args);
            assert_eq!((seen.code, seen.reason()), (Some(2), "damaged"), "{seen:?}");
            assert!(seen.message().contains("uploads.tar.gz"), "{seen:?}");
            let is_check = args.contains(&"--check");
            assert_eq!(seen.data()["checked"] == true, is_check, "{seen:?}");
            assert_eq!(seen.data()["path"] == set.to_str().unwrap(), is_check);
            assert_eq!(contents(place.folder()), before);
        }
    }
    fs::write(&file, &whole).unwrap();
    restore(&place, &["latest", "--yes"]).succeeded();
}

#[test]
fn a_part_that_is_cut_or_gone_makes_the_set_no_set() {
    let place = place();
    let set = saved(&place);
    let file = set.join("uploads.tar.gz");
    let bytes = fs::read(&file).unwrap();
    damage(&place);
    let before = contents(place.folder());
    let refused = || {
        let seen = restore(&place, &[set.to_str().unwrap(), "--yes"]);
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(2), "not_whole"),
            "{seen:?}"
        );
        let seen = restore(&place, &["latest", "--yes"]);
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_set"), "{seen:?}");
        assert_eq!(contents(place.folder()), before);
    };
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    refused();
    fs::remove_file(&file).unwrap();
    refused();
}

#[test]
fn a_set_without_its_proof_is_no_set() {
    let place = place();
    let set = saved(&place);
    damage(&place);
    let before = contents(place.folder());
    let proof = set.join("deployment-info.json");
    let text = fs::read_to_string(&proof).unwrap();
    for broken in ["", "{", "[]", &text[..text.len() / 2]] {
        fs::write(&proof, broken).unwrap();
        let seen = restore(&place, &[set.to_str().unwrap(), "uploads", "--yes"]);
        assert_eq!(seen.code, Some(2), "{seen:?}");
        assert_eq!(contents(place.folder()), before);
    }
}

#[test]
fn an_archive_reaches_nothing_outside_its_folder() {
    let place = place();
    let set = saved(&place);
    damage(&place);
    let outside = place.backups().with_file_name("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("victim"), "unharmed").unwrap();
    let before = (contents(place.folder()), contents(&outside));
    let absolute = format!("{}/pwned", outside.display());
    let folder = outside.to_str().unwrap();
    let victim = format!("{folder}/victim");
    let archive = Archive::default;
    for (what, archive) in [
        (
            "upwards",
            archive().file("uploads/../../outside/pwned", "x"),
        ),
        ("absolute", archive().file(&absolute, "x")),
        (
            "through a link",
            archive()
                .link(EntryType::Symlink, "uploads/x", folder)
                .file("uploads/x/pwned", "x"),
        ),
        (
            "through a link that is one's own parent",
            archive()
                .link(EntryType::Symlink, "uploads/x", "..")
                .file("uploads/x/../outside/pwned", "x"),
        ),
        (
            "hard link",
            archive()
                .link(EntryType::Link, "uploads/x", &victim)
                .file("uploads/x", "x"),
        ),
        ("device", archive().link(EntryType::Char, "uploads/x", "")),
    ] {
        forged::replace(&set, "uploads", &archive.end());
        let seen = restore(&place, &["latest", "uploads", "--yes"]);
        assert_eq!(seen.reason(), "hostile_archive", "{what}: {seen:?}");
        let after = (contents(place.folder()), contents(&outside));
        assert_eq!(after, before, "{what}");
    }
    // The forgery itself is not what is refused.
    let harmless = archive().file("uploads/logo.svg", "forged").end();
    forged::replace(&set, "uploads", &harmless);
    restore(&place, &["latest", "uploads", "--yes"]).succeeded();
    let logo = fs::read_to_string(place.folder().join("uploads/logo.svg"));
    assert_eq!(logo.unwrap(), "forged");
}
