//! The values of an RDB file, walked over. The numbers are those of `rdb.h`.

use super::source::Source;
use anyhow::Result;
use std::io::Read;

/// Why a walk over the content stopped before its end.
pub(super) enum Walk {
    /// There is something that this version does not know; where it ends is
    /// not known either.
    Unknown(String),
    /// The file cannot be read, or is damaged.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Walk {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What counts about a value.
#[derive(Default)]
pub(super) struct Seen {
    /// Fields of it expire.
    pub(super) fields_expire: bool,
    /// The module whose type it is.
    pub(super) module: Option<String>,
}

/// Whether values of this type can be walked over. 6 is from a release
/// candidate and, unlike its successor, does not say where it ends.
pub(super) fn is_known(kind: u8) -> bool {
    matches!(kind, 0..=5 | 7 | 9..=25)
}

/// Walks over one value.
pub(super) fn walk<R: Read>(source: &mut Source<R>, kind: u8) -> Result<Seen, Walk> {
    let mut seen = Seen::default();
    match kind {
        // A string, or one whose bytes are a whole collection: a zipmap, a
        // ziplist, an intset or a listpack.
        0 | 9..=13 | 16 | 17 | 20 => source.string()?,
        // Lists and sets; a quicklist is a list of ziplists.
        1 | 2 | 14 => each(source, Source::string)?,
        3 => each(source, |source| {
            source.string()?;
            textual_score(source)
        })?,
        4 => each(source, pair)?,
        5 => each(source, |source| {
            source.string()?;
            source.skip(8)
        })?,
        7 => seen.module = Some(module(source)?),
        15 => stream(source, 1)?,
        18 => each(source, |source| {
            source.length()?; // plain, or packed
            source.string()
        })?,
        19 => stream(source, 2)?,
        21 => stream(source, 3)?,
        22..=25 => {
            seen.fields_expire = true;
            // From the final release on, the first expiry goes before.
            if kind >= 24 {
                source.skip(8)?;
            }
            if kind == 22 || kind == 24 {
                each(source, |source| {
                    source.length()?; // the field's expiry
                    pair(source)
                })?;
            } else {
                source.string()?;
            }
        }
        _ => return Err(Walk::Unknown(format!("type {kind} is not known"))),
    }
    Ok(seen)
}

/// Walks over a length and as many elements.
fn each<R: Read>(
    source: &mut Source<R>,
    element: impl Fn(&mut Source<R>) -> Result<()>,
) -> Result<()> {
    // Each element takes a byte at least, so a wrong length ends at the end
    // of the file.
    (0..source.length()?).try_for_each(|_| element(source))
}

fn pair<R: Read>(source: &mut Source<R>) -> Result<()> {
    source.string()?;
    source.string()
}

/// A number as text after its length; three lengths are numbers themselves:
/// not a number, and the infinities.
fn textual_score<R: Read>(source: &mut Source<R>) -> Result<()> {
    match source.byte()? {
        253..=255 => Ok(()),
        length => source.skip(length.into()),
    }
}

/// A stream in one of its three versions: entries, its ids, consumer groups.
fn stream<R: Read>(source: &mut Source<R>, version: u8) -> Result<()> {
    let lengths =
        |source: &mut Source<R>, many: u8| (0..many).try_for_each(|_| source.length().map(drop));
    each(source, pair)?;
    // The length and the last id; then the first one, the highest deleted one
    // and how many were ever added.
    lengths(source, if version >= 2 { 8 } else { 3 })?;
    each(source, |source| {
        source.string()?;
        // The last delivered id; then how many were read.
        lengths(source, if version >= 2 { 3 } else { 2 })?;
        // Pending entries: id, time of delivery, count of deliveries.
        each(source, |source| {
            source.skip(16 + 8)?;
            source.length().map(drop)
        })?;
        each(source, |source| {
            source.string()?;
            // When it was last seen; then when it was last active.
            source.skip(if version >= 3 { 16 } else { 8 })?;
            each(source, |source| source.skip(16))
        })
    })
}

/// A module's value: its type's name, and parts up to an end mark.
fn module<R: Read>(source: &mut Source<R>) -> Result<String, Walk> {
    let name = module_name(source.length()?);
    parts(source)?;
    Ok(name)
}

/// What a module saved beside the keys: as a value, after two numbers that say
/// when it is to be loaded.
pub(super) fn module_auxiliary<R: Read>(source: &mut Source<R>) -> Result<String, Walk> {
    let name = module_name(source.length()?);
    source.length()?;
    source.length()?;
    parts(source)?;
    Ok(name)
}

fn parts<R: Read>(source: &mut Source<R>) -> Result<(), Walk> {
    loop {
        match source.length()? {
            0 => return Ok(()),
            1 | 2 => drop(source.length()?),
            3 => source.skip(4)?,
            4 => source.skip(8)?,
            5 => source.string()?,
            part => {
                return Err(Walk::Unknown(format!(
                    "part {part} of a module is not known"
                )));
            }
        }
    }
}

/// The nine characters of six bits above the ten bits of the type's version.
fn module_name(id: u64) -> String {
    const CHARACTERS: &[u8; 64] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let character = |place: u32| {
        let index = (id >> (10 + 6 * place)) & 0x3f;
        char::from(CHARACTERS[usize::try_from(index).unwrap_or_default()])
    };
    (0..9).rev().map(character).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_a_modules_type() {
        // The id of RedisJSON's type, version 3.
        let characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let id = "ReJSON-RL".chars().fold(0, |id: u64, character| {
            (id << 6) | characters.find(character).unwrap() as u64
        });
        assert_eq!(module_name((id << 10) | 3), "ReJSON-RL");
    }
}
