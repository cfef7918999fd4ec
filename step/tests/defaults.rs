//! What `step NAME` does where nobody said what: pulls, and what is left alone.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

use serde_json::json;
use std::fs;
use std::path::Path;
use toolkit::testing::{Place, Seen};

const STEP: &str = env!("CARGO_BIN_EXE_step");

fn step(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(STEP).args(args))
}

fn git(place: &Place, folder: &Path, args: &[&str]) {
    let mut git = place.tool("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b", "-C"]);
    let output = git.arg(folder).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A working folder that is a clone, and another clone of the same.
fn two_clones() -> (Place, Place) {
    let (one, other) = (Place::new(), Place::new());
    let remote = one.folder().parent().unwrap().join("remote.git");
    let remote = remote.to_str().unwrap();
    git(&one, one.folder(), &["init", "--quiet", "--bare", remote]);
    git(
        &one,
        one.folder(),
        &["init", "--quiet", "--initial-branch=main"],
    );
    git(&one, one.folder(), &["remote", "add", "origin", remote]);
    commit(&one, "first");
    git(
        &one,
        one.folder(),
        &["push", "--quiet", "--set-upstream", "origin", "main"],
    );
    let clone = ["clone", "--quiet", "--branch=main", remote, "."];
    git(&other, other.folder(), &clone);
    (one, other)
}

fn commit(place: &Place, file: &str) {
    place.write(file, "");
    git(place, place.folder(), &["add", "."]);
    git(
        place,
        place.folder(),
        &["commit", "--quiet", "--message", file],
    );
}

#[test]
fn pull_takes_a_fast_forward_and_refuses_what_is_none() {
    let (one, other) = two_clones();
    commit(&other, "second");
    git(&other, other.folder(), &["push", "--quiet"]);
    let seen = step(&one, &["pull"]).succeeded();
    assert_eq!(seen.data()["command"], json!(["git", "pull", "--ff-only"]));
    assert!(one.folder().join("second").exists());

    commit(&one, "mine");
    commit(&other, "theirs");
    git(&other, other.folder(), &["push", "--quiet"]);
    let seen = step(&one, &["pull"]);
    assert_eq!((seen.code, seen.reason()), (Some(1), "exit_status"));
    assert!(seen.message().contains("fast-forward"), "{seen:#?}");
    assert!(!one.folder().join("theirs").exists());
    assert!(!one.folder().join(".git/MERGE_HEAD").exists());
}

#[test]
fn pull_is_the_application_s_own_wherever_it_is_called() {
    let (one, other) = two_clones();
    commit(&other, "second");
    git(&other, other.folder(), &["push", "--quiet"]);
    one.write("sextant.toml", "[step.pull]\ntimeout = \"1m\"\n");
    fs::create_dir(one.folder().join("below")).unwrap();
    step(&one, &["-C", "below", "pull"]).succeeded();
    assert!(one.folder().join("second").exists());
}

#[test]
fn without_what_it_needs_a_default_is_no_command() {
    let place = Place::new();
    place.write("sextant.toml", "engine = \"none\"\n");
    for (name, what) in [("pull", "git work tree"), ("build", "Compose stack")] {
        let seen = step(&place, &[name]);
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_command"));
        let needs = format!("its own one needs a {what}, and `");
        assert!(seen.message().contains(&needs), "{}", seen.message());
    }
    let seen = step(&place, &["logs", "--compose", "--", "logs"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_stack"));
    let seen = step(&place, &["biuld"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "no_command"));
    assert!(
        !seen.message().contains("its own one"),
        "{}",
        seen.message()
    );
}

#[test]
fn nothing_is_migrated_that_is_not_configured() {
    let place = Place::new();
    let seen = step(&place, &["migrate"]).succeeded();
    assert_eq!(seen.last()["status"], "skip");
    let summary = seen.last()["summary"].as_str().unwrap();
    assert!(summary.contains("no migration is configured"), "{summary}");
    assert!(summary.contains("`[step.migrate] run`"), "{summary}");
    place.write("sextant.toml", "[step.migrate]\nrun = \"touch migrated\"\n");
    step(&place, &["migrate"]).succeeded();
    assert!(place.folder().join("migrated").exists());
}

#[test]
fn only_compose_s_own_build_is_told_to_be_without_cache() {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "[step.build]\nrun = [\"printf\", \"%s\", \"own\"]\n",
    );
    let seen = step(&place, &["build", "--no-cache"]).succeeded();
    assert_eq!(seen.data()["command"], json!(["printf", "%s", "own"]));
    let seen = step(&place, &["up", "--no-cache"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "usage"));
    let seen = step(&place, &["build", "--no-cache", "--", "true"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "usage"));
}
