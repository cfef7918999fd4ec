//! SHA-256 of files, as `sha256sum` prints it.

use crate::signals;
use anyhow::{Context, Result};
use rustix::fs::{Advice, fadvise};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The size and SHA-256 of what is on disk at `path`, which is read anew rather
/// than out of the page cache where the system allows it.
pub fn of_file(path: &Path) -> Result<(u64, String)> {
    let mut file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    // Advice only: what is still dirty, or shared, stays cached.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    let _ = fadvise(&file, 0, None, Advice::Sequential);
    let mut sum = Checksum::default();
    let mut buffer = vec![0; 1 << 20];
    let mut bytes = 0;
    loop {
        signals::check()?;
        let read = file
            .read(&mut buffer)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        if read == 0 {
            return Ok((bytes, sum.hex()));
        }
        sum.update(&buffer[..read]);
        bytes += read as u64;
    }
}

/// A SHA-256 in the making.
#[derive(Debug, Clone, Default)]
pub struct Checksum(Sha256);

impl Checksum {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum, in lower-case hexadecimal.
    pub fn hex(self) -> String {
        let mut hex = String::with_capacity(64);
        for byte in self.0.finalize() {
            // Writing to a `String` does not fail.
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_sha256sum() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("abc");
        crate::durable::write(&path, b"abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(of_file(&path).unwrap(), (3, expected.to_owned()));
    }
}
