//! `git`: what is checked out in the application's folder.

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Report, aside};
use anyhow::Result;
use globset::Glob;
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use toolkit::command::{Command, Io, Stdout};
use toolkit::failure::Failure;

/// How much of what git says is read, in bytes.
const LONGEST: u64 = 16 << 20;

/// A work tree.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Git {
    /// The work tree: that of the application where it is left out.
    folder: Option<PathBuf>,
    /// Whether nothing may be changed or added that is not committed.
    clean: bool,
    /// The branch that is checked out: a name, or a glob such as `release/*`.
    branch: Option<String>,
    /// The tag that is checked out: a glob; `*` for any.
    tag: Option<String>,
    /// Whether it must be neither ahead of nor behind its upstream branch, as
    /// far as was last fetched.
    in_step: bool,
}

impl Written for Git {
    fn mistake(&self) -> Option<(&'static str, String)> {
        for (key, pattern) in [("branch", &self.branch), ("tag", &self.tag)] {
            if let Some(Err(error)) = pattern.as_deref().map(Glob::new) {
                return Some((key, format!("`{key}`: {error}")));
            }
        }
        let nothing = !self.clean && !self.in_step && self.branch.is_none() && self.tag.is_none();
        let message = "the check expects nothing: give `clean`, `branch`, `tag` or `in_step`";
        nothing.then(|| ("clean", message.into()))
    }
}

impl Probe for Git {
    fn expects(&self) -> String {
        let wanted = [
            self.clean.then(|| "nothing uncommitted".to_owned()),
            self.branch
                .as_ref()
                .map(|branch| format!("branch `{branch}`")),
            self.tag.as_ref().map(|tag| format!("tag `{tag}`")),
            self.in_step.then(|| "in step with upstream".to_owned()),
        ];
        wanted.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let folder = self.folder.as_deref().unwrap_or(Path::new("."));
        let folder = around.config.resolve(folder);
        let status = ask(&folder, &["status", "--porcelain=v2", "--branch"], around)?;
        let tags = ask(&folder, &["tag", "--points-at", "HEAD"], around);
        let tree = Tree::parse(&status, &tags.unwrap_or_default());
        Ok(self.judge(&tree))
    }
}

/// What `git` answers to `args` in `folder`.
///
/// Git refuses the work tree of another user, whose configuration could make it
/// run programs; that refusal stands.
fn ask(folder: &Path, args: &[&str], around: &Around<'_>) -> Result<String> {
    let command = Command::new("git")
        .args(["--no-optional-locks", "--no-pager"])
        .args(args)
        .env("LC_ALL", "C")
        .folder(folder);
    let mut running = command.start(Io {
        stdout: Stdout::Read,
        ..Io::default()
    })?;
    let Some(mut stdout) = running.take_stdout() else {
        return Err(Failure::new("git_failed", "git has no output").into());
    };
    let said = aside::ask(around.deadline, move || {
        let mut said = Vec::new();
        stdout.by_ref().take(LONGEST).read_to_end(&mut said)?;
        Ok(said)
    })?;
    let ended = running.wait()?;
    if ended.status.success() {
        return Ok(String::from_utf8_lossy(&said).into_owned());
    }
    let words = ended.lines.join(" ");
    let folder = folder.display();
    Err(if words.contains("not a git repository") {
        Failure::new(
            "git_no_repository",
            format!("`{folder}` is no git work tree"),
        )
    } else if words.contains("dubious ownership") {
        Failure::new("git_owner", format!("`{folder}` belongs to another user"))
            .hint("run this as its owner, or `git config --global --add safe.directory` it")
    } else {
        Failure::new("git_failed", format!("git failed in `{folder}`: {words}"))
    }
    .into())
}

/// What is checked out.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tree {
    commit: String,
    /// None where a commit is checked out, not a branch.
    branch: Option<String>,
    upstream: Option<String>,
    /// Commits ahead of upstream, and behind it.
    apart: Option<(u64, u64)>,
    changed: Vec<String>,
    tags: Vec<String>,
}

impl Tree {
    /// Reads `git status --porcelain=v2 --branch` (git-status(1)) and a list of
    /// tags.
    fn parse(status: &str, tags: &str) -> Self {
        let mut tree = Self {
            tags: tags.lines().map(str::to_owned).collect(),
            ..Self::default()
        };
        for line in status.lines() {
            let Some(header) = line.strip_prefix("# branch.") else {
                // `1 .M N... 100644 100644 100644 HASH HASH path`, `? path`.
                let fields = if line.starts_with('?') { 2 } else { 9 };
                let path = line.splitn(fields, ' ').last().unwrap_or(line);
                tree.changed.push(path.to_owned());
                continue;
            };
            match header.split_once(' ') {
                Some(("oid", commit)) => commit.clone_into(&mut tree.commit),
                Some(("head", "(detached)")) => {}
                Some(("head", branch)) => tree.branch = Some(branch.to_owned()),
                Some(("upstream", upstream)) => tree.upstream = Some(upstream.to_owned()),
                Some(("ab", apart)) => tree.apart = numbers(apart),
                _ => {}
            }
        }
        tree
    }
}

/// `+1 -2`.
fn numbers(apart: &str) -> Option<(u64, u64)> {
    let (ahead, behind) = apart.split_once(' ')?;
    let ahead = ahead.strip_prefix('+')?.parse().ok()?;
    Some((ahead, behind.strip_prefix('-')?.parse().ok()?))
}

impl Git {
    fn judge(&self, tree: &Tree) -> Report {
        let short: String = tree.commit.chars().take(9).collect();
        let at = tree.branch.clone().unwrap_or_else(|| "no branch".into());
        let tags = tree.tags.join(" ");
        let mut report = Report::new(format!("{at} at {short} {tags}").trim_end());
        report.fact("commit", tree.commit.clone());
        report.fact("branch", tree.branch.clone());
        report.fact("tags", tree.tags.clone());
        report.fact("changed", tree.changed.len());
        if self.clean && !tree.changed.is_empty() {
            let some: Vec<_> = tree.changed.iter().take(3).map(String::as_str).collect();
            let (count, some) = (tree.changed.len(), some.join(", "));
            let observed = format!("{count} files are not committed: {some}");
            let fault = Fault::fail("git_dirty", observed, "nothing uncommitted");
            report.fault(fault.hint("`git status` shows them; commit or `git stash` them"));
        }
        if let Some(branch) = &self.branch
            && !tree
                .branch
                .as_ref()
                .is_some_and(|name| matches(branch, name))
        {
            report.fault(Fault::fail("git_branch", at, format!("branch `{branch}`")));
        }
        if let Some(tag) = &self.tag
            && !tree.tags.iter().any(|name| matches(tag, name))
        {
            let observed = if tags.is_empty() {
                "no tag".into()
            } else {
                tags
            };
            report.fault(Fault::fail("git_tag", observed, format!("tag `{tag}`")));
        }
        if self.in_step {
            report.faults.extend(out_of_step(tree));
        }
        report
    }
}

fn out_of_step(tree: &Tree) -> Option<Fault> {
    let upstream = tree.upstream.as_deref().unwrap_or("upstream");
    let expected = format!("in step with {upstream}");
    match tree.apart {
        Some((0, 0)) => None,
        Some((ahead, behind)) => {
            let observed = format!("{ahead} commits ahead, {behind} behind");
            let fault = Fault::fail("git_apart", observed, expected);
            Some(fault.hint("`git pull` and `git push`, after `git fetch`"))
        }
        None => Some(Fault::fail(
            "git_no_upstream",
            "no upstream branch is known",
            expected,
        )),
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    Glob::new(pattern).is_ok_and(|glob| glob.compile_matcher().is_match(name))
}
