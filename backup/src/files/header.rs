//! The headers of one entry: GNU's format, with POSIX extended headers for
//! what it cannot say.
//!
//! Names and link targets are written byte by byte: `tar`'s own setters
//! normalise them, and refuse some that are no UTF-8.

use rustix::fs::Stat;
use std::io::{self, Write};
use tar::{Builder, EntryType, GnuExtSparseHeader, GnuSparseHeader, Header};

/// What is written before a file's bytes.
pub(super) struct Entry<'a> {
    name: &'a [u8],
    link: &'a [u8],
    header: Header,
    mtime: Option<String>,
    segments: Vec<(u64, u64)>,
}

impl<'a> Entry<'a> {
    /// An entry without bytes of its own.
    pub(super) fn new(name: &'a [u8], stat: &Stat, kind: EntryType) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(stat.st_mode & 0o7777);
        // Without names, which would mean other users elsewhere, or in a container.
        header.set_uid(stat.st_uid.into());
        header.set_gid(stat.st_gid.into());
        header.set_mtime(u64::try_from(stat.st_mtime).unwrap_or(0));
        header.set_size(0);
        Self {
            name,
            link: &[],
            header,
            mtime: fraction(stat),
            segments: Vec::new(),
        }
    }

    /// Sets what a link points to.
    pub(super) fn link(mut self, target: &'a [u8]) -> Self {
        self.link = target;
        self
    }

    /// Sets how many bytes follow.
    pub(super) fn size(mut self, size: u64) -> Self {
        self.header.set_size(size);
        self
    }

    /// Makes it a file of `size` bytes of which only `segments` follow
    /// (`Sparse Formats` in GNU tar's manual, the old GNU format).
    pub(super) fn segments(mut self, size: u64, segments: &[(u64, u64)]) -> Self {
        self.header.set_entry_type(EntryType::GNUSparse);
        self.header
            .set_size(segments.iter().map(|(_, len)| len).sum());
        self.segments = segments.to_vec();
        // The end of the last hole.
        self.segments.push((size, 0));
        if let Some(gnu) = self.header.as_gnu_mut() {
            gnu.set_real_size(size);
            gnu.set_is_extended(self.segments.len() > gnu.sparse.len());
            describe(&mut gnu.sparse, &self.segments);
        }
        self
    }

    pub(super) fn write(&self, builder: &mut Builder<impl Write>) -> io::Result<()> {
        let mtime = self.mtime.as_ref().map(|time| ("mtime", time.as_bytes()));
        builder.append_pax_extensions(mtime)?;
        let mut header = self.header.clone();
        let old = header.as_old_mut();
        long(builder, b'L', self.name, &mut old.name)?;
        long(builder, b'K', self.link, &mut old.linkname)?;
        header.set_cksum();
        builder.append(&header, io::empty())?;
        let first = self.segments.len().min(4);
        let mut rest = self.segments[first..].chunks(21).peekable();
        while let Some(chunk) = rest.next() {
            let mut more = GnuExtSparseHeader::new();
            describe(more.sparse_mut(), chunk);
            more.set_is_extended(rest.peek().is_some());
            builder.get_mut().write_all(more.as_bytes())?;
        }
        Ok(())
    }
}

/// Puts `name` into its `field`, and before the header where it is longer.
fn long(
    builder: &mut Builder<impl Write>,
    kind: u8,
    name: &[u8],
    field: &mut [u8],
) -> io::Result<()> {
    let fits = name.len().min(field.len());
    field[..fits].copy_from_slice(&name[..fits]);
    if fits == name.len() {
        return Ok(());
    }
    let mut header = Header::new_gnu();
    let marker = b"././@LongLink";
    header.as_old_mut().name[..marker.len()].copy_from_slice(marker);
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(name.len() as u64 + 1);
    header.set_cksum();
    builder.append(&header, [name, b"\0"].concat().as_slice())
}

fn describe(slots: &mut [GnuSparseHeader], segments: &[(u64, u64)]) {
    for (slot, (offset, len)) in slots.iter_mut().zip(segments) {
        slot.set_offset(*offset);
        slot.set_length(*len);
    }
}

/// The time of the last change as a decimal, where whole seconds after 1970
/// do not say it.
fn fraction(stat: &Stat) -> Option<String> {
    let (seconds, nanoseconds) = (stat.st_mtime, stat.st_mtime_nsec);
    match (seconds, nanoseconds) {
        (0.., 0) => None,
        (0.., _) => Some(format!("{seconds}.{nanoseconds:09}")),
        (_, 0) => Some(seconds.to_string()),
        // Counted from the second above: -2 s + 0.5 s is -1.5 s.
        _ => Some(format!(
            "-{}.{:09}",
            -(seconds + 1),
            1_000_000_000 - nanoseconds
        )),
    }
}
