//! Files written byte by byte: what current servers no longer write, and what
//! no server would.

use super::source::CRC;
use super::*;
use proptest::prelude::*;

/// The file with this content, ended and summed.
fn file(content: &[u8]) -> Vec<u8> {
    let mut bytes = [b"REDIS0012", content, &[255]].concat();
    let sum = CRC.checksum(&bytes);
    bytes.extend(sum.to_le_bytes());
    bytes
}

fn reason(bytes: &[u8]) -> &'static str {
    Failure::of(&inspect(bytes).unwrap_err()).reason
}

/// A value of each type, by the number of it.
const VALUES: &[(u8, &[u8])] = &[
    (0, b"\x03abc"),
    (0, b"\xc0\x07"),
    (0, b"\xc1\x07\x07"),
    (0, b"\xc2\x07\x07\x07\x07"),
    (0, b"\xc3\x02\x05zz"),
    (0, b"\x40\x02ab"),
    (0, b"\x80\0\0\0\x02ab"),
    (0, b"\x81\0\0\0\0\0\0\0\x02ab"),
    (1, b"\x02\x01a\x01b"),
    (2, b"\x02\x01a\x01b"),
    (3, b"\x03\x01a\x011\x01b\xfd\x01c\xff"),
    (4, b"\x01\x01f\x01v"),
    (5, b"\x01\x01m\0\0\0\0\0\0\0\0"),
    (7, b"\x81\x45\xe8\xce\x35\x23\x88\x3c\x03\x01\x05\x02\x06\x03ffff\x04dddddddd\x05\x01s\0"),
    (9, b"\x01z"),
    (10, b"\x01z"),
    (11, b"\x01z"),
    (12, b"\x01z"),
    (13, b"\x01z"),
    (14, b"\x02\x01a\x01b"),
    (15, b"\x01\x01k\x01l\x01\x01\x01\x01\x01g\x01\x01\x01iiiiiiiiiiiiiiiitttttttt\x01\x01\x01cssssssss\x01iiiiiiiiiiiiiiii"),
    (16, b"\x01l"),
    (17, b"\x01l"),
    (18, b"\x01\x02\x01l"),
    (19, b"\0\0\0\0\0\0\0\0\0\x01\x01g\x01\x01\x01\0\x01\x01cssssssss\0"),
    (20, b"\x01l"),
    (21, b"\0\0\0\0\0\0\0\0\0\x01\x01g\x01\x01\x01\0\x01\x01cssssssssaaaaaaaa\0"),
    (22, b"\x01\x05\x01f\x01v"),
    (23, b"\x01l"),
    (24, b"mmmmmmmm\x01\x05\x01f\x01v"),
    (25, b"mmmmmmmm\x01l"),
];

#[test]
fn walks_over_every_type() {
    for (kind, value) in VALUES {
        let content = [b"\xfe\x03", &[*kind][..], b"\x01k", value, b"\0\x01z\x01z"].concat();
        let rdb = inspect(&file(&content)[..]).unwrap();
        let keys = Keys {
            keys: 2,
            expires: 0,
            subexpiry: u64::from(*kind >= 22),
        };
        assert_eq!(
            rdb.databases,
            Some(Keyspace::from([(3, keys)])),
            "type {kind}"
        );
        assert_eq!(rdb.checksum, Checksum::Verified);
    }
}

#[test]
fn walks_over_every_opcode() {
    let content = [
        &b"\xfa\x09redis-ver\x058.0.2\xfa\x05ctime\xc2\x01\x02\x03\x04"[..],
        b"\xf5\x10#!lua name=l\nxyz",
        b"\xf7\x01\x02\x02\x05\x01x\0",
        b"\xfe\x00\xfb\x03\x02\xf4\x01\x03\x02",
        b"\xfctttttttt\xf9\x05\0\x01a\x01v",
        b"\xfdtttt\xf8\x41\x00\0\x01b\x01v",
        b"\0\x01c\x01v",
    ]
    .concat();
    let rdb = inspect(&file(&content)[..]).unwrap();
    assert_eq!(rdb.redis_version.as_deref(), Some("8.0.2"));
    assert_eq!(rdb.functions, 1);
    assert_eq!(rdb.modules.len(), 1);
    let keys = rdb.databases.unwrap()[&0];
    assert_eq!((keys.keys, keys.expires), (3, 2));
}

#[test]
fn what_is_not_known_is_verified_but_not_counted() {
    for content in [
        &b"\0\x01a\x01v\x64whatever it may be"[..],
        b"\x06",
        b"\xf6\x01a",
        b"\xf7\x01\x02\x02\x09",
    ] {
        let mut bytes = file(content);
        let rdb = inspect(&bytes[..]).unwrap();
        assert_eq!((rdb.databases, rdb.bytes), (None, bytes.len() as u64));
        assert!(rdb.uncounted.is_some());
        let last = bytes.len() - 10;
        bytes[last] ^= 1;
        assert!(inspect(&bytes[..]).is_err());
    }
    // Longer than any buffer, so that the end comes in pieces.
    for length in 65_500..65_560 {
        let content = [&[100][..], &vec![7; length]].concat();
        assert_eq!(inspect(&file(&content)[..]).unwrap().databases, None);
    }
}

#[test]
fn a_count_that_contradicts_the_files_own_is_none() {
    let rdb = inspect(&file(b"\xfe\x00\xfb\x02\x00\0\x01a\x01v")[..]).unwrap();
    assert_eq!(rdb.databases, None);
    assert_eq!(
        rdb.uncounted.as_deref(),
        Some("database 0 announces 2 keys (0 expire) and holds 1 (0 expire)")
    );
}

#[test]
fn a_file_without_checksum_is_told_apart() {
    let mut bytes = file(b"\0\x01a\x01v");
    let sum = bytes.len() - 8;
    bytes[sum..].fill(0);
    let rdb = inspect(&bytes[..]).unwrap();
    assert_eq!(rdb.checksum, Checksum::Disabled);
    assert_eq!(rdb.databases.unwrap()[&0].keys, 1);
}

#[test]
fn a_part_or_more_than_the_whole_is_refused() {
    let bytes = file(b"\xfe\x00\0\x01a\x03abc\x64unknown");
    for length in 0..bytes.len() {
        let reason = reason(&bytes[..length]);
        assert!(
            reason == "rdb_truncated" || reason == "rdb_damaged",
            "{length}: {reason}"
        );
    }
    let known = file(b"\0\x01a\x03abc");
    assert_eq!(reason(&known[..known.len() - 1]), "rdb_truncated");
    assert_eq!(reason(&[&known[..], b"x"].concat()), "rdb_damaged");
    assert_eq!(reason(b""), "rdb_truncated");
    assert_eq!(reason(b"REDIS00x2\xff\0\0\0\0\0\0\0\0"), "rdb_damaged");
    assert_eq!(reason(b"REDIS0003\xff"), "rdb_too_old");
    assert_eq!(reason(b"<html>not found</html>"), "rdb_damaged");
}

#[test]
fn a_huge_length_takes_no_memory() {
    let content = b"\0\x01a\x81\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(reason(&file(content)), "rdb_truncated");
    let list = b"\x01\x01a\x81\xff\xff\xff\xff\xff\xff\xff\xff";
    assert!(inspect(&file(list)[..]).is_err());
}

#[test]
fn many_databases_take_little_memory() {
    let mut content = Vec::new();
    for database in 0..100_000_u32 {
        content.extend([0xfe, 0x80]);
        content.extend(database.to_be_bytes());
        content.extend(b"\0\x01a\x01v");
    }
    assert_eq!(inspect(&file(&content)[..]).unwrap().databases, None);
}

proptest! {
    #[test]
    fn nothing_panics(content in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = inspect(&content[..]);
        let _ = inspect(&[b"REDIS0012", &content[..]].concat()[..]);
        let _ = inspect(&file(&content)[..]);
    }

    #[test]
    fn opcodes_and_types_in_any_order_do_not_panic(
        content in proptest::collection::vec(prop_oneof![
            0..26_u8, 244..=255_u8, Just(0x40), Just(0x80), Just(0x81), Just(0xc3)], 0..200)
    ) {
        let _ = inspect(&file(&content)[..]);
    }
}
