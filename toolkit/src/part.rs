//! A part of a backup set, as it lies on disk: its size, its checksum, and
//! where each of its independently compressed members begins.

/// The proof of one compressed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Size of the file.
    pub bytes: u64,
    /// Size of what was compressed.
    pub raw_bytes: u64,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// The file's gzip members or zstd frames, in their order.
    pub members: Vec<Member>,
}

/// One gzip member or zstd frame: it can be decompressed without the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its compressed size.
    pub bytes: u32,
    /// Its size once decompressed.
    pub raw_bytes: u32,
}

/// How names begin of what a restore leaves beside live files: what it is
/// unpacking, or the files from before. No backup holds them.
pub const ASIDE: &str = ".sextant-";
