//! The demo application: an API with its PostgreSQL and its Redis.

use super::{keeper, said};
use crate::testing::{Place, workspace};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use tempfile::TempDir;
use ulid::Ulid;

/// The application of `scripts/dev/stack`, under a name of its own. Dropped, or
/// with the end of this process, all of it is removed.
#[derive(Debug)]
pub struct Demo {
    place: Place,
    keeper: Child,
    _above: TempDir,
}

impl Demo {
    /// Starts it, and waits until it is healthy.
    pub fn start() -> Self {
        let above = tempfile::tempdir().expect("a folder can be made");
        let project = format!("sextant-test-{}", Ulid::generate()).to_lowercase();
        let path = above.path().canonicalize().expect("the folder is there");
        let place = Place::within(path.clone(), path.join(&project));
        let stack = workspace().join("scripts/dev/stack");
        let read = |name| fs::read_to_string(stack.join(name)).expect("the demo is there");
        place.write("compose.yaml", read("compose.yaml"));
        let named = format!("COMPOSE_PROJECT_NAME={project}");
        place.write(
            ".env",
            read(".env").replace("COMPOSE_PROJECT_NAME=orchestr-a", &named),
        );
        fs::create_dir(place.folder().join("uploads")).expect("a folder can be made");
        let demo = Self {
            keeper: keeper(&place, &project, &path),
            place,
            _above: above,
        };
        demo.compose(&["up", "--detach", "--wait", "--wait-timeout", "300"]);
        demo
    }

    /// Where its API is: `host:port`.
    pub fn api(&self) -> String {
        self.compose(&["port", "api", "4000"])
    }

    /// The folder of its Compose file.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// Writes a file of its folder.
    pub fn write(&self, name: &str, content: &str) {
        self.place.write(name, content);
    }

    /// A program called in its folder, as [`Place::tool`] does.
    pub fn tool(&self, program: &str) -> Command {
        self.place.tool(program)
    }

    /// Runs `sql` in its database; the rows, unaligned.
    pub fn sql(&self, sql: &str) -> String {
        let psql = ["exec", "-T", "postgres", "psql", "-U", "orchestr_a", "-qAt"];
        self.compose(&[&psql[..], &["-c", sql]].concat())
    }

    /// Runs a subcommand of Compose; what it wrote, trimmed.
    pub fn compose(&self, args: &[&str]) -> String {
        let mut docker = self.place.tool("docker");
        said(docker.arg("compose").args(args))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
