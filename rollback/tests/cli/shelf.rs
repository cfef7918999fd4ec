//! An application of one file: what the repository has as `version` is copied
//! to `served`, and served if it can be.

use std::path::PathBuf;
use std::process::Command;
use toolkit::testing::{Place, Seen, sibling};

const SEXTANT: &str = r#"
engine = "none"
[maintenance]
file = "maintenance"
[step.start]
run = "cp version served; ! grep -q broken version"
[step.stop]
run = "rm -f served"
[[check]]
name = "served"
kind = "command"
run = ["cmp", "version", "served"]
"#;

const DEPLOYMENT: &str = r#"
rollback --prepare </dev/null | rollback --maintenance on \
  | step checkout -- git checkout --quiet "$1" | step start \
  | healthcheck --no-alert served | rollback --maintenance off \
  | rollback --if failure --force | rollback --record
"#;

pub(crate) struct Shelf(pub(crate) Place);

impl Shelf {
    /// With v1 served.
    pub(crate) fn new() -> Self {
        let shelf = Self(Place::new());
        shelf.git(&["init", "--quiet", "--initial-branch", "main"]);
        shelf.0.write("sextant.toml", SEXTANT);
        shelf
            .0
            .write(".gitignore", "served\nmaintenance\nbegun\ngo\n");
        for version in ["v1", "v2", "v3-broken", "v4"] {
            shelf.0.write("version", version);
            shelf.git(&["add", "--all"]);
            shelf.git(&["commit", "--quiet", "--message", version]);
            shelf.git(&["tag", version]);
        }
        shelf.git(&["checkout", "--quiet", "v1"]);
        shelf.0.write("served", "v1");
        shelf
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let own = [
            "-c",
            "user.name=shelf",
            "-c",
            "user.email=shelf@shelf.example",
        ];
        let output = self.0.tool("git").args(own).args(args).output().unwrap();
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
        let mut command = self.0.tool("bash");
        command
            .env("PATH", format!("{}:{path}", folder.display()))
            .args(["-c", line, "bash"])
            .args(args);
        command
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
        let read = |name| std::fs::read_to_string(self.0.folder().join(name)).unwrap_or_default();
        let there = self.0.folder().join("maintenance").exists();
        (read("served"), self.git(&["describe", "--tags"]), there)
    }

    pub(crate) fn journal(&self) -> String {
        let path = self.0.state().join("operation.ndjson");
        std::fs::read_to_string(path).unwrap_or_default()
    }
}

pub(crate) fn serves(version: &str) -> (String, String, bool) {
    (version.to_owned(), version.to_owned(), false)
}
