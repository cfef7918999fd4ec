use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use tempfile::NamedTempFile;

const SIZE: usize = 300_000;

fn raw(members: usize) -> Vec<Vec<u8>> {
    let byte = |i: usize, n| u8::try_from(i / 7 * (n + 1) % 251).unwrap();
    let piece = |n| (0..SIZE).map(|i| byte(i, n)).collect();
    (0..members).map(piece).collect()
}

fn compress(format: Format, raw: &[u8]) -> Vec<u8> {
    match format {
        Format::Gzip => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(raw).unwrap();
            encoder.finish().unwrap()
        }
        Format::Zstd => {
            let mut encoder = zstd::bulk::Compressor::new(1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.compress(raw).unwrap()
        }
        Format::Plain => raw.to_vec(),
    }
}

/// A file of `pieces`, one member each.
fn file(format: Format, pieces: &[Vec<u8>]) -> (NamedTempFile, Vec<Member>) {
    let mut file = NamedTempFile::new().unwrap();
    let (mut members, mut offset) = (Vec::new(), 0);
    for piece in pieces {
        let packed = compress(format, piece);
        file.write_all(&packed).unwrap();
        let bytes = u32::try_from(packed.len()).unwrap();
        members.push(Member {
            offset,
            bytes,
            raw_bytes: u32::try_from(piece.len()).unwrap(),
        });
        offset += u64::from(bytes);
    }
    (file, members)
}

fn read(unpacker: io::Result<Unpacker>) -> Result<Vec<u8>, String> {
    let mut raw = Vec::new();
    let read = unpacker.and_then(|mut unpacker| unpacker.read_to_end(&mut raw));
    read.map(|_| raw).map_err(|error| error.to_string())
}

#[test]
fn reads_every_format_with_and_without_a_list_of_members() {
    let mut pieces = raw(9);
    pieces.insert(3, Vec::new());
    let whole = pieces.concat();
    for format in [Format::Gzip, Format::Zstd] {
        let (file, members) = file(format, &pieces);
        assert!(
            read(Unpacker::open(file.path())).unwrap() == whole,
            "{format:?}"
        );
        for jobs in [1, 3, 100] {
            let listed = Unpacker::open_members(file.path(), &members, jobs);
            assert!(
                read(listed).unwrap() == whole,
                "{format:?} on {jobs} threads"
            );
        }
    }
    let (plain, _) = file(Format::Plain, &pieces);
    assert!(read(Unpacker::open(plain.path())).unwrap() == whole);
    let (empty, _) = file(Format::Plain, &[]);
    assert!(read(Unpacker::open(empty.path())).unwrap().is_empty());
}

#[test]
fn a_damaged_file_is_named() {
    for format in [Format::Gzip, Format::Zstd] {
        let (file, members) = file(format, &raw(4));
        let bytes = std::fs::read(file.path()).unwrap();
        let prefix = format!("cannot read `{}`: ", file.path().display());
        let both = || {
            let listed = Unpacker::open_members(file.path(), &members, 2);
            [read(Unpacker::open(file.path())), read(listed)]
        };

        // Well within the data of the last member, whose checksum it breaks.
        let flipped = bytes.len() as u64 - 60;
        let byte = bytes[bytes.len() - 60] ^ 0xFF;
        file.as_file().write_all_at(&[byte], flipped).unwrap();
        for outcome in both() {
            let error = outcome.unwrap_err();
            assert!(error.starts_with(&prefix), "{format:?}: {error}");
        }
        file.as_file().write_all_at(&bytes, 0).unwrap();
        file.as_file().set_len(bytes.len() as u64 - 9).unwrap();
        for outcome in both() {
            let error = outcome.unwrap_err();
            assert!(error.starts_with(&prefix), "{format:?}: {error}");
        }
    }
}

#[test]
fn a_list_that_lies_is_refused() {
    let (file, members) = file(Format::Gzip, &raw(3));
    let lie = |change: &dyn Fn(&mut Vec<Member>)| {
        let mut members = members.clone();
        change(&mut members);
        read(Unpacker::open_members(file.path(), &members, 2)).unwrap_err()
    };
    for (error, what) in [
        (
            lie(&|list| list[1].raw_bytes -= 1),
            "it is longer than was recorded",
        ),
        (
            lie(&|list| list[1].raw_bytes += 1),
            "it is shorter than was recorded",
        ),
        (
            lie(&|list| list[1].raw_bytes = u32::MAX),
            "its list of members is damaged",
        ),
        (
            lie(&|list| list[1].offset += 1),
            "its list of members is damaged",
        ),
        (
            lie(&|list| list.truncate(2)),
            "its list of members does not cover it",
        ),
        (lie(&Vec::clear), "its list of members does not cover it"),
    ] {
        assert!(error.ends_with(what), "{error}");
    }
}

#[test]
fn a_bomb_is_stopped() {
    let mut limited = Limited::new(io::repeat(0), 1 << 20);
    let mut written = Vec::new();
    let error = io::copy(&mut limited, &mut written).unwrap_err();
    assert_eq!(
        error.to_string(),
        "it decompresses to more than was recorded"
    );
    assert!(written.len() <= 1 << 20);
    let mut exact = Limited::new(&b"abc"[..], 3);
    assert_eq!(io::copy(&mut exact, &mut io::sink()).unwrap(), 3);
}

#[test]
fn a_stream_left_early_stops_its_threads() {
    let (file, members) = file(Format::Gzip, &raw(20));
    let mut unpacker = Unpacker::open_members(file.path(), &members, 4).unwrap();
    unpacker.read_exact(&mut [0; 10]).unwrap();
    drop(unpacker);
}
