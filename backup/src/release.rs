//! Which version of the application is in the working folder.

use std::path::Path;
use toolkit::command::Command;

/// What git says of a folder; empty where it is no work tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Release {
    /// The tag, else the short commit: `git describe --tags --always`.
    pub(crate) version: String,
    /// The full hash.
    pub(crate) commit: String,
    /// The branch; empty when the head is detached.
    pub(crate) branch: String,
}

impl Release {
    /// Asks git. An application that is not under git is none the worse.
    pub(crate) fn of(folder: &Path) -> Self {
        let ask = |args: &[&str]| {
            git(folder, args)
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

fn git(folder: &Path, args: &[&str]) -> Command {
    // The work tree may belong to another user than the one that cron runs as;
    // nothing of its configuration is executed by these questions.
    let safe = format!("safe.directory={}", folder.display());
    Command::new("git")
        .args(["-c", &safe, "--no-pager"])
        .args(args)
        .folder(folder)
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
        assert_eq!(Release::of(folder.path()), Release::default());
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
        let release = Release::of(folder.path());
        assert_eq!(
            (release.version.as_str(), release.branch.as_str()),
            ("v1.2.3", "main")
        );
        assert_eq!(release.commit.len(), 40);
    }
}
