//! Blocks on their way: filled by one thread, compressed by many, written and
//! checksummed in their order by one.
//!
//! A fixed number of blocks goes round, which bounds the memory: who wants to
//! fill one waits until one has been written.

use super::codec::{Codec, Encoder};
use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use toolkit::checksum::Checksum;
use toolkit::part::{Member, Packed};

/// What all encoders and blocks together may take, in bytes.
const BUDGET: usize = 48 << 20;

/// A piece of the stream, before and after.
#[derive(Debug)]
pub(super) struct Block {
    raw: Vec<u8>,
    filled: usize,
    packed: Vec<u8>,
    packed_len: usize,
}

impl Block {
    fn new(size: usize) -> Self {
        Self {
            raw: vec![0; size],
            filled: 0,
            packed: Vec::new(),
            packed_len: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// What is still empty.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.raw[self.filled..]
    }

    /// Marks `bytes` of the room as filled; returns whether none is left.
    pub(super) fn fill(&mut self, bytes: usize) -> bool {
        self.filled += bytes;
        self.filled == self.raw.len()
    }

    fn encode(&mut self, encoder: &mut Encoder) -> io::Result<()> {
        let bound = encoder.bound(self.raw.len());
        if self.packed.len() < bound {
            self.packed = vec![0; bound];
        }
        self.packed_len = encoder.encode(&self.raw[..self.filled], &mut self.packed)?;
        Ok(())
    }
}

/// A block to compress, and where its place in the order is kept.
struct Job {
    block: Block,
    done: Sender<io::Result<Block>>,
}

#[derive(Debug)]
pub(super) struct Pipeline {
    to_encode: Option<Sender<Job>>,
    to_write: Option<Sender<Receiver<io::Result<Block>>>>,
    idle: Receiver<Block>,
    encoders: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<io::Result<Packed>>>,
}

impl Pipeline {
    pub(super) fn start(file: File, codec: Codec, jobs: usize, block: usize) -> io::Result<Self> {
        let threads = jobs.clamp(1, BUDGET / (codec.encoder_bytes() + 3 * block));
        let (to_encode, jobs) = channel();
        let (to_write, order) = channel();
        let (recycle, idle) = channel();
        // One is filled, one is written, and as many again as half the threads
        // wait, so that no thread does.
        for _ in 0..threads + threads.div_ceil(2) + 2 {
            let _ = recycle.send(Block::new(block));
        }
        let mut pipeline = Self {
            to_encode: Some(to_encode),
            to_write: Some(to_write),
            idle,
            encoders: Vec::with_capacity(threads),
            writer: None,
        };
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let (encoder, jobs) = (codec.encoder()?, Arc::clone(&jobs));
            let thread = thread::Builder::new().name("compress".into());
            let thread = thread.spawn(move || encode(encoder, &jobs))?;
            pipeline.encoders.push(thread);
        }
        let thread = thread::Builder::new().name("write".into());
        pipeline.writer = Some(thread.spawn(move || write(file, &order, &recycle))?);
        Ok(pipeline)
    }

    /// An empty block, once there is one.
    pub(super) fn idle(&mut self) -> io::Result<Block> {
        let block = self.idle.recv();
        block.map_err(|_| self.failure())
    }

    /// Hands on a block that has been filled.
    pub(super) fn submit(&mut self, block: Block) -> io::Result<()> {
        let (done, place) = channel();
        let sent = self
            .to_write
            .as_ref()
            .is_some_and(|order| order.send(place).is_ok())
            && self
                .to_encode
                .as_ref()
                .is_some_and(|jobs| jobs.send(Job { block, done }).is_ok());
        if sent { Ok(()) } else { Err(self.failure()) }
    }

    /// Waits until all is written and synced.
    pub(super) fn finish(mut self) -> io::Result<Packed> {
        self.end()
    }

    /// Why a thread ended before it was told to.
    fn failure(&mut self) -> io::Error {
        match self.end() {
            Err(error) => error,
            Ok(_) => io::Error::other("the compressor ended early"),
        }
    }

    fn end(&mut self) -> io::Result<Packed> {
        self.to_encode = None;
        self.to_write = None;
        let written = self.writer.take().map(JoinHandle::join);
        for encoder in self.encoders.drain(..) {
            let _ = encoder.join();
        }
        match written {
            Some(Ok(written)) => written,
            Some(Err(_)) => Err(io::Error::other("the writing thread ended early")),
            None => Err(io::Error::other("the compressor has already failed")),
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        // No thread may write to the file after this.
        let _ = self.end();
    }
}

fn encode(mut encoder: Encoder, jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { mut block, done }) = job else {
            return;
        };
        let outcome = block.encode(&mut encoder).map(|()| block);
        // Nobody waits for it once the writer has failed.
        let _ = done.send(outcome);
    }
}

/// Writes each block when its turn comes. The checksum is here because this
/// thread sees the fewest bytes and otherwise waits.
fn write(
    mut file: File,
    order: &Receiver<Receiver<io::Result<Block>>>,
    recycle: &Sender<Block>,
) -> io::Result<Packed> {
    let mut sum = Checksum::default();
    let mut members = Vec::new();
    let (mut bytes, mut raw_bytes) = (0, 0);
    while let Ok(place) = order.recv() {
        let encoded = place.recv();
        let mut block =
            encoded.map_err(|_| io::Error::other("a compressing thread ended early"))??;
        let packed = &block.packed[..block.packed_len];
        file.write_all(packed)?;
        sum.update(packed);
        let member = Member {
            offset: bytes,
            bytes: length(packed.len())?,
            raw_bytes: length(block.filled)?,
        };
        bytes += u64::from(member.bytes);
        raw_bytes += u64::from(member.raw_bytes);
        members.push(member);
        block.filled = 0;
        // Nobody fills it once the stream has ended.
        let _ = recycle.send(block);
    }
    file.sync_all()?;
    Ok(Packed {
        bytes,
        raw_bytes,
        sha256: sum.hex(),
        members,
    })
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(io::Error::other)
}
