//! A file's bytes, exactly as many as were announced.

use rustix::fs::Stat;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use toolkit::signals;

/// Reads a stretch of a file; what has been cut off in the meantime is zeros.
pub(super) struct Exact<'a> {
    file: &'a File,
    at: u64,
    left: u64,
    /// How many bytes are no longer there.
    pub(super) missing: u64,
    /// Why reading failed.
    pub(super) error: Option<io::Error>,
}

impl<'a> Exact<'a> {
    pub(super) fn new(file: &'a File, offset: u64, len: u64) -> Self {
        Self {
            file,
            at: offset,
            left: len,
            missing: 0,
            error: None,
        }
    }
}

impl Read for Exact<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if signals::interrupted().is_some() {
            return Err(io::Error::other("interrupted"));
        }
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let room = room.min(buffer.len());
        let buffer = &mut buffer[..room];
        if room == 0 {
            return Ok(0);
        }
        let read = if self.missing > 0 {
            Ok(0)
        } else {
            self.file.read_at(buffer, self.at)
        };
        let read = match read {
            Ok(0) => {
                buffer.fill(0);
                self.missing += room as u64;
                room
            }
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.error = Some(error);
                return Err(io::Error::other("the file cannot be read"));
            }
        };
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

/// Whether the file is no longer what `before` says.
pub(super) fn changed(file: &File, before: &Stat) -> bool {
    let key = |stat: &Stat| (stat.st_size, stat.st_mtime, stat.st_mtime_nsec);
    rustix::fs::fstat(file).is_ok_and(|now| key(&now) != key(before))
}
