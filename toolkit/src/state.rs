//! What a tool keeps between runs: the history of results, and the locks.

use crate::durable;
use crate::failure::{Exit, Failure};
use anyhow::{Context, Result};
use chrono::Utc;
use std::env;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How much of a file an update reads, in bytes.
const LARGEST: u64 = 16 << 20;
/// How long an update waits for another.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it looks whether that has ended.
const TICK: Duration = Duration::from_millis(5);

/// The state folder of one project: `$SEXTANT_STATE`, else
/// `/var/lib/sextant/<project>` for root, else `sextant/<project>` in the XDG
/// state folder.
#[derive(Debug, Clone)]
pub struct State {
    folder: PathBuf,
}

impl State {
    /// Finds the folder of `project` and creates it where it is missing.
    pub fn open(project: &str) -> Result<Self> {
        Self::at(folder(project)?)
    }

    /// The folder at `path`, created where it is missing.
    pub fn at(path: PathBuf) -> Result<Self> {
        durable::create_folder(&path)?;
        Ok(Self { folder: path })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Appends one final record to `history.ndjson`, whole or not at all.
    pub fn append(&self, line: &str) -> Result<()> {
        let path = self.folder.join("history.ndjson");
        let appended = || -> std::io::Result<()> {
            let mut file = open(&path)?;
            file.lock()?;
            // A line torn by a power cut must not swallow the next one.
            let mut start = String::new();
            if file.seek(SeekFrom::End(0))? > 0 {
                file.seek(SeekFrom::End(-1))?;
                let mut last = [0];
                file.read_exact(&mut last)?;
                if last != *b"\n" {
                    start.push('\n');
                }
            }
            file.write_all(format!("{start}{line}\n").as_bytes())
        };
        appended().with_context(|| format!("cannot append to `{}`", path.display()))
    }

    /// Replaces the file `name` by what `change` makes of its content (none
    /// where it is not there; no more than 16 MiB of it), whole or not at all,
    /// while no other run does.
    ///
    /// # Errors
    /// The file cannot be read or written, or another run holds it for longer
    /// than five seconds.
    pub fn update(
        &self,
        name: &str,
        change: impl FnOnce(Option<Vec<u8>>) -> Vec<u8>,
    ) -> Result<()> {
        let _alone = self.alone(name)?;
        let path = self.folder.join(name);
        let read = read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        durable::write(&path, &change(read))
    }

    /// Waits for the lock of an update: its holder needs it for an instant.
    fn alone(&self, name: &str) -> Result<File> {
        let path = self.folder.join(format!("{name}.lock"));
        let begun = Instant::now();
        let locked = || -> std::io::Result<File> {
            let file = open(&path)?;
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(file),
                    Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                        thread::sleep(TICK);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        };
        locked().with_context(|| format!("cannot lock `{}`", path.display()))
    }

    /// Takes the lock `name` for as long as the returned value lives; the
    /// kernel frees it when the process ends, however it ends.
    ///
    /// # Errors
    /// `locked` (exit status 75), with the owner, when another run holds it.
    pub fn lock(&self, name: &str, owner: &str) -> Result<Lock> {
        let path = self.folder.join(format!("{name}.lock"));
        let mut file = open(&path).with_context(|| format!("cannot open `{}`", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&mut file)),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock `{}`", path.display()));
            }
        }
        let since = Utc::now().format("%Y-%m-%d %H:%M:%S UTC");
        let owner = format!("`{owner}`, process {}, since {since}\n", std::process::id());
        let written = file
            .set_len(0)
            .and_then(|()| file.write_all(owner.as_bytes()));
        written.with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Lock { _file: file })
    }
}

/// A held lock.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

fn held(file: &mut File) -> anyhow::Error {
    let mut owner = String::new();
    // The owner is a courtesy: the lock holds without it.
    let _ = file.take(4096).read_to_string(&mut owner);
    let owner = if owner.trim().is_empty() {
        "another run"
    } else {
        owner.trim()
    };
    Failure::new("locked", format!("another run holds the lock: {owner}"))
        .hint("wait for it to end, and start again")
        .exit(Exit::Locked)
        .into()
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
}

/// The content of a file that may not be there.
fn read(path: &Path) -> std::io::Result<Option<Vec<u8>>> {
    let mut content = Vec::new();
    match File::open(path) {
        Ok(file) => file.take(LARGEST).read_to_end(&mut content)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(content))
}

fn folder(project: &str) -> Result<PathBuf, Failure> {
    let given = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(folder) = given("SEXTANT_STATE") {
        return Ok(folder);
    }
    let base = if rustix::process::geteuid().is_root() {
        Some(PathBuf::from("/var/lib"))
    } else {
        given("XDG_STATE_HOME").or_else(|| Some(given("HOME")?.join(".local/state")))
    };
    let base = base.ok_or_else(|| {
        Failure::not_started(
            "no_state",
            "there is no folder to keep state in: `HOME` is not set",
        )
        .hint("set `SEXTANT_STATE` to a folder")
    })?;
    Ok(base.join("sextant").join(project.replace('/', "_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State {
            folder: folder.path().to_owned(),
        };
        (folder, state)
    }

    #[test]
    fn a_torn_line_does_not_swallow_the_next() {
        let (folder, state) = state();
        let path = folder.path().join("history.ndjson");
        state.append("one").unwrap();
        OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(b"to")
            .unwrap();
        state.append("three").unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one\nto\nthree\n");
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        let (_folder, state) = state();
        let held = state.lock("data", "backup").unwrap();
        let failure = Failure::of(&state.lock("data", "restore").unwrap_err());
        assert_eq!(failure.exit.code(), 75);
        assert!(
            failure.message.contains("`backup`, process "),
            "{}",
            failure.message
        );
        drop(held);
        state.lock("data", "restore").unwrap();
    }

    #[test]
    fn updates_wait_for_each_other() {
        let (folder, state) = state();
        let path = folder.path().join("count");
        let count = |content: Option<Vec<u8>>| {
            let mut content = content.unwrap_or_default();
            content.push(b'x');
            content
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..5).for_each(|_| state.update("count", count).unwrap()));
            }
        });
        assert_eq!(std::fs::read(&path).unwrap().len(), 40);
        let endless = File::create(&path).unwrap();
        endless.set_len(1 << 40).unwrap();
        let kept = |content: Option<Vec<u8>>| {
            assert_eq!(content.unwrap().len() as u64, LARGEST);
            b"anew".to_vec()
        };
        state.update("count", kept).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"anew");
    }
}
