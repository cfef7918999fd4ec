//! The entries of a tar archive of unknown origin.
//!
//! `tar` parses the headers; its reader of whole archives is not used because
//! it keeps names of any length in memory and splits extended headers at line
//! ends that may be part of a name.

mod extended;

use super::tree::Meta;
use anyhow::Result;
use extended::Extended;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};
use toolkit::failure::Failure;

const BLOCK: usize = 512;
/// Linux knows no longer paths (`PATH_MAX`).
const LONGEST_PATH: usize = 4096;
/// Extended headers hold several paths, and what others keep in them.
const LONGEST_EXTENSION: u64 = 1 << 20;
/// More stretches than any file has that was sparse on purpose.
const MOST_SEGMENTS: usize = 1 << 20;

/// One file, folder or link.
#[derive(Debug)]
pub(super) struct Entry {
    /// Relative and without `..`; empty for the top of the archive.
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    pub(super) meta: Meta,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// A file of so many bytes, whose contents fill these stretches (offset
    /// and length); the rest is holes.
    File(u64, Vec<(u64, u64)>),
    Folder,
    /// Another name of what is at this path in the archive.
    Link(PathBuf),
    Symlink(Vec<u8>),
    Fifo,
}

/// The entries of an archive, one after the other.
pub(super) struct Entries<R> {
    reader: R,
    /// What is left of the content of the entry at hand, and its padding.
    content: u64,
    padding: u64,
}

impl<R: Read> Entries<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            content: 0,
            padding: 0,
        }
    }

    /// The next entry; none at the archive's end.
    ///
    /// # Errors
    /// `damaged_archive`, `hostile_archive`.
    pub(super) fn next(&mut self) -> Result<Option<Entry>> {
        let mut extended = Extended::default();
        loop {
            let skipped = self.content.saturating_add(self.padding);
            self.skip(skipped)?;
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = header.entry_size().map_err(|error| damaged(&error))?;
            match header.entry_type().as_byte() {
                kind @ (b'L' | b'K' | b'x') => {
                    let bytes = self.extension(size)?;
                    extended.add(kind, bytes)?;
                }
                // Comments for the whole archive, and its label.
                b'g' | b'V' => self.announce(size),
                _ => return self.entry(&header, extended).map(Some),
            }
        }
    }

    /// The content of the entry at hand.
    pub(super) fn content(&mut self) -> Content<'_, R> {
        Content(self)
    }

    /// Reads what follows the last entry, so that checksums are checked.
    pub(super) fn drain(mut self) -> Result<()> {
        let drained = io::copy(&mut self.reader, &mut io::sink());
        drained.map(drop).map_err(|error| damaged(&error))
    }

    fn entry(&mut self, header: &Header, extended: Extended) -> Result<Entry> {
        let name = extended
            .path
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let path = checked(&name, &name)?;
        let size = match extended.size {
            // As GNU tar has it: another name has no content, whatever is said.
            _ if header.entry_type().is_hard_link() => 0,
            Some(size) => size,
            None => header.entry_size().map_err(|error| damaged(&error))?,
        };
        self.announce(size);
        let link = extended
            .link
            .or_else(|| header.link_name_bytes().map(Into::into));
        let link = link.unwrap_or_default();
        let kind = match header.entry_type().as_byte() {
            b'0' | 0 | b'7' if name.ends_with(b"/") => Kind::Folder,
            b'0' | 0 | b'7' => Kind::File(size, vec![(0, size)]),
            b'S' => self.sparse(header, size)?,
            b'1' => Kind::Link(checked(&link, &name)?),
            b'2' => Kind::Symlink(link),
            b'5' => Kind::Folder,
            b'6' => Kind::Fifo,
            b'3' | b'4' => return Err(hostile(&name, "is a device")),
            other => {
                let other = char::from(other).escape_default();
                return Err(hostile(&name, &format!("is of the unknown type `{other}`")));
            }
        };
        let meta = |field: io::Result<u64>| -> Result<u32> {
            let field = field.map_err(|error| damaged(&error))?;
            u32::try_from(field).map_err(|_| hostile(&name, "has an owner that cannot be"))
        };
        let mtime = match extended.mtime {
            Some(mtime) => mtime,
            // Before 1970 it is the two's complement.
            None => (
                header
                    .mtime()
                    .map_err(|error| damaged(&error))?
                    .cast_signed(),
                0,
            ),
        };
        let meta = Meta {
            mode: header.mode().map_err(|error| damaged(&error))? & 0o7777,
            uid: meta(extended.uid.map_or_else(|| header.uid(), Ok))?,
            gid: meta(extended.gid.map_or_else(|| header.gid(), Ok))?,
            mtime,
        };
        Ok(Entry { path, kind, meta })
    }

    fn announce(&mut self, size: u64) {
        self.content = size;
        self.padding = (512 - size % 512) % 512;
    }

    fn header(&mut self) -> Result<Option<Header>> {
        let mut block = [0; BLOCK];
        self.read_block(&mut block)?;
        if block == [0; BLOCK] {
            return Ok(None);
        }
        let header = Header::from_byte_slice(&block).clone();
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        // The checksum's own field counts as spaces.
        let expected = sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..]);
        if header.cksum().ok() != Some(expected) {
            return Err(damaged(&"a header has a wrong checksum"));
        }
        Ok(Some(header))
    }

    fn sparse(&mut self, header: &Header, size: u64) -> Result<Kind> {
        let Some(gnu) = header.as_gnu() else {
            return Err(damaged(&"a sparse file has no map"));
        };
        let real = gnu.real_size().map_err(|error| damaged(&error))?;
        let mut segments = Vec::new();
        collect(&gnu.sparse, &mut segments)?;
        let mut extended = gnu.is_extended();
        while extended {
            let mut more = GnuExtSparseHeader::new();
            self.read_block(more.as_mut_bytes())?;
            collect(more.sparse(), &mut segments)?;
            extended = more.is_extended();
        }
        let mut end = 0;
        let mut stored = 0_u64;
        for (offset, len) in &segments {
            let next = offset.checked_add(*len).filter(|next| *next <= real);
            match next {
                Some(next) if *offset >= end => end = next,
                _ => return Err(damaged(&"the map of a sparse file is wrong")),
            }
            stored += len;
        }
        if stored != size {
            return Err(damaged(&"the map of a sparse file is wrong"));
        }
        Ok(Kind::File(real, segments))
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > LONGEST_EXTENSION {
            return Err(hostile(b"a header", "has more than 1 MiB"));
        }
        self.announce(size);
        let mut bytes = Vec::new();
        let read = self.content().read_to_end(&mut bytes);
        read.map_err(|error| damaged(&error))?;
        Ok(bytes)
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink());
        self.content = 0;
        self.padding = 0;
        match skipped {
            Ok(skipped) if skipped == bytes => Ok(()),
            Ok(_) => Err(damaged(&"it ends early")),
            Err(error) => Err(damaged(&error)),
        }
    }

    fn read_block(&mut self, block: &mut [u8]) -> Result<()> {
        self.reader.read_exact(block).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                damaged(&"it ends early")
            } else {
                damaged(&error)
            }
        })
    }
}

/// What is left of an entry's content.
pub(super) struct Content<'a, R>(&'a mut Entries<R>);

impl<R: Read> Read for Content<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.0.content).unwrap_or(usize::MAX);
        let room = room.min(buffer.len());
        let read = self.0.reader.read(&mut buffer[..room])?;
        if read == 0 && room > 0 {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it ends early",
            ));
        }
        self.0.content -= read as u64;
        Ok(read)
    }
}

fn collect(slots: &[GnuSparseHeader], segments: &mut Vec<(u64, u64)>) -> Result<()> {
    for slot in slots.iter().filter(|slot| !slot.is_empty()) {
        let offset = slot.offset().map_err(|error| damaged(&error))?;
        let len = slot.length().map_err(|error| damaged(&error))?;
        segments.push((offset, len));
    }
    if segments.len() > MOST_SEGMENTS {
        return Err(hostile(b"a sparse file", "has more than a million pieces"));
    }
    Ok(())
}

/// The path that `bytes` name, if it stays where it is unpacked; `entry` is
/// whose it is.
fn checked(bytes: &[u8], entry: &[u8]) -> Result<PathBuf> {
    if bytes.is_empty() || bytes.len() > LONGEST_PATH || bytes.contains(&0) {
        return Err(hostile(entry, "names no file"));
    }
    let mut path = PathBuf::new();
    for component in Path::new(std::ffi::OsStr::from_bytes(bytes)).components() {
        match component {
            Component::Normal(name) => path.push(name),
            Component::CurDir => {}
            _ => return Err(hostile(entry, "leads out of the archive")),
        }
    }
    Ok(path)
}

pub(super) fn hostile(name: &[u8], what: &str) -> anyhow::Error {
    let message = format!("`{}` in the archive {what}", String::from_utf8_lossy(name));
    Failure::new("hostile_archive", message)
        .hint("nothing was restored: find out where this archive comes from")
        .into()
}

pub(super) fn damaged(what: &dyn std::fmt::Display) -> anyhow::Error {
    Failure::new("damaged_archive", format!("the archive is damaged: {what}")).into()
}
