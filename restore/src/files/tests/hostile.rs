//! Archives that were made to do harm.

use super::*;

/// What is refused, and why; nothing outside or live may have changed.
fn refuse(bytes: &[u8], expected: Option<u64>, reason: &str, message: &str) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    set(&target.join("live"), "live");
    set(&folder.path().join("outside"), "outside");
    let plan = Plan {
        expected,
        ..whole(&target, "")
    };
    let failure = Failure::of(&restore(&plan, bytes).unwrap_err());
    assert_eq!(
        (failure.reason, failure.message.as_str()),
        (reason, message)
    );
    assert_eq!(
        texts(folder.path()),
        pairs(&[("outside", "outside"), ("target/live", "live")])
    );
    assert_eq!(
        fs::read_dir(&target).unwrap().count(),
        1,
        "something is left of it"
    );
}

#[test]
fn refuses_what_leads_outside() {
    use EntryType::{Block, Char, Directory, Link, Regular, Symlink};
    for (entries, message) in [
        (
            &[("../outside", Regular, "", "x")][..],
            "`../outside` in the archive leads out of the archive",
        ),
        (
            &[("a/../../outside", Regular, "", "x")],
            "`a/../../outside` in the archive leads out of the archive",
        ),
        (
            &[("/etc/x", Regular, "", "x")],
            "`/etc/x` in the archive leads out of the archive",
        ),
        (
            &[("s", Symlink, "..", ""), ("s/outside", Regular, "", "x")],
            "`s/outside` in the archive lies behind something that is no folder",
        ),
        (
            &[("s", Symlink, "/tmp", ""), ("s", Regular, "", "x")],
            "`s` in the archive is there twice",
        ),
        (
            &[
                ("s", Symlink, "..", ""),
                ("s", Directory, "", ""),
                ("s/outside", Regular, "", "x"),
            ],
            "`s` in the archive is there twice",
        ),
        (
            &[("s", Symlink, "..", ""), ("h", Link, "s/outside", "")],
            "`h` in the archive lies behind something that is no folder",
        ),
        (
            &[("h", Link, "../outside", "")],
            "`h` in the archive leads out of the archive",
        ),
        (
            &[("h", Link, "outside", "")],
            "`h` in the archive is a link to what is not in the archive",
        ),
        (&[("d", Char, "", "")], "`d` in the archive is a device"),
        (&[("d", Block, "", "")], "`d` in the archive is a device"),
        (
            &[("a", Regular, "", "1"), ("a", Regular, "", "2")],
            "`a` in the archive is there twice",
        ),
        (
            &[("a", Directory, "", ""), ("a/", Directory, "", "")],
            "`a` in the archive is there twice",
        ),
        (
            &[("a", EntryType::new(b'D'), "", "")],
            "`a` in the archive is of the unknown type `D`",
        ),
        (
            &[(".", Regular, "", "x")],
            "`.` in the archive is no folder",
        ),
    ] {
        refuse(&archive(entries), None, "hostile_archive", message);
    }
}

#[test]
fn refuses_what_is_damaged_or_absurd() {
    let good = archive(&[("a", EntryType::Regular, "", "content")]);
    let ends = "the archive is damaged: it ends early";
    for cut in [0, 100, 512, 515, 1024] {
        refuse(&good[..cut], None, "damaged_archive", ends);
    }
    let mut flipped = good.clone();
    flipped[0] ^= 1;
    refuse(
        &flipped,
        None,
        "damaged_archive",
        "the archive is damaged: a header has a wrong checksum",
    );
    let more = "the archive is damaged: it decompresses to more than was recorded";
    refuse(&good, Some(1000), "damaged_archive", more);

    let with = |change: &dyn Fn(&mut Header)| {
        let mut header = Header::from_byte_slice(&good[..512]).clone();
        change(&mut header);
        header.set_cksum();
        [header.as_bytes(), &good[512..]].concat()
    };
    for size in [8 << 30, u64::MAX] {
        refuse(
            &with(&|header| header.set_size(size)),
            None,
            "damaged_archive",
            ends,
        );
    }
    let link = with(&|header| {
        header.set_entry_type(EntryType::Symlink);
        header.set_link_name("x").unwrap();
        header.set_size(u64::MAX);
    });
    refuse(&link, None, "damaged_archive", ends);
    let long = with(&|header| {
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(2 << 20);
    });
    refuse(
        &long,
        None,
        "hostile_archive",
        "`a header` in the archive has more than 1 MiB",
    );
    let sparse = with(&|header| {
        header.set_entry_type(EntryType::GNUSparse);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.set_real_size(100);
        gnu.sparse[0].set_offset(99);
        gnu.sparse[0].set_length(7);
    });
    refuse(
        &sparse,
        None,
        "damaged_archive",
        "the archive is damaged: the map of a sparse file is wrong",
    );
}
