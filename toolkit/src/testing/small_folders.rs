//! Folders of a test on file systems of a few pages, for tools that do their work
//! by programs of this machine: in a mount namespace, which any user may have.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Says that they are there, and ends with its stdin: with the process of the
/// tests, however that ends. `$1` is what tmpfs(5) is told of each of the others.
const MOUNTS: &str = "options=$1; shift
for folder; do mkdir -p \"$folder\" && mount -t tmpfs -o \"$options\" tmpfs \"$folder\" || exit; done
echo there; exec cat";
/// What is written to fill one: a page.
const PAGE: usize = 4096;

/// Folders that are empty and small to what is called in there. Gone when it is
/// dropped.
#[derive(Debug)]
pub struct SmallFolders {
    waiting: Child,
}

impl SmallFolders {
    /// Mounts a tmpfs with `options` over each folder.
    pub fn over(folders: &[&Path], options: &str) -> Self {
        let mut unshare = Command::new("unshare");
        unshare
            .args(["--user", "--map-root-user", "--mount"])
            .args(["sh", "-c", MOUNTS, "sh", options])
            .args(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C ends the tests; this ends after them.
            .process_group(0);
        let mut waiting = unshare.spawn().expect("`unshare` is installed");
        let stdout = waiting.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("sh writes text");
        assert_eq!(line, "there\n", "no file system can be mounted");
        Self { waiting }
    }

    /// The same call where they are mounted.
    pub fn enter(&self, command: &Command) -> Command {
        let mut entered = Command::new("nsenter");
        entered
            .args(["--target", &self.waiting.id().to_string()])
            .args(["--user", "--mount", "--preserve-credentials", "env"]);
        if let Some(folder) = command.get_current_dir() {
            entered.arg("--chdir").arg(folder);
        }
        entered.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => entered.env(name, value),
                None => entered.env_remove(name),
            };
        }
        entered.stdin(Stdio::null());
        entered
    }

    /// Where this process finds a path of theirs.
    pub fn path(&self, path: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.waiting.id());
        Path::new(&root).join(path.strip_prefix("/").expect("it is absolute"))
    }

    /// Fills a folder, but for `pages` of it.
    pub fn fill(&self, folder: &Path, pages: u64) {
        let path = self.path(folder).join("ballast");
        let mut ballast = File::create(&path).expect("a file can be made");
        loop {
            match ballast.write_all(&[0; PAGE]) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("`{}`: {error}", path.display()),
            }
        }
        let length = ballast.metadata().expect("it is there").len();
        let shorter = length.saturating_sub(pages * PAGE as u64);
        ballast.set_len(shorter).expect("it can be cut");
    }

    /// Makes room again.
    pub fn clear(&self, folder: &Path) {
        let path = self.path(folder).join("ballast");
        fs::remove_file(path).expect("it was filled");
    }
}

impl Drop for SmallFolders {
    fn drop(&mut self) {
        // `cat` ends with its input, and the mounts with it.
        drop(self.waiting.stdin.take());
        let _ = self.waiting.wait();
    }
}
