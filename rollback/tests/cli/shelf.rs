//! An application of one file: what the repository has as `version` is copied
//! to `served`, and served if it can be.

use std::path::PathBuf;
use std::process::Command;
use toolkit::testing::{Place, Seen, SmallFolders, sibling};

const SEXTANT: &str = r#"
engine = "none"
[maintenance]
file = "maintenance"
[step.start]
run = "cp version served; if [ -e at-start ]; then . ./at-start; fi; ! grep -q broken version"
[step.stop]
run = "rm -f served; if [ -e at-stop ]; then . ./at-stop; fi"
[[check]]
name = "served"
kind = "command"
run = "if [ -e at-check ]; then . ./at-check; fi; cmp version served"
"#;

const DEPLOYMENT: &str = r#"
rollback --prepare </dev/null | rollback --maintenance on \
  | step checkout -- git checkout --quiet "$1" | step start \
  | healthcheck --no-alert served | rollback --maintenance off \
  | rollback --if failure --force | rollback --record
"#;

pub(crate) struct Shelf {
    pub(crate) place: Place,
    /// Where its state folder is small.
    small: Option<SmallFolders>,
}

impl Shelf {
    /// With v1 served.
    pub(crate) fn new() -> Self {
        let shelf = Self {
            place: Place::new(),
            small: None,
        };
        shelf.git(&["init", "--quiet", "--initial-branch", "main"]);
        shelf.place.write("sextant.toml", SEXTANT);
        shelf
            .place
            .write(".gitignore", "served\nmaintenance\nbegun\ngo\nat-*\n");
        for version in ["v1", "v2", "v3-broken", "v4"] {
            shelf.place.write("version", version);
            shelf.git(&["add", "--all"]);
            shelf.git(&["commit", "--quiet", "--message", version]);
            shelf.git(&["tag", version]);
        }
        shelf.git(&["checkout", "--quiet", "v1"]);
        shelf.place.write("served", "v1");
        shelf
    }

    /// The same, with a state folder of 512 KiB.
    pub(crate) fn with_little_room() -> Self {
        let mut shelf = Self::new();
        let state = shelf.place.state();
        shelf.small = Some(SmallFolders::over(&[&state], "size=512k"));
        shelf
    }

    /// Fills the state folder, but for `pages` of it.
    pub(crate) fn fill(&self, pages: u64) {
        self.small().fill(&self.place.state(), pages);
    }

    /// Makes room again.
    pub(crate) fn clear(&self) {
        self.small().clear(&self.place.state());
    }

    fn small(&self) -> &SmallFolders {
        self.small.as_ref().expect("it has little room")
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let own = [
            "-c",
            "user.name=shelf",
            "-c",
            "user.email=shelf@shelf.example",
        ];
        let output = self
            .place
            .tool("git")
            .args(own)
            .args(args)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub(crate) fn shell(&self, line: &str, args: &[&str]) -> Command {
        let own = PathBuf::from(env!("CARGO_BIN_EXE_rollback"));
        for tool in ["backup", "restore", "healthcheck", "smoketest", "step"] {
            sibling(env!("CARGO_BIN_EXE_rollback"), tool);
        }
        let folder = own.parent().expect("a binary is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = self.place.tool("bash");
        command
            .env("PATH", format!("{}:{path}", folder.display()))
            .args(["-c", line, "bash"])
            .args(args);
        match &self.small {
            Some(small) => small.enter(&command),
            None => command,
        }
    }

    pub(crate) fn deployment(&self, version: &str) -> Command {
        self.shell(DEPLOYMENT, &[version])
    }

    pub(crate) fn deploy(&self, version: &str) -> Seen {
        Seen::run(&mut self.deployment(version))
    }

    pub(crate) fn rollback(&self, args: &str) -> Seen {
        Seen::run(&mut self.shell(&format!("rollback {args}"), &[]))
    }

    /// What is served, which tag is checked out, whether maintenance is on.
    pub(crate) fn seen(&self) -> (String, String, bool) {
        let read =
            |name| std::fs::read_to_string(self.place.folder().join(name)).unwrap_or_default();
        let there = self.place.folder().join("maintenance").exists();
        (read("served"), self.git(&["describe", "--tags"]), there)
    }

    pub(crate) fn journal(&self) -> String {
        let path = self.place.state().join("operation.ndjson");
        let small = self.small.as_ref();
        let path = small.map_or(path.clone(), |small| small.path(&path));
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

pub(crate) fn serves(version: &str) -> (String, String, bool) {
    (version.to_owned(), version.to_owned(), false)
}
