//! The bytes of an RDB file, read once and summed on the way.

use super::damaged;
use crate::failure::Failure;
use anyhow::{Context, Result};
use crc::{CRC_64_REDIS, Crc, Digest, Table};
use std::io::{self, Read};

/// `CRC-64/REDIS`, sixteen bytes at a time.
pub(super) static CRC: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

const BUFFER: usize = 64 * 1024;
/// The longest text that is kept, such as a server's version.
const LONGEST_TEXT: u64 = 256;
/// The checksum's length.
const SUM: usize = 8;
/// The opcode that ends the content.
const END: u8 = 255;

pub(super) struct Source<R> {
    reader: R,
    buffer: Box<[u8]>,
    /// What is not yet part of the sum begins here…
    summed: usize,
    /// …what is not yet read, here…
    start: usize,
    /// …and what has not yet come, here.
    end: usize,
    /// Where in the file the buffer begins.
    offset: u64,
    digest: Digest<'static, u64, Table<16>>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: vec![0; BUFFER].into(),
            summed: 0,
            start: 0,
            end: 0,
            offset: 0,
            digest: CRC.digest(),
        }
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.start as u64
    }

    /// The sum of what was read, without the checksum itself.
    pub(super) fn checksum(&self) -> u64 {
        self.digest.clone().finalize()
    }

    /// Reads more behind what is unread; false at the end of the input.
    fn fill(&mut self) -> Result<bool> {
        self.sum();
        self.buffer.copy_within(self.start..self.end, 0);
        self.offset += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        self.summed = 0;
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot read the RDB file"),
            }
        }
    }

    fn sum(&mut self) {
        self.digest.update(&self.buffer[self.summed..self.start]);
        self.summed = self.start;
    }

    /// Makes sure that this many bytes, of which the buffer has room, are there.
    fn need(&mut self, bytes: usize) -> Result<()> {
        while self.end - self.start < bytes {
            if !self.fill()? {
                return Err(self.truncated().into());
            }
        }
        Ok(())
    }

    fn truncated(&self) -> Failure {
        let length = self.offset + self.end as u64;
        Failure::new(
            "rdb_truncated",
            format!("the RDB file ends too early, after {length} bytes"),
        )
        .hint("take another copy: this one is a part")
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.need(N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.buffer[self.start..self.start + N]);
        self.start += N;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        let [byte] = self.take()?;
        Ok(byte)
    }

    pub(super) fn skip(&mut self, mut bytes: u64) -> Result<()> {
        while bytes > 0 {
            self.need(1)?;
            let here = self.end - self.start;
            let here = usize::try_from(bytes).map_or(here, |bytes| bytes.min(here));
            self.start += here;
            bytes -= here as u64;
        }
        Ok(())
    }

    /// A length: its two first bits say how many bytes it takes. The special
    /// strings are no length.
    pub(super) fn length(&mut self) -> Result<u64> {
        match self.measure()? {
            Measure::Length(length) => Ok(length),
            Measure::Special(kind) => {
                Err(damaged(&format!("at byte {}, {kind} is no length", self.position())).into())
            }
        }
    }

    fn measure(&mut self) -> Result<Measure> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Measure::Length(u64::from(first & 0x3f)),
            1 => {
                let high = u64::from(first & 0x3f) << 8;
                Measure::Length(high | u64::from(self.byte()?))
            }
            2 if first == 0x80 => Measure::Length(u32::from_be_bytes(self.take()?).into()),
            2 if first == 0x81 => Measure::Length(u64::from_be_bytes(self.take()?)),
            3 => Measure::Special(first & 0x3f),
            _ => {
                let position = self.position();
                return Err(damaged(&format!("there is no length at byte {position}")).into());
            }
        })
    }

    /// Skips a string: plain, an integer of 1, 2 or 4 bytes, or compressed.
    pub(super) fn string(&mut self) -> Result<()> {
        match self.measure()? {
            Measure::Length(length) => self.skip(length),
            Measure::Special(kind @ 0..=2) => self.skip(1 << kind),
            Measure::Special(3) => {
                let compressed = self.length()?;
                self.length()?;
                self.skip(compressed)
            }
            Measure::Special(kind) => Err(damaged(&format!(
                "at byte {}, there is no string of kind {kind}",
                self.position()
            ))
            .into()),
        }
    }

    /// A string's text; nothing for one that is long or not plain.
    pub(super) fn short_string(&mut self) -> Result<Option<Vec<u8>>> {
        self.need(1)?;
        // Integers and compressed strings begin with two set bits.
        if self.buffer[self.start] >> 6 == 3 {
            self.string()?;
            return Ok(None);
        }
        let length = self.length()?;
        if length > LONGEST_TEXT {
            self.skip(length)?;
            return Ok(None);
        }
        let mut text = Vec::new();
        for _ in 0..length {
            text.push(self.byte()?);
        }
        Ok(Some(text))
    }

    /// The checksum, which is all that may be left.
    pub(super) fn rest(&mut self) -> Result<[u8; SUM]> {
        self.need(SUM)?;
        self.sum();
        let sum = self.take()?;
        self.summed = self.start;
        if self.end > self.start || self.fill()? {
            return Err(damaged("it goes on after its end").into());
        }
        Ok(sum)
    }

    /// Reads to the end of the input, and returns the checksum there.
    pub(super) fn trailer(&mut self) -> Result<[u8; SUM]> {
        self.need(SUM + 1)?;
        loop {
            self.start = self.end - (SUM + 1);
            if !self.fill()? {
                break;
            }
        }
        if self.byte()? != END {
            return Err(self.truncated().into());
        }
        self.rest()
    }
}

enum Measure {
    Length(u64),
    /// A string that is not stored as its bytes.
    Special(u8),
}
