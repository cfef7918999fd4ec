//! The work tree that the application was deployed from.

use crate::command::Command;
use crate::failure::Failure;
use anyhow::Result;
use std::path::Path;

/// Which commit a work tree is at; empty where the folder is in none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// The tag, else the short commit: `git describe --tags --always`.
    pub version: String,
    /// The full hash.
    pub commit: String,
    /// The branch; empty when the head is detached.
    pub branch: String,
}

impl Revision {
    /// Asks git. An application that is not under git is none the worse.
    pub fn of(folder: &Path) -> Self {
        let ask = |args: &[&str]| {
            question(folder, args)
                .read()
                .map(|said| text(&said))
                .unwrap_or_default()
        };
        Self {
            version: ask(&["describe", "--tags", "--always"]),
            commit: ask(&["rev-parse", "--verify", "HEAD"]),
            branch: ask(&["symbolic-ref", "--short", "--quiet", "HEAD"]),
        }
    }
}

/// The newest `count` tags, the newest first; none outside a work tree.
pub fn tags(folder: &Path, count: usize) -> Vec<String> {
    let count = format!("--count={count}");
    let list = question(
        folder,
        &[
            "for-each-ref",
            "--sort=-creatordate",
            &count,
            "--format=%(refname:short)",
            "refs/tags",
        ],
    );
    let said = list.read().map(|said| text(&said)).unwrap_or_default();
    said.lines().map(str::to_owned).collect()
}

/// The commit that a tag, a branch or the beginning of a hash names.
pub fn commit_of(folder: &Path, name: &str) -> Option<String> {
    let wanted = format!("{name}^{{commit}}");
    let said = question(
        folder,
        &[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ],
    );
    said.read()
        .ok()
        .map(|said| text(&said))
        .filter(|commit| !commit.is_empty())
}

/// The tracked files below `path`, as seen from `folder`, that differ from the
/// commit that is checked out. `:/` is the whole work tree.
///
/// # Errors
/// `git` when the work tree may not be used, as one of another user's.
pub fn modified(folder: &Path, path: &str) -> Result<Vec<String>> {
    let status = [
        "status",
        "--porcelain",
        "--no-renames",
        "--untracked-files=no",
        "-z",
    ];
    let said = git(folder, &[&status[..], &["--", path]].concat()).read();
    let said = said.map_err(|error| {
        let failure = Failure::of(&error);
        let message = format!(
            "git does not answer in `{}`: {}",
            folder.display(),
            failure.message
        );
        Failure::not_started("git", message)
    })?;
    Ok(names(&said, 3))
}

/// The files that differ between two commits.
pub fn changed(folder: &Path, from: &str, to: &str) -> Result<Vec<String>> {
    Ok(names(
        &git(folder, &["diff", "--name-only", "-z", from, to]).read()?,
        0,
    ))
}

/// The tracked files below `path` that are not as `commit` has them.
pub fn differing(folder: &Path, commit: &str, path: &str) -> Result<Vec<String>> {
    Ok(names(
        &git(folder, &["diff", "--name-only", "-z", commit, "--", path]).read()?,
        0,
    ))
}

/// When the commits that `to` has and `from` has not were committed, the newest
/// first: RFC 3339, at most `most` of them. None where git cannot say.
pub fn committed(
    folder: &Path,
    from: &str,
    to: &str,
    most: usize,
) -> Option<Vec<(String, String)>> {
    let (range, most) = (format!("{from}..{to}"), format!("--max-count={most}"));
    let ask = ["log", "--format=%H %cI", &most, "--end-of-options", &range];
    let said = question(folder, &ask).read().ok()?;
    let line = |line: &str| {
        line.split_once(' ')
            .map(|(hash, at)| (hash.to_owned(), at.to_owned()))
    };
    text(&said).lines().map(line).collect()
}

/// Whether a commit is known to a remote, and so is lost by nobody who moves
/// the branch away from it.
pub fn is_published(folder: &Path, commit: &str) -> bool {
    let said = question(folder, &["branch", "--remotes", "--contains", commit]).read();
    said.is_ok_and(|said| !text(&said).is_empty())
}

/// A command that changes the work tree or reads more of it than its commit:
/// git's own rule holds on whose folders it works in.
pub fn git(folder: &Path, args: &[&str]) -> Command {
    Command::new("git")
        .arg("--no-pager")
        .args(args.iter().copied())
        .folder(folder)
}

fn question(folder: &Path, args: &[&str]) -> Command {
    // The work tree may belong to another user than the one that cron runs as;
    // nothing of its configuration is executed by these questions.
    let safe = format!("safe.directory={}", folder.display());
    Command::new("git")
        .args(["-c", &safe, "--no-pager"])
        .args(args.iter().copied())
        .folder(folder)
}

/// Names between zero bytes, without the first `skipped` bytes of each.
fn names(said: &[u8], skipped: usize) -> Vec<String> {
    let names = said.split(|byte| *byte == 0);
    names
        .filter_map(|name| name.get(skipped..))
        .filter(|name| !name.is_empty())
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_git_has_no_version() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Revision::of(folder.path()), Revision::default());
    }

    #[test]
    fn the_commits_between_two_have_their_times() {
        let folder = tempfile::tempdir().unwrap();
        let commit = |message: &str| {
            let args = [
                "-c",
                "user.name=a",
                "-c",
                "user.email=a@b",
                "commit",
                "--quiet",
            ];
            let more = ["--allow-empty", "--message", message];
            git(folder.path(), &[&args[..], &more].concat())
                .read()
                .unwrap();
            Revision::of(folder.path()).commit
        };
        git(folder.path(), &["init", "--quiet"]).read().unwrap();
        let all: Vec<_> = ["one", "two", "three"].map(commit).into();
        let of = |from: &str, most| committed(folder.path(), from, &all[2], most);
        let found = of(&all[0], 9).unwrap();
        let hashes: Vec<_> = found.iter().map(|(hash, _)| hash.as_str()).collect();
        assert_eq!(hashes, [&all[2], &all[1]]);
        assert!(
            chrono::DateTime::parse_from_rfc3339(&found[0].1).is_ok(),
            "{found:?}"
        );
        assert_eq!(of(&all[0], 1).unwrap().len(), 1);
        assert_eq!(of(&all[2], 9), Some(Vec::new()));
        assert_eq!(of("no-such-commit", 9), None);
        assert_eq!(
            committed(&folder.path().join("gone"), &all[0], &all[2], 9),
            None
        );
    }

    #[test]
    fn a_tag_names_the_version() {
        let folder = tempfile::tempdir().unwrap();
        let run = |args: &[&str]| git(folder.path(), args).read().unwrap();
        run(&["init", "--quiet", "--initial-branch", "main"]);
        run(&[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b",
            "commit",
            "--quiet",
            "--allow-empty",
            "--message",
            "one",
        ]);
        run(&["tag", "v1.2.3"]);
        let revision = Revision::of(folder.path());
        assert_eq!(
            (revision.version.as_str(), revision.branch.as_str()),
            ("v1.2.3", "main")
        );
        assert_eq!(revision.commit.len(), 40);
    }
}
