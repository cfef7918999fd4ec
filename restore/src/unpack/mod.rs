//! A compressed part as the stream it was made from, whoever made it.

mod members;

use flate2::bufread::MultiGzDecoder;
use members::Members;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use toolkit::part::Member;

/// How much is read at once where nothing says otherwise, in bytes.
const BUFFER: usize = 256 << 10;

/// How a file is compressed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// gzip (RFC 1952), of one member or many.
    Gzip,
    /// zstd (RFC 8878), of one frame or many.
    Zstd,
    /// Anything else: not compressed.
    Plain,
}

impl Format {
    /// The format of `file`, which stays where it stands.
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let mut magic = [0; 4];
        let read = file.read_at(&mut magic, 0)?;
        Ok(match &magic[..read] {
            [0x1F, 0x8B, ..] => Self::Gzip,
            [0x28, 0xB5, 0x2F, 0xFD] => Self::Zstd,
            _ => Self::Plain,
        })
    }
}

/// A part's decompressed bytes. Read errors name the file.
pub(crate) struct Unpacker {
    path: PathBuf,
    stream: Box<dyn BufRead + Send>,
}

impl Unpacker {
    /// Opens a file of any of the formats.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = named(path, File::open(path))?;
        let format = named(path, Format::of(&file))?;
        let file = BufReader::with_capacity(BUFFER, file);
        let stream: Box<dyn BufRead + Send> = match format {
            Format::Gzip => Box::new(buffered(MultiGzDecoder::new(file))),
            Format::Zstd => Box::new(buffered(named(path, zstd::Decoder::with_buffer(file))?)),
            Format::Plain => Box::new(file),
        };
        Ok(Self::new(path, stream))
    }

    /// Opens a file whose `members` were recorded, to be decompressed on `jobs`
    /// threads. No member becomes larger than it was recorded to be.
    ///
    /// # Errors
    /// When the members are not those of this file.
    pub(crate) fn open_members(path: &Path, members: &[Member], jobs: usize) -> io::Result<Self> {
        let file = named(path, File::open(path))?;
        let members = named(path, Members::start(file, members, jobs))?;
        Ok(Self::new(path, Box::new(members)))
    }

    fn new(path: &Path, stream: Box<dyn BufRead + Send>) -> Self {
        Self {
            path: path.to_owned(),
            stream,
        }
    }
}

impl Read for Unpacker {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer);
        named(&self.path, read)
    }
}

impl BufRead for Unpacker {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let filled = self.stream.fill_buf();
        named(&self.path, filled)
    }

    fn consume(&mut self, bytes: usize) {
        self.stream.consume(bytes);
    }
}

fn buffered(reader: impl Read) -> BufReader<impl Read> {
    BufReader::with_capacity(BUFFER, reader)
}

fn named<T>(path: &Path, result: io::Result<T>) -> io::Result<T> {
    result.map_err(|error| {
        let message = format!("cannot read `{}`: {error}", path.display());
        io::Error::new(error.kind(), message)
    })
}

/// Fails once more comes out of a stream than was put in: a small file can
/// decompress to more than any disk holds.
pub(crate) struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R> Limited<R> {
    /// Reads `inner`, which is to end after at most `expected` bytes.
    pub(crate) fn new(inner: R, expected: u64) -> Self {
        Self {
            inner,
            left: expected,
        }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            let message = "it decompresses to more than was recorded";
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        self.left = left;
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
