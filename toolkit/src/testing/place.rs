//! Where one test calls tools: a working folder, a state folder and a folder of
//! backup sets that no other test uses.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Variables by which the surroundings of the tests would reach a tool.
const MISLEADING: [&str; 5] = [
    "BACKUP_DIR",
    "DATABASE_URL",
    "NO_COLOR",
    "REDIS_URL",
    "TERM",
];
/// Such variables, by how their names begin.
const MISLEADING_PREFIXES: [&str; 3] = ["COMPOSE_", "PG", "SEXTANT_"];

/// Three folders of one test's own, gone when it is dropped.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    above: PathBuf,
    _removed: Option<TempDir>,
}

impl Place {
    /// With an empty working folder.
    pub fn new() -> Self {
        let place = Self::at("");
        let folder = place.above.join("app");
        fs::create_dir(&folder).expect("a folder can be made");
        Self { folder, ..place }
    }

    /// With a working folder that is somebody else's.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let above = tempfile::tempdir().expect("a folder can be made");
        Self {
            folder: folder.into(),
            above: above.path().to_owned(),
            _removed: Some(above),
        }
    }

    /// With folders that somebody else removes, in `above`.
    pub(super) fn within(above: PathBuf, folder: PathBuf) -> Self {
        Self {
            folder,
            above,
            _removed: None,
        }
    }

    /// The working folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the folders of the sets and of the state are.
    pub(super) fn above(&self) -> &Path {
        &self.above
    }

    /// The folder of the backup sets; a tool makes it.
    pub fn backups(&self) -> PathBuf {
        self.above.join("backups")
    }

    /// The state folder; a tool makes it.
    pub fn state(&self) -> PathBuf {
        self.above.join("state")
    }

    /// What the state folder remembers; empty when nothing was.
    pub fn history(&self) -> String {
        fs::read_to_string(self.state().join("history.ndjson")).unwrap_or_default()
    }

    /// Writes a file of the working folder, and the folders that it is in.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        write(&self.folder.join(name), content);
    }

    /// Calls a command line on a terminal of its own, as `script` makes one,
    /// and types `answer`; its exit status, and what it showed.
    pub fn on_a_terminal(&self, line: &str, answer: &str) -> (Option<i32>, String) {
        let mut command = self.tool("script");
        command
            .env("TERM", "dumb")
            .args(["--quiet", "--return", "--command", line, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("`script` is installed");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        stdin
            .write_all(answer.as_bytes())
            .expect("the answer can be typed");
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&output.stdout).replace('\r', "");
        (output.status.code(), shown)
    }

    /// A program called in the working folder, with nothing on stdin, as if the
    /// variables of this process that mean something to tools were not set.
    pub fn tool(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let is_misleading = MISLEADING.contains(&&*text)
                || MISLEADING_PREFIXES
                    .iter()
                    .any(|prefix| text.starts_with(prefix));
            if is_misleading {
                command.env_remove(&name);
            }
        }
        command
            .current_dir(&self.folder)
            .env("SEXTANT_STATE", self.state())
            .env("BACKUP_DIR", self.backups())
            .stdin(Stdio::null());
        command
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes a file, and the folders that it is in.
pub(super) fn write(path: &Path, content: impl AsRef<[u8]>) {
    let folder = path.parent().expect("a file is in a folder");
    fs::create_dir_all(folder).expect("a folder can be made");
    fs::write(path, content).expect("a file can be written");
}
