//! Blocks on their way: filled by a few threads, compressed by many, written
//! and checksummed in their order by one.
//!
//! A fixed number of blocks goes round, which bounds the memory: who wants to
//! fill one waits until one of his own has been written. The file is a row of
//! lanes, each filled by one thread; those whose turn has not come wait in
//! memory, so that who fills the first of them never waits for another.

use super::codec::{Codec, Encoder};
use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use toolkit::checksum::Checksum;
use toolkit::part::{Member, Packed};

/// A piece of the stream, before and after.
#[derive(Debug)]
pub(super) struct Block {
    raw: Vec<u8>,
    filled: usize,
    packed: Vec<u8>,
    packed_len: usize,
    /// Where it goes once it is written.
    home: Option<Sender<Block>>,
}

impl Block {
    fn new(size: usize, home: Option<Sender<Block>>) -> Self {
        Self {
            raw: vec![0; size],
            filled: 0,
            packed: Vec::new(),
            packed_len: 0,
            home,
        }
    }

    /// One that is full of `text`, and of nobody's supply.
    pub(super) fn of(text: Vec<u8>) -> Self {
        Self {
            filled: text.len(),
            raw: text,
            ..Self::new(0, None)
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

    fn packed(&self) -> &[u8] {
        &self.packed[..self.packed_len]
    }

    /// Empty again, to whoever fills it next.
    pub(super) fn go_home(mut self) {
        self.filled = 0;
        if let Some(home) = self.home.clone() {
            // Nobody fills it once the stream has ended.
            let _ = home.send(self);
        }
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

/// Where one block will be once it is compressed.
type Place = Receiver<io::Result<Block>>;

/// The threads that compress, and the one that writes.
#[derive(Debug)]
pub(super) struct Pipeline {
    to_encode: Option<Sender<Job>>,
    to_write: Option<Sender<Receiver<Place>>>,
    encoders: Vec<JoinHandle<()>>,
    writer: Option<JoinHandle<io::Result<Written>>>,
    failure: Arc<Failure>,
    size: usize,
}

/// What came of all lanes.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) packed: Packed,
    /// How many members each lane became.
    pub(super) lanes: Vec<usize>,
}

/// One stretch of the file: its blocks are written in their order, after those
/// of the lanes that were opened before it. Dropped, it ends.
#[derive(Debug)]
pub(super) struct Lane {
    to_encode: Sender<Job>,
    places: Sender<Place>,
    failure: Arc<Failure>,
}

/// The blocks of one who fills them, lane after lane. Who waits for one of his
/// own waits for nobody but those before him.
#[derive(Debug)]
pub(super) struct Supply {
    idle: Receiver<Block>,
    failure: Arc<Failure>,
}

/// Why the writer ended before it was told to.
#[derive(Debug, Default)]
struct Failure(OnceLock<(io::ErrorKind, String)>);

impl Failure {
    fn note(&self, error: &io::Error) {
        // The first one is the cause of the others.
        let _ = self.0.set((error.kind(), error.to_string()));
    }

    fn error(&self) -> io::Error {
        match self.0.get() {
            Some((kind, message)) => io::Error::new(*kind, message.clone()),
            None => io::Error::other("the compressor ended early"),
        }
    }
}

impl Supply {
    /// An empty block, once there is one.
    pub(super) fn idle(&self) -> io::Result<Block> {
        self.idle.recv().map_err(|_| self.failure.error())
    }
}

impl Lane {
    /// Hands on a block that has been filled.
    pub(super) fn submit(&self, block: Block) -> io::Result<()> {
        let (done, place) = channel();
        let sent =
            self.places.send(place).is_ok() && self.to_encode.send(Job { block, done }).is_ok();
        if sent {
            Ok(())
        } else {
            Err(self.failure.error())
        }
    }
}

impl Pipeline {
    /// `threads` that compress blocks of `size` bytes into `file`.
    pub(super) fn start(file: File, codec: Codec, threads: usize, size: usize) -> io::Result<Self> {
        let (to_encode, jobs) = channel();
        let (to_write, order) = channel();
        let failure = Arc::new(Failure::default());
        let mut pipeline = Self {
            to_encode: Some(to_encode),
            to_write: Some(to_write),
            encoders: Vec::with_capacity(threads),
            writer: None,
            failure: Arc::clone(&failure),
            size,
        };
        let jobs = Arc::new(Mutex::new(jobs));
        for _ in 0..threads {
            let (encoder, jobs) = (codec.encoder()?, Arc::clone(&jobs));
            let thread = thread::Builder::new().name("compress".into());
            let thread = thread.spawn(move || encode(encoder, &jobs))?;
            pipeline.encoders.push(thread);
        }
        let thread = thread::Builder::new().name("write".into());
        pipeline.writer = Some(thread.spawn(move || {
            let written = write(file, &order);
            written.inspect_err(|error| failure.note(error))
        })?);
        Ok(pipeline)
    }

    /// So many blocks for one who fills them.
    pub(super) fn supply(&self, blocks: usize) -> Supply {
        let (home, idle) = channel();
        for _ in 0..blocks {
            let _ = home.send(Block::new(self.size, Some(home.clone())));
        }
        Supply {
            idle,
            failure: Arc::clone(&self.failure),
        }
    }

    /// The stretch of the file after those of the lanes before.
    pub(super) fn lane(&self) -> io::Result<Lane> {
        let (places, lane) = channel();
        let opened = self.to_write.as_ref().map(|order| order.send(lane));
        match (opened, &self.to_encode) {
            (Some(Ok(())), Some(to_encode)) => Ok(Lane {
                to_encode: to_encode.clone(),
                places,
                failure: Arc::clone(&self.failure),
            }),
            _ => Err(self.failure.error()),
        }
    }

    /// Waits until all lanes, which have ended, are written and synced.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.end()
    }

    fn end(&mut self) -> io::Result<Written> {
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
fn write(mut file: File, order: &Receiver<Receiver<Place>>) -> io::Result<Written> {
    let mut sum = Checksum::default();
    let (mut members, mut lanes) = (Vec::new(), Vec::new());
    let (mut bytes, mut raw_bytes) = (0, 0);
    while let Ok(lane) = order.recv() {
        let before = members.len();
        while let Ok(place) = lane.recv() {
            let encoded = place.recv();
            let block =
                encoded.map_err(|_| io::Error::other("a compressing thread ended early"))??;
            let packed = block.packed();
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
            block.go_home();
        }
        lanes.push(members.len() - before);
    }
    file.sync_all()?;
    let sha256 = sum.hex();
    let packed = Packed {
        bytes,
        raw_bytes,
        sha256,
        members,
    };
    Ok(Written { packed, lanes })
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes).map_err(io::Error::other)
}
