//! A Compose project of one test's own, gone when it is dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use toolkit::command::Command;
use toolkit::durable;
use toolkit::stack::Lookup;

/// Which Compose starts it.
#[derive(Clone, Copy)]
pub(crate) enum Generation {
    /// `docker compose`.
    V2,
    /// `docker-compose` 1.29.
    V1,
}

/// A folder of the project's name, and what Compose started from it.
pub(crate) struct Project {
    /// Its name: unlike that of any other test, now or earlier.
    pub(crate) name: String,
    generation: Generation,
    above: tempfile::TempDir,
    _started: Started,
}

impl Project {
    /// An empty folder.
    pub(crate) fn new(generation: Generation) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stack-live-{}-{count}", std::process::id());
        let above = tempfile::tempdir().unwrap();
        fs::create_dir(above.path().join(&name)).unwrap();
        Self {
            _started: Started(name.clone()),
            name,
            generation,
            above,
        }
    }

    /// Its folder, as the system knows it.
    pub(crate) fn folder(&self) -> PathBuf {
        self.above.path().join(&self.name).canonicalize().unwrap()
    }

    /// Where to look for it, with nothing configured.
    pub(crate) fn lookup(&self) -> Lookup {
        Lookup {
            folder: self.folder(),
            ..Lookup::default()
        }
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.folder().join(name);
        write(&path, content);
    }

    /// Runs Compose in it, under its name.
    pub(crate) fn compose(&self, arguments: &[&str]) {
        let program: &[&str] = match self.generation {
            Generation::V2 => &["docker", "compose"],
            Generation::V1 => &["docker-compose"],
        };
        let command = Command::new(program[0])
            .args(&program[1..])
            .args(["-p", &self.name]);
        command
            .args(arguments)
            .folder(self.folder())
            .read()
            .unwrap();
    }

    /// Builds an image from one of its files; it goes with the project.
    pub(crate) fn build_image(&self, file: &str, name: &str) {
        let label = format!("com.docker.compose.project={}", self.name);
        let command = Command::new("docker").args([
            "build", "-q", "-t", name, "--label", &label, "-f", file, ".",
        ]);
        command.folder(self.folder()).read().unwrap();
    }
}

/// Writes a file, and the folder that it is in.
pub(crate) fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    durable::write(path, content.as_bytes()).unwrap();
}

/// All that Docker holds under a project's name; removed on drop.
pub(crate) struct Started(pub(crate) String);

impl Drop for Started {
    fn drop(&mut self) {
        let label = format!("label=com.docker.compose.project={}", self.0);
        for (list, remove) in [
            (&["ps", "-aq"][..], &["rm", "-f", "-v"][..]),
            (&["network", "ls", "-q"], &["network", "rm"]),
            (&["volume", "ls", "-q"], &["volume", "rm"]),
            (&["image", "ls", "-q"], &["image", "rm", "-f"]),
        ] {
            let listed = Command::new("docker")
                .args(list)
                .args(["--filter", &label])
                .read();
            let listed = String::from_utf8(listed.unwrap_or_default()).unwrap_or_default();
            let ids: Vec<_> = listed.split_whitespace().collect();
            if !ids.is_empty() {
                let _ = Command::new("docker").args(remove).args(ids).read();
            }
        }
    }
}
