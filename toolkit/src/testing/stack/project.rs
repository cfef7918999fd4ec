//! A Compose project of files that a test writes.

use super::{Compose, keeper, said};
use crate::testing::Place;
use std::path::Path;
use std::process::{Child, Command};
use tempfile::TempDir;
use ulid::Ulid;

/// A project under a name of its own, not started yet. Dropped, or with the end
/// of this process, its containers, volumes, network, images and folders are
/// removed.
#[derive(Debug)]
pub struct Project {
    place: Place,
    name: String,
    compose: Compose,
    keeper: Child,
    _above: TempDir,
}

impl Project {
    /// An empty folder.
    pub fn new() -> Self {
        Self::of(Compose::V2)
    }

    /// The same, for this generation of Compose.
    pub fn of(compose: Compose) -> Self {
        let above = tempfile::tempdir().expect("a folder can be made");
        let name = format!("sextant-test-{}", Ulid::generate()).to_lowercase();
        let path = above.path().canonicalize().expect("the folder is there");
        let place = Place::within(path.clone(), path.join(&name));
        std::fs::create_dir(place.folder()).expect("a folder can be made");
        Self {
            keeper: keeper(&place, &name, &path),
            place,
            name,
            compose,
            _above: above,
        }
    }

    /// What Compose calls it, by the name of its folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its tests call tools.
    pub fn place(&self) -> &Place {
        &self.place
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

    /// Runs a program in its folder, which must succeed; what it wrote, trimmed.
    pub fn said(&self, program: &str, args: &[&str]) -> String {
        said(self.place.tool(program).args(args))
    }

    /// Runs a subcommand of Compose; what it wrote, trimmed.
    pub fn compose(&self, args: &[&str]) -> String {
        let program = self.compose.program();
        let mut command = self.place.tool(program[0]);
        // Not every machine has the builder that Compose would prefer.
        command.env("DOCKER_BUILDKIT", "0");
        said(command.args(&program[1..]).args(args))
    }
}

impl Default for Project {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
