//! Where a file has data, and where only holes.

use rustix::fs::{SeekFrom, Stat, seek};
use rustix::io::Errno;
use std::fs::File;
use std::io;

/// The stretches of `file` that hold data, as offset and length in bytes; none
/// for a file without holes, or where the file system does not tell.
pub(super) fn map(file: &File, stat: &Stat) -> io::Result<Option<Vec<(u64, u64)>>> {
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    let stored = u64::try_from(stat.st_blocks)
        .unwrap_or(0)
        .saturating_mul(512);
    if stored >= size {
        return Ok(None);
    }
    let mut segments = Vec::new();
    let mut at = 0;
    while at < size {
        let begin = match seek(file, SeekFrom::Data(at)) {
            Ok(begin) => begin,
            Err(Errno::NXIO) => break,
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let end = match seek(file, SeekFrom::Hole(begin)) {
            // Cut off in the meantime.
            Err(Errno::NXIO) => size,
            end => end?,
        };
        let (begin, end) = (begin.min(size), end.min(size));
        if end <= begin {
            break;
        }
        segments.push((begin, end - begin));
        at = end;
    }
    let whole = segments == [(0, size)];
    Ok((!whole).then_some(segments))
}
