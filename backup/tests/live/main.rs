//! `backup` of real stacks: PostgreSQL and Redis in containers, started by
//! `docker compose` and by `docker-compose` 1.29. Without Docker these tests
//! fail.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

mod consistency;
mod databases;
mod differing;
mod direct;
mod flat;
mod halted;
mod interrupted;
mod secrets;
mod set;
mod space;
mod unpacked;

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use toolkit::testing::{Compose, Place, Recipe, Seen, Stack, Used};

const BACKUP: &str = env!("CARGO_BIN_EXE_backup");

/// A stack of the newest images, started by `docker compose`, that all tests
/// share: each has databases of its own in it.
fn shop() -> Used<'static> {
    static SHOP: LazyLock<Stack> = LazyLock::new(|| {
        let stack = Stack::of(Recipe {
            config: "[files]\nuploads = \"uploads\"\n",
            ..Recipe::default()
        });
        stack.create_shop("whole");
        fill_redis(&stack);
        release(&stack);
        stack
    });
    SHOP.used()
}

/// A stack of the older images, started by `docker-compose` 1.29, without
/// `sextant.toml`.
fn older() -> Used<'static> {
    static OLDER: LazyLock<Stack> = LazyLock::new(|| {
        let stack = Stack::of(Recipe {
            compose: Compose::V1,
            postgres: "15",
            redis: "7",
            ..Recipe::default()
        });
        stack.create_shop("whole");
        fill_redis(&stack);
        stack
    });
    OLDER.used()
}

/// Keys of every kind in two databases.
fn fill_redis(stack: &Stack) {
    let script = "for i = 1, 50 do redis.call('SET', 'k' .. i, string.rep('v', i)) end
        redis.call('SET', 'binary', '\\0\\255\\r\\n', 'EX', 100000)
        redis.call('RPUSH', 'list', 'a', 'b')
        redis.call('HSET', 'hash', 'f', 'v')
        redis.call('SADD', 'set', '1', '2')
        redis.call('ZADD', 'sorted', '1.5', 'm')
        redis.call('XADD', 'stream', '1-1', 'f', 'v')
        redis.call('SELECT', '3')
        redis.call('SET', 'other', 'database')";
    stack.redis(&["EVAL", script, "0"]);
}

/// Makes the application's folder a release under git.
fn release(stack: &Stack) {
    for args in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "config"],
        &[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "-m",
            "one",
        ],
        &["tag", "v1.2.3"],
    ] {
        assert!(stack.tool("git").args(args).status().unwrap().success());
    }
}

fn backup(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(BACKUP).args(args))
}

/// The set, or the flat set's file, that a run has made.
fn made(seen: &Seen) -> PathBuf {
    PathBuf::from(seen.data()["path"].as_str().unwrap())
}

/// The description and proof of a set.
fn info(set: &Path) -> Value {
    serde_json::from_slice(&fs::read(set.join("deployment-info.json")).unwrap()).unwrap()
}

/// The part of this name, as the proof describes it.
fn part<'a>(info: &'a Value, name: &str) -> &'a Value {
    let mut parts = info["parts"].as_array().unwrap().iter();
    parts.find(|part| part["name"] == name).unwrap()
}

/// What `gunzip` makes of a file.
fn gunzip(file: &Path) -> Vec<u8> {
    let output = Command::new("gunzip").arg("-c").arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// Whether the folder of the sets holds nothing but whole sets.
fn nothing_half_made(place: &Place) -> bool {
    let entries = fs::read_dir(place.backups())
        .into_iter()
        .flatten()
        .flatten();
    let mut names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.all(|name| {
        place
            .backups()
            .join(name)
            .join("deployment-info.json")
            .exists()
    })
}
