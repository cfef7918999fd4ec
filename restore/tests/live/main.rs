//! `restore` of real stacks: PostgreSQL and Redis in containers, saved by the
//! real `backup`. Without Docker these tests fail.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

mod ahead;
mod asked;
mod dumps;
mod harm;
mod killed;
mod killed_redis;
mod pipeline;
mod refilled;
mod room;
mod secrets;
mod state;
mod whole;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use toolkit::testing::{Place, Recipe, Seen, Stack, Used, sibling};

const RESTORE: &str = env!("CARGO_BIN_EXE_restore");

/// What `sextant.toml` says in both stacks.
const RECIPE: Recipe<'_> = Recipe {
    compose: toolkit::testing::Compose::V2,
    postgres: "17",
    redis: "8",
    config: "[files]\nuploads = \"uploads\"\n",
    memory: "",
};

/// A stack that all tests share: each has databases of its own in it, and
/// nobody changes its Redis or its files.
fn shop() -> Used<'static> {
    static SHOP: LazyLock<Stack> = LazyLock::new(|| {
        let stack = Stack::of(RECIPE);
        state::fill_redis(&stack);
        stack
    });
    SHOP.used()
}

/// A stack of its own, with data in all of its servers.
fn filled() -> Stack {
    let stack = Stack::of(RECIPE);
    stack.load("shop", toolkit::testing::SCHEMA.as_bytes());
    state::fill_redis(&stack);
    stack
}

/// A stack that belongs to one test at a time, with all that is in it.
fn own() -> MutexGuard<'static, Stack> {
    static OWN: LazyLock<Mutex<Stack>> = LazyLock::new(|| Mutex::new(filled()));
    OWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn backup_tool(place: &Place) -> Command {
    place.tool(sibling(RESTORE, "backup"))
}

fn backup(place: &Place, args: &[&str]) -> Seen {
    Seen::run(backup_tool(place).args(args))
}

fn restore(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(RESTORE).args(args))
}

/// The set, or the flat set's file, that a run has made.
fn made(seen: &Seen) -> PathBuf {
    PathBuf::from(seen.data()["path"].as_str().unwrap())
}

/// Saves one database, and nothing else.
fn saved(place: &Place, database: &str) -> PathBuf {
    made(&backup(place, &["database", "--database", database]).succeeded())
}

/// A path as an argument.
fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
