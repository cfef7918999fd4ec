use super::*;
use flate2::read::MultiGzDecoder;
use std::fs;
use toolkit::checksum;

/// Text that repeats itself as dumps do, from a small generator of numbers.
fn rows(bytes: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes + 64);
    let mut state = 1_u32;
    while text.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        text.extend_from_slice(format!("{}\tname {}\t\\N\n", state, state >> 24).as_bytes());
    }
    text.truncate(bytes);
    text
}

fn pack(codec: Codec, jobs: usize, raw: &[u8]) -> (Packed, Vec<u8>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut compressor = Compressor::new(file.reopen().unwrap(), codec, jobs).unwrap();
    let (head, tail) = raw.split_at(raw.len() / 3);
    compressor.write_all(head).unwrap();
    let mut seen = Vec::new();
    let copied = compressor.copy_from(&mut &tail[..], |bytes| seen.extend_from_slice(bytes));
    assert_eq!(copied.unwrap(), tail.len() as u64);
    assert!(seen == tail, "what was seen is not what was read");
    let packed = compressor.finish().unwrap();
    let (bytes, sha256) = checksum::of_file(file.path()).unwrap();
    assert_eq!((packed.bytes, &packed.sha256), (bytes, &sha256));
    (packed, fs::read(file.path()).unwrap())
}

fn decode(codec: Codec, file: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    match codec {
        Codec::Gzip(_) => MultiGzDecoder::new(file).read_to_end(&mut raw).unwrap(),
        Codec::Zstd(_) => zstd::Decoder::new(file)
            .unwrap()
            .read_to_end(&mut raw)
            .unwrap(),
    };
    raw
}

#[test]
fn what_goes_in_comes_out_whole_and_by_member() {
    for codec in [Codec::Gzip(6), Codec::Gzip(1), Codec::Zstd(3)] {
        for size in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 7 * BLOCK + 5] {
            let raw = rows(size);
            let (packed, file) = pack(codec, 3, &raw);
            assert_eq!(packed.raw_bytes, size as u64);
            assert!(decode(codec, &file) == raw, "{codec:?} of {size} bytes");
            assert_eq!(packed.members.len(), size.div_ceil(BLOCK).max(1));
            let mut at = 0;
            for member in &packed.members {
                let begin = usize::try_from(member.offset).unwrap();
                let one = decode(codec, &file[begin..begin + member.bytes as usize]);
                assert!(one == raw[at..at + member.raw_bytes as usize]);
                at += one.len();
            }
            assert_eq!(at, size);
        }
    }
}

#[test]
fn a_full_disk_is_the_error_of_a_later_write() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut compressor = Compressor::new(full, Codec::Gzip(1), 2).unwrap();
    let error = io::copy(&mut io::repeat(0), &mut compressor).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(compressor.write_all(&vec![0; 2 * BLOCK]).is_err());
    assert!(compressor.finish().is_err());
}

#[test]
fn a_full_disk_fails_the_end_of_a_short_stream() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut compressor = Compressor::new(full, Codec::Zstd(3), 2).unwrap();
    compressor.write_all(b"a few bytes").unwrap();
    let error = compressor.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

#[test]
fn a_level_that_does_not_exist_is_refused() {
    let file = tempfile::tempfile().unwrap();
    let error = Compressor::new(file, Codec::Gzip(13), 1).unwrap_err();
    assert_eq!(error.to_string(), "gzip knows levels 1 to 12, not 13");
}

#[test]
fn dropped_it_stops_its_threads() {
    let (reader, writer) = io::pipe().unwrap();
    let file = File::from(std::os::fd::OwnedFd::from(writer));
    let mut compressor = Compressor::new(file, Codec::Gzip(1), 4).unwrap();
    compressor.write_all(b"unfinished").unwrap();
    drop(compressor);
    // The pipe ends only when no thread holds its other side.
    let mut left = Vec::new();
    (&reader).read_to_end(&mut left).unwrap();
    assert!(left.is_empty());
}
