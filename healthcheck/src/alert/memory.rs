//! What is known of incidents, on disk.

use super::incident::Memory;
use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use toolkit::durable;

/// The most that is read of it, in bytes.
const LARGEST: u64 = 4 << 20;

/// What is known of incidents, held by one run at a time.
pub(super) struct Kept {
    pub(super) memory: Memory,
    /// What was wrong with what is on disk, if anything.
    pub(super) damaged: Option<String>,
    path: PathBuf,
    _lock: File,
}

impl Kept {
    /// Reads it from the state folder, and keeps other runs out until dropped.
    /// What cannot be read is put aside, and all begins anew: an alert too many
    /// is better than none.
    pub(super) fn open(state: &Path) -> Result<Self> {
        durable::create_folder(state)?;
        let lock = state.join("alert.lock");
        let mut options = OpenOptions::new();
        let held = options.append(true).create(true).mode(0o600).open(&lock);
        let held = held.and_then(|file| file.lock().map(|()| file));
        let held = held.with_context(|| format!("cannot lock `{}`", lock.display()))?;
        let path = state.join("alert.json");
        let mut kept = Self {
            memory: Memory::default(),
            damaged: None,
            path,
            _lock: held,
        };
        match read(&kept.path) {
            Ok(memory) => kept.memory = memory.unwrap_or_default(),
            Err(error) => {
                let aside = kept.path.with_extension("json.damaged");
                durable::rename(&kept.path, &aside)?;
                kept.damaged = Some(format!(
                    "what was known of incidents is lost: {error:#}; it is now `{}`",
                    aside.display()
                ));
            }
        }
        Ok(kept)
    }

    /// Writes it back.
    pub(super) fn save(&self) -> Result<()> {
        durable::write(&self.path, &serde_json::to_vec(&self.memory)?)
    }
}

fn read(path: &Path) -> Result<Option<Memory>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_is_put_aside_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alert.json");
        durable::write(&path, b"{\"incidents\": 1").unwrap();
        let kept = Kept::open(folder.path()).unwrap();
        let told = kept.damaged.clone().unwrap();
        assert!(
            told.starts_with("what was known of incidents is lost: "),
            "{told}"
        );
        assert_eq!(kept.memory, Memory::default());
        kept.save().unwrap();
        drop(kept);
        assert!(Kept::open(folder.path()).unwrap().damaged.is_none());
        assert!(folder.path().join("alert.json.damaged").exists());
    }
}
