//! Members decompressed side by side and handed out in their order.

use super::Format;
use libdeflater::{DecompressionError, Decompressor};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::FileExt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use toolkit::part::Member;

/// No member is larger: with one a thread, this bounds the memory. Those that
/// `backup` makes have 1 MiB.
const LARGEST: u32 = 4 << 20;
/// More threads only take memory: what reads the stream is slower.
const THREADS: usize = 8;

struct Job {
    member: Member,
    raw: Vec<u8>,
    done: Sender<io::Result<Vec<u8>>>,
}

/// A compressed file as one stream. Dropped, it stops its threads.
pub(super) struct Members {
    left: VecDeque<Member>,
    jobs: Option<Sender<Job>>,
    order: VecDeque<Receiver<io::Result<Vec<u8>>>>,
    window: usize,
    current: Vec<u8>,
    consumed: usize,
    spare: Vec<Vec<u8>>,
    threads: Vec<JoinHandle<()>>,
}

impl Members {
    pub(super) fn start(file: File, members: &[Member], jobs: usize) -> io::Result<Self> {
        let format = Format::of(&file)?;
        check(members, file.metadata()?.len())?;
        let window = jobs.clamp(1, THREADS);
        let (sender, receiver) = channel();
        let mut stream = Self {
            left: members.iter().copied().collect(),
            jobs: Some(sender),
            order: VecDeque::new(),
            // One is being read, and one waits, so that no thread does.
            window: window + 1,
            current: Vec::new(),
            consumed: 0,
            spare: Vec::new(),
            threads: Vec::new(),
        };
        let (file, receiver) = (Arc::new(file), Arc::new(Mutex::new(receiver)));
        for _ in 0..window {
            let decoder = Decoder::new(format)?;
            let (file, receiver) = (Arc::clone(&file), Arc::clone(&receiver));
            let thread = thread::Builder::new().name("decompress".into());
            let thread = thread.spawn(move || decode(decoder, &file, &receiver))?;
            stream.threads.push(thread);
        }
        Ok(stream)
    }

    fn next(&mut self) -> io::Result<()> {
        let read = std::mem::take(&mut self.current);
        self.spare.push(read);
        self.consumed = 0;
        while self.order.len() < self.window
            && let (Some(member), Some(jobs)) = (self.left.pop_front(), &self.jobs)
        {
            let (done, place) = channel();
            let raw = self.spare.pop().unwrap_or_default();
            // Without a thread to take it, its place stays empty.
            let _ = jobs.send(Job { member, raw, done });
            self.order.push_back(place);
        }
        if let Some(place) = self.order.pop_front() {
            let ended = |_| io::Error::other("a decompressing thread ended early");
            self.current = place.recv().map_err(ended)??;
        }
        Ok(())
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl BufRead for Members {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // A member may be empty.
        while self.consumed == self.current.len()
            && !(self.left.is_empty() && self.order.is_empty())
        {
            self.next()?;
        }
        Ok(&self.current[self.consumed..])
    }

    fn consume(&mut self, bytes: usize) {
        self.consumed = (self.consumed + bytes).min(self.current.len());
    }
}

impl Read for Members {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let filled = self.fill_buf()?;
        let read = filled.len().min(buffer.len());
        buffer[..read].copy_from_slice(&filled[..read]);
        self.consume(read);
        Ok(read)
    }
}

/// Refuses members that leave something of the file unread, or are too large.
fn check(members: &[Member], size: u64) -> io::Result<()> {
    let mut at = 0;
    for member in members {
        let fits = member.raw_bytes <= LARGEST && member.bytes <= 2 * LARGEST;
        if member.offset != at || !fits {
            return Err(damaged("its list of members is damaged"));
        }
        at += u64::from(member.bytes);
    }
    if at == size {
        Ok(())
    } else {
        Err(damaged("its list of members does not cover it"))
    }
}

fn decode(mut decoder: Decoder, file: &File, jobs: &Mutex<Receiver<Job>>) {
    let mut packed = Vec::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { member, raw, done }) = job else {
            return;
        };
        packed.resize(member.bytes as usize, 0);
        let read = file.read_exact_at(&mut packed, member.offset);
        let outcome = read.and_then(|()| decoder.decode(&packed, raw, member.raw_bytes as usize));
        // Nobody waits for it once the stream has been dropped.
        let _ = done.send(outcome);
    }
}

enum Decoder {
    Gzip(Decompressor),
    Zstd(zstd::bulk::Decompressor<'static>),
}

impl Decoder {
    fn new(format: Format) -> io::Result<Self> {
        match format {
            Format::Gzip => Ok(Self::Gzip(Decompressor::new())),
            Format::Zstd => Ok(Self::Zstd(zstd::bulk::Decompressor::new()?)),
            Format::Plain => Err(damaged("it is neither gzip nor zstd")),
        }
    }

    /// Decompresses `packed` into `raw`, which is to have exactly `size` bytes.
    fn decode(&mut self, packed: &[u8], mut raw: Vec<u8>, size: usize) -> io::Result<Vec<u8>> {
        raw.resize(size, 0);
        let decoded = match self {
            Self::Gzip(gzip) => gzip.gzip_decompress(packed, &mut raw).map_err(|error| {
                damaged(match error {
                    DecompressionError::BadData => "its compressed data are damaged",
                    DecompressionError::InsufficientSpace => "it is longer than was recorded",
                })
            })?,
            Self::Zstd(zstd) => zstd.decompress_to_buffer(packed, raw.as_mut_slice())?,
        };
        if decoded == size {
            Ok(raw)
        } else {
            Err(damaged("it is shorter than was recorded"))
        }
    }
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
