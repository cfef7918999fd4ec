//! One stream, cut into blocks.

use super::Filler;
use super::pipeline::{Block, Lane, Supply};
use std::io::{self, Read, Write};

/// What is written to it becomes members of a file. Dropped before
/// [`Stream::end`], it loses what has not filled a block.
#[derive(Debug)]
pub(crate) struct Stream {
    filling: Option<Block>,
    lane: Lane,
    supply: Supply,
    bytes: u64,
}

impl Stream {
    pub(super) fn new(lane: Lane, supply: Supply) -> Self {
        Self {
            filling: None,
            lane,
            supply,
            bytes: 0,
        }
    }

    /// How many bytes have been written to it.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes all of `from`, shows each piece to `seen` as it comes by, and
    /// returns the number of bytes read.
    pub(crate) fn copy_from(
        &mut self,
        from: &mut impl Read,
        mut seen: impl FnMut(&[u8]),
    ) -> io::Result<u64> {
        let before = self.bytes;
        loop {
            let room = self.room()?;
            let read = match from.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if read == 0 {
                return Ok(self.bytes - before);
            }
            seen(&room[..read]);
            self.filled(read)?;
        }
    }

    /// Hands on what is left. Its blocks fill the next stream.
    pub(crate) fn end(mut self) -> io::Result<Filler> {
        match self.filling.take() {
            Some(block) if block.is_empty() => block.go_home(),
            Some(block) => self.lane.submit(block)?,
            None => {}
        }
        Ok(Filler(self.supply))
    }

    /// Where the next bytes go; never empty.
    fn room(&mut self) -> io::Result<&mut [u8]> {
        let block = match self.filling.take() {
            Some(block) => block,
            None => self.supply.idle()?,
        };
        Ok(self.filling.insert(block).room())
    }

    fn filled(&mut self, bytes: usize) -> io::Result<()> {
        self.bytes += bytes as u64;
        if let Some(mut block) = self.filling.take() {
            if block.fill(bytes) {
                return self.lane.submit(block);
            }
            self.filling = Some(block);
        }
        Ok(())
    }
}

impl Write for Stream {
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
