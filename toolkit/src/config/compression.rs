//! How the parts of a backup are compressed: `gzip:6`, `zstd:3`.

use std::fmt;
use std::str::FromStr;

/// A compression and its level; a level that is not written is the usual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// `gzip:LEVEL`, from 1 to libdeflate's 12; 6 where none is written.
    Gzip(u8),
    /// `zstd:LEVEL`, from 1 to 19 (more needs memory to restore too); 3 where
    /// none is written.
    Zstd(u8),
}

impl Default for Compression {
    fn default() -> Self {
        Self::Gzip(6)
    }
}

impl FromStr for Compression {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, level) = match text.split_once(':') {
            Some((name, level)) => (name, Some(level)),
            None => (text, None),
        };
        let (kind, usual, most): (fn(u8) -> Self, u8, u8) = match name {
            "gzip" => (Self::Gzip, 6, 12),
            "zstd" => (Self::Zstd, 3, 19),
            _ => {
                return Err(format!(
                    "`{text}` is no compression; write it like `gzip:6` or `zstd:3`"
                ));
            }
        };
        let level = match level {
            Some(level) => level.parse().unwrap_or(0),
            None => usual,
        };
        if !(1..=most).contains(&level) {
            return Err(format!(
                "`{text}` has no such level; `{name}` takes 1 to {most}"
            ));
        }
        Ok(kind(level))
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip(level) => write!(f, "gzip:{level}"),
            Self::Zstd(level) => write!(f, "zstd:{level}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_kinds_and_levels() {
        for (text, expected) in [
            ("gzip", Compression::Gzip(6)),
            ("gzip:12", Compression::Gzip(12)),
            ("zstd", Compression::Zstd(3)),
            ("zstd:19", Compression::Zstd(19)),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        assert_eq!(Compression::default().to_string(), "gzip:6");
    }

    #[test]
    fn refuses_other_kinds_and_levels() {
        for text in [
            "", "bzip2", "GZIP:6", "gzip:0", "gzip:13", "gzip:", "zstd:20", "zstd:300",
        ] {
            assert!(text.parse::<Compression>().is_err(), "{text}");
        }
    }
}
