//! What the tests of every tool share. Not part of any tool: the feature
//! `testing` is for `[dev-dependencies]` alone.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::print_stderr,
    clippy::return_self_not_must_use
)]

mod accepted;
mod held;
pub mod manual;
mod place;
mod pm2;
mod port;
mod program;
pub mod secret;
mod seen;
pub mod servers;
mod sibling;
mod small_disks;
mod small_folders;
mod stack;

pub use accepted::accepted;
pub use held::Held;
pub use place::Place;
pub use pm2::path_with_pm2;
pub use port::free_port;
pub use program::program;
pub use seen::Seen;
pub use sibling::sibling;
pub use small_disks::SmallDisks;
pub use small_folders::SmallFolders;
pub use stack::{Compose, Demo, Project, Recipe, Stack, Used};

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// SQL of a database worth testing with, as a superuser loads it into an empty
/// one: what dumps, counts and restores are known to break on.
pub const SCHEMA: &str = include_str!("schema.sql");

/// The longest that a condition is waited for: for machines that are busy.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until `condition` holds, and fails when it never does.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The folder that the workspace is in.
pub fn workspace() -> PathBuf {
    let toolkit = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    toolkit
        .parent()
        .expect("toolkit stands in the workspace")
        .to_owned()
}

/// Compares a file of the workspace with what the code makes of it; `BLESS=1`
/// in the environment writes it instead.
pub fn bless(path: &str, made: &[u8]) {
    let file = workspace().join(path);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a file is in a folder"))
            .expect("the folder can be made");
        std::fs::write(&file, made).expect("the file can be written");
    }
    let there = std::fs::read(&file).unwrap_or_default();
    assert!(
        there == made,
        "`{path}` is not what the code makes: `BLESS=1 cargo test` writes it anew"
    );
}
