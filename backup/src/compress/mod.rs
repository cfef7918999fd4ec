//! Streams, compressed on all cores into one file that standard programs read:
//! a gzip file of many members (RFC 1952 §2.2), or a zstd file of many frames
//! (RFC 8878 §3).
//!
//! Each block of a stream is compressed on its own, so that it can also be
//! decompressed on its own; [`Packed::members`] says where.

mod codec;
mod pipeline;
mod stream;

pub(crate) use codec::Codec;
pub(crate) use stream::Stream;

use pipeline::{Block, Pipeline, Supply};
use std::fs::File;
use std::io::{self, Read, Write};
use toolkit::part::Packed;

/// How much is compressed at once. Smaller blocks compress worse; larger ones
/// leave the processor's cache.
const BLOCK: usize = 1 << 20;
/// What all encoders and blocks together may take, in bytes.
const BUDGET: usize = 48 << 20;
/// What a block takes, before and after.
const BOTH: usize = 2 * BLOCK + (BLOCK >> 3);

/// Compresses what is written to it into a file.
///
/// Dropped before [`Compressor::finish`], it stops its threads and leaves a
/// file that is not whole.
#[derive(Debug)]
pub(crate) struct Compressor {
    // Ends before the threads do.
    stream: Stream,
    pipeline: Pipeline,
}

impl Compressor {
    /// A compressor into `file`, from where it stands, on `jobs` threads; fewer
    /// when the level needs so much memory that they would pass 48 MiB.
    pub(crate) fn new(file: File, codec: Codec, jobs: usize) -> io::Result<Self> {
        let threads = jobs.clamp(1, BUDGET / (codec.encoder_bytes() + 3 * BLOCK));
        let pipeline = Pipeline::start(file, codec, threads, BLOCK)?;
        // One is filled, one is written, and as many again as half the threads
        // wait, so that no thread does.
        let supply = pipeline.supply(threads + threads.div_ceil(2) + 2);
        Ok(Self {
            stream: Stream::new(pipeline.lane()?, supply),
            pipeline,
        })
    }

    /// Compresses `from` to its end, shows each piece to `seen` as it comes by,
    /// and returns the number of bytes read.
    ///
    /// Faster than [`io::copy`]: it reads straight into what is compressed.
    pub(crate) fn copy_from(
        &mut self,
        from: &mut impl Read,
        seen: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        self.stream.copy_from(from, seen)
    }

    /// Compresses what is left, syncs the file, and returns what it holds. An
    /// empty stream makes a file with one empty member.
    pub(crate) fn finish(self) -> io::Result<Packed> {
        let Self { stream, pipeline } = self;
        let is_empty = stream.bytes() == 0;
        stream.end()?;
        if is_empty {
            pipeline.lane()?.submit(Block::of(Vec::new()))?;
        }
        pipeline.finish().map(|written| written.packed)
    }
}

impl Write for Compressor {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// Compresses several streams side by side into one file, one after the other.
///
/// Dropped before [`Joined::finish`], once its streams have ended, it stops its
/// threads and leaves a file that is not whole.
#[derive(Debug)]
pub(crate) struct Joined {
    pipeline: Pipeline,
    blocks: usize,
}

/// The right to fill one stream after the other, in the order in which they
/// were [opened](Joined::open).
#[derive(Debug)]
pub(crate) struct Filler(Supply);

impl Joined {
    /// One into `file`, compressed on `jobs` threads, for so many fillers; with
    /// fewer threads when the level needs more memory.
    pub(crate) fn new(file: File, codec: Codec, jobs: usize, fillers: usize) -> io::Result<Self> {
        let blocks = Self::blocks(fillers);
        let left = BUDGET.saturating_sub(fillers * blocks * BOTH);
        let threads = jobs.clamp(1, (left / codec.encoder_bytes()).max(1));
        let pipeline = Pipeline::start(file, codec, threads, BLOCK)?;
        Ok(Self { pipeline, blocks })
    }

    /// How many blocks each filler has: so many bytes of MiB wait of a stream
    /// whose turn has not come.
    pub(crate) fn blocks(fillers: usize) -> usize {
        (16 / fillers.max(1)).clamp(3, 5)
    }

    /// One more filler.
    pub(crate) fn filler(&self) -> Filler {
        Filler(self.pipeline.supply(self.blocks))
    }

    /// The next stream of the file, for the filler, which has ended the one
    /// before. Who opens it is to fill it before any that it opens later.
    pub(crate) fn open(&self, filler: Filler) -> io::Result<Stream> {
        Ok(Stream::new(self.pipeline.lane()?, filler.0))
    }

    /// A stream of a few bytes.
    pub(crate) fn add(&self, text: Vec<u8>) -> io::Result<()> {
        self.pipeline.lane()?.submit(Block::of(text))
    }

    /// Syncs the file, once all streams have ended, and returns what it holds,
    /// and how many members each stream became.
    pub(crate) fn finish(self) -> io::Result<(Packed, Vec<usize>)> {
        let written = self.pipeline.finish()?;
        Ok((written.packed, written.lanes))
    }
}

#[cfg(test)]
mod tests;
