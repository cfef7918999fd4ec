//! The two formats, each block of a stream on its own.

use libdeflater::{CompressionLvl, Compressor as Deflate};
use std::io;

/// A format, and how hard it tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// gzip, by libdeflate; 1 is fastest, 12 is smallest.
    Gzip(u8),
    /// zstd; 1 is fastest, 22 is smallest.
    Zstd(u8),
}

impl Codec {
    /// About how much memory one encoder takes for blocks of 1 MiB, in bytes.
    pub(super) fn encoder_bytes(self) -> usize {
        match self {
            Self::Gzip(..=9) => 1 << 20,
            Self::Gzip(_) => 10 << 20,
            Self::Zstd(..=5) => 4 << 20,
            Self::Zstd(..=12) => 8 << 20,
            Self::Zstd(_) => 16 << 20,
        }
    }

    /// What compresses blocks in this format; one a thread.
    pub(super) fn encoder(self) -> io::Result<Encoder> {
        Ok(match self {
            Self::Gzip(level) => {
                let level = CompressionLvl::new(level.into()).map_err(|_| {
                    let message = format!("gzip knows levels 1 to 12, not {level}");
                    io::Error::new(io::ErrorKind::InvalidInput, message)
                })?;
                Encoder::Gzip(Deflate::new(level))
            }
            Self::Zstd(level) => {
                let mut zstd = zstd::bulk::Compressor::new(level.into())?;
                // As the `zstd` program does: `zstd -t` finds a flipped bit.
                zstd.include_checksum(true)?;
                Encoder::Zstd(zstd)
            }
        })
    }
}

pub(super) enum Encoder {
    Gzip(Deflate),
    Zstd(zstd::bulk::Compressor<'static>),
}

impl Encoder {
    /// The most that `raw` bytes can become.
    pub(super) fn bound(&mut self, raw: usize) -> usize {
        match self {
            Self::Gzip(deflate) => deflate.gzip_compress_bound(raw),
            Self::Zstd(_) => zstd::zstd_safe::compress_bound(raw),
        }
    }

    /// Compresses `raw` into the beginning of `packed`; returns the length.
    pub(super) fn encode(&mut self, raw: &[u8], packed: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(deflate) => deflate.gzip_compress(raw, packed).map_err(io::Error::other),
            Self::Zstd(zstd) => zstd.compress_to_buffer(raw, packed),
        }
    }
}
