//! One stream, compressed on all cores into one file that standard programs
//! read: a gzip file of many members (RFC 1952 §2.2), or a zstd file of many
//! frames (RFC 8878 §3).
//!
//! Each block of the stream is compressed on its own, so that it can also be
//! decompressed on its own; [`Packed::members`] says where.

mod codec;
mod pipeline;

pub(crate) use codec::Codec;

use pipeline::{Block, Pipeline};
use std::fs::File;
use std::io::{self, Read, Write};
use toolkit::part::Packed;

/// How much is compressed at once. Smaller blocks compress worse; larger ones
/// leave the processor's cache.
const BLOCK: usize = 1 << 20;

/// Compresses what is written to it into a file.
///
/// Dropped before [`Compressor::finish`], it stops its threads and leaves a
/// file that is not whole.
#[derive(Debug)]
pub(crate) struct Compressor {
    filling: Option<Block>,
    pipeline: Pipeline,
    raw_bytes: u64,
}

impl Compressor {
    /// A compressor into `file`, from where it stands, on `jobs` threads; fewer
    /// when the level needs so much memory that they would pass 48 MiB.
    pub(crate) fn new(file: File, codec: Codec, jobs: usize) -> io::Result<Self> {
        Ok(Self {
            filling: None,
            pipeline: Pipeline::start(file, codec, jobs, BLOCK)?,
            raw_bytes: 0,
        })
    }

    /// Compresses `from` to its end, shows each piece to `seen` as it comes by,
    /// and returns the number of bytes read.
    ///
    /// Faster than [`io::copy`]: it reads straight into what is compressed.
    pub(crate) fn copy_from(
        &mut self,
        from: &mut impl Read,
        mut seen: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        let before = self.raw_bytes;
        loop {
            let room = self.room()?;
            let read = match from.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                return Ok(self.raw_bytes - before);
            }
            seen(&room[..read]);
            self.filled(read)?;
        }
    }

    /// Compresses what is left, syncs the file, and returns what it holds. An
    /// empty stream makes a file with one empty member.
    pub(crate) fn finish(mut self) -> io::Result<Packed> {
        if self.raw_bytes == 0 {
            self.room()?;
        }
        let block = self.filling.take();
        if let Some(block) = block.filter(|block| !block.is_empty() || self.raw_bytes == 0) {
            self.pipeline.submit(block)?;
        }
        self.pipeline.finish()
    }

    /// Where the next bytes go; never empty.
    fn room(&mut self) -> io::Result<&mut [u8]> {
        let block = match self.filling.take() {
            Some(block) => block,
            None => self.pipeline.idle()?,
        };
        Ok(self.filling.insert(block).room())
    }

    fn filled(&mut self, bytes: usize) -> io::Result<()> {
        self.raw_bytes += bytes as u64;
        if let Some(mut block) = self.filling.take() {
            if block.fill(bytes) {
                return self.pipeline.submit(block);
            }
            self.filling = Some(block);
        }
        Ok(())
    }
}

impl Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let room = self.room()?;
        let taken = room.len().min(bytes.len());
        room[..taken].copy_from_slice(&bytes[..taken]);
        self.filled(taken)?;
        Ok(taken)
    }

    /// Does nothing: a block is compressed when it is full, or at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
