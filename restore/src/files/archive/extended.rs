//! What GNU's long names and POSIX extended headers say of the next entry.

use super::{damaged, hostile};
use anyhow::Result;

#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// Seconds since 1970, and nanoseconds.
    pub(super) mtime: Option<(i64, i64)>,
}

impl Extended {
    /// Takes the content of an entry of type `kind`.
    pub(super) fn add(&mut self, kind: u8, mut bytes: Vec<u8>) -> Result<()> {
        if kind == b'x' {
            return self.records(&bytes);
        }
        if bytes.last() == Some(&0) {
            bytes.pop();
        }
        match kind {
            b'L' => self.path = Some(bytes),
            _ => self.link = Some(bytes),
        }
        Ok(())
    }

    /// Reads records of the form `length key=value\n`, the length being that
    /// of the whole record (POSIX, `pax Extended Header`).
    fn records(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let record = split(&mut bytes).ok_or_else(|| damaged(&"an extended header is wrong"));
            let (key, value) = record?;
            let number = || number(value).ok_or_else(|| damaged(&"an extended header is wrong"));
            match key {
                b"path" => self.path = Some(value.to_owned()),
                b"linkpath" => self.link = Some(value.to_owned()),
                b"size" => self.size = Some(number()?),
                b"uid" => self.uid = Some(number()?),
                b"gid" => self.gid = Some(number()?),
                b"mtime" => self.mtime = time(value),
                _ if key.starts_with(b"GNU.sparse.") => {
                    let what = "is sparse in a format that only GNU tar reads";
                    return Err(hostile(self.path.as_deref().unwrap_or(b"a file"), what));
                }
                // Times of reading, names of owners, comments, attributes.
                _ => {}
            }
        }
        Ok(())
    }
}

fn split<'a>(bytes: &mut &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let len = usize::try_from(number(&bytes[..space])?).ok()?;
    let record = bytes.get(space + 1..len)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    *bytes = &bytes[len..];
    Some((&record[..equals], &record[equals + 1..]))
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// A decimal number of seconds, such as `-1.5`, as whole seconds and the
/// nanoseconds after them.
fn time(text: &[u8]) -> Option<(i64, i64)> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i64 = whole.parse().ok()?;
    let nanoseconds: i64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    if whole.starts_with('-') && nanoseconds > 0 {
        return Some((seconds.checked_sub(1)?, 1_000_000_000 - nanoseconds));
    }
    Some((seconds, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_on_both_sides_of_1970() {
        for (text, expected) in [
            ("0", (0, 0)),
            ("12.5", (12, 500_000_000)),
            ("-1.5", (-2, 500_000_000)),
            ("-0.25", (-1, 750_000_000)),
            ("-3", (-3, 0)),
            ("7.1234567899", (7, 123_456_789)),
        ] {
            assert_eq!(time(text.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_value_may_hold_a_line_end() {
        let mut extended = Extended::default();
        extended
            .add(b'x', b"12 path=a\nb\n9 uid=10\n".to_vec())
            .unwrap();
        assert_eq!(extended.path.as_deref(), Some(&b"a\nb"[..]));
        assert_eq!(extended.uid, Some(10));
    }

    #[test]
    fn wrong_records_are_refused() {
        for records in [
            "x",
            "3 a=b\n",
            "99 a=b\n",
            "6 ab\n\n",
            "8 uid=x\n",
            "0 a=b\n",
            "1 \n",
            "5 a=b",
        ] {
            let added = Extended::default().add(b'x', records.into());
            assert!(added.is_err(), "{records:?}");
        }
    }
}
