//! Pipelines: the records of one run, and whether they are a deployment or a
//! rollback.

use super::line::{Line, Problem};
use super::moment::Moment;
use super::names::cut;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use toolkit::record::Status;
use toolkit::verdict::Verdict;

/// How many runs are kept open that are neither a deployment nor a rollback:
/// the records of one may still come.
const OPEN: usize = 1024;
/// The most deployments and rollbacks that are kept.
const MOST: usize = 10_000;
/// The most records of one run that are looked at.
const LINKS: usize = 256;
/// The most bytes of a text that are kept.
const LONGEST: usize = 300;
/// The steps that change what serves, in a deployment: none before them does
/// (`scripts/deployment.sh`).
const CHANGING: [&str; 3] = ["drain", "migrate", "up"];

/// A release, as records name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Release {
    /// Its name.
    #[serde(rename = "release")]
    pub(crate) id: String,
    /// The tag, else the short commit.
    pub(crate) version: String,
    /// The full hash.
    pub(crate) git_commit: String,
}

impl Release {
    fn short(mut self) -> Self {
        for text in [&mut self.id, &mut self.version, &mut self.git_commit] {
            *text = cut(text, LONGEST).to_owned();
        }
        self
    }
}

/// One pipeline.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) links: Vec<Link>,
    /// What served before, and what did after it.
    pub(super) from: Option<Release>,
    pub(super) to: Option<Release>,
    /// What a rollback left, and what it returned to.
    pub(super) back: Option<(Release, Release)>,
    pub(super) downtime_ms: Option<u64>,
    /// When the changes that a deployment brought were committed.
    pub(super) committed: Option<Vec<Moment>>,
    is_kept: bool,
}

/// One record of a pipeline.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) at: Moment,
    pub(super) begun: Moment,
    pub(super) what: What,
    pub(super) status: Status,
    pub(super) failure: Option<Failure>,
    /// As the verdict counts it: its tool, or the name of a link of `rollback`.
    is_rollback: bool,
}

/// What a record's tool did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// `rollback --prepare`
    Prepare,
    /// A step that changes what serves, other than `up`.
    Change,
    /// `step up`: the new release starts.
    Up,
    /// `rollback --record`
    Record,
    /// `rollback`
    Rollback,
    /// Anything else.
    Other,
}

/// What failed in a pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// The tool.
    pub(crate) tool: String,
    /// What it worked on.
    pub(crate) name: String,
    /// The stable word.
    pub(crate) reason: Option<String>,
    /// What happened.
    pub(crate) message: Option<String>,
}

/// `data` of the links of `rollback`.
#[derive(Debug, Default, Deserialize)]
struct Told {
    #[serde(flatten)]
    release: Option<Release>,
    #[serde(default)]
    from: Option<Release>,
    #[serde(default)]
    to: Option<Release>,
    #[serde(default)]
    downtime_ms: Option<u64>,
    #[serde(default)]
    changes: Option<Vec<Change>>,
}

/// A commit that a deployment brought.
#[derive(Debug, Deserialize)]
struct Change {
    at: String,
}

/// The runs of a history.
#[derive(Debug, Default)]
pub(super) struct Runs {
    open: BTreeMap<String, Run>,
    /// Those of them that are neither, in the order of their first record.
    passing: VecDeque<String>,
    kept: usize,
    /// Those for which there was no room.
    pub(super) left_out: u64,
}

impl Runs {
    /// Takes a record that was written at `at`.
    pub(super) fn take(&mut self, at: Moment, line: &Line<'_>) {
        if line.status == Status::Running {
            return;
        }
        let id = cut(&line.run, LONGEST);
        if !self.open.contains_key(id) {
            self.open.insert(id.to_owned(), Run::new(id));
            self.passing.push_back(id.to_owned());
            self.forget();
        }
        let what = what(line);
        let is_other = what == What::Other;
        let Some(run) = self.open.get_mut(id) else {
            return;
        };
        if !is_other && !run.is_kept {
            if self.kept >= MOST {
                self.left_out += 1;
                return;
            }
            self.kept += 1;
            run.is_kept = true;
        }
        if run.links.len() < LINKS {
            run.take(at, line, what);
        } else {
            self.left_out += 1;
        }
    }

    /// Forgets the oldest run that is of no interest, where there are many.
    fn forget(&mut self) {
        while self.passing.len() > OPEN
            && let Some(id) = self.passing.pop_front()
        {
            if self.open.get(&id).is_some_and(|run| !run.is_kept) {
                self.open.remove(&id);
            }
        }
    }

    /// The deployments and rollbacks, by the time of their last record.
    pub(super) fn end(self) -> Vec<Run> {
        let kept = self.open.into_values().filter(|run| run.is_kept);
        let mut runs: Vec<_> = kept.collect();
        for run in &mut runs {
            run.links.sort_by_key(|link| link.at);
        }
        runs.sort_by(|one, other| (one.end(), &one.id).cmp(&(other.end(), &other.id)));
        runs
    }
}

fn what(line: &Line<'_>) -> What {
    // What a closed gate left undone was not tried.
    let is_skipped = line.status == Status::Skip;
    match (line.tool.as_ref(), line.name.as_ref()) {
        ("rollback", "prepare") => What::Prepare,
        ("rollback", "record") => What::Record,
        ("rollback", "rollback") if !is_skipped => What::Rollback,
        ("step", "up") => What::Up,
        ("step", name) if CHANGING.contains(&name) => What::Change,
        _ => What::Other,
    }
}

impl Run {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            links: Vec::new(),
            from: None,
            to: None,
            back: None,
            downtime_ms: None,
            committed: None,
            is_kept: false,
        }
    }

    fn take(&mut self, at: Moment, line: &Line<'_>, what: What) {
        let is_failed = matches!(line.status, Status::Fail | Status::Unknown);
        self.links.push(Link {
            at,
            begun: at.before(line.ms.unwrap_or(0)),
            what,
            status: line.status,
            failure: is_failed.then(|| Failure::of(line)),
            is_rollback: line.tool == "rollback" && line.name == "rollback",
        });
        if !matches!(what, What::Prepare | What::Record | What::Rollback) {
            return;
        }
        let told: Told = line.data().unwrap_or_default();
        match what {
            What::Prepare => self.from = told.release.map(Release::short),
            What::Record if line.is_done() => {
                self.from = told.from.map(Release::short).or(self.from.take());
                self.to = told.release.map(Release::short);
                self.committed = told.changes.map(|changes| {
                    let moments = changes.iter().map(|change| Moment::parse(&change.at));
                    moments.flatten().take(4096).collect()
                });
            }
            What::Rollback => {
                self.downtime_ms = told.downtime_ms;
                self.back = told
                    .from
                    .zip(told.to)
                    .map(|(from, to)| (from.short(), to.short()));
            }
            _ => {}
        }
    }

    /// What it came to.
    pub(super) fn verdict(&self) -> Verdict {
        self.links.iter().fold(Verdict::Clean, |verdict, link| {
            let tool = if link.is_rollback { "rollback" } else { "" };
            verdict.then(tool, link.status)
        })
    }

    /// The first failure.
    pub(super) fn failure(&self) -> Option<&Failure> {
        self.links.iter().find_map(|link| link.failure.as_ref())
    }

    /// When its first record's work began.
    pub(super) fn begin(&self) -> Option<Moment> {
        self.links.first().map(|link| link.begun)
    }

    /// When its last record was written.
    pub(super) fn end(&self) -> Option<Moment> {
        self.links.last().map(|link| link.at)
    }

    /// The last record of this kind.
    pub(super) fn last(&self, what: What) -> Option<&Link> {
        self.links.iter().rev().find(|link| link.what == what)
    }
}

impl Link {
    /// Whether its work was begun.
    pub(super) fn is_tried(&self) -> bool {
        self.status != Status::Skip
    }

    /// Whether its work was done.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Warn)
    }
}

impl Failure {
    fn of(line: &Line<'_>) -> Self {
        let text = |text: &str| cut(text, LONGEST).to_owned();
        let problem: Option<Problem<'_>> = line.problem();
        Self {
            tool: text(&line.tool),
            name: text(&line.name),
            reason: problem.as_ref().map(|problem| text(&problem.reason)),
            message: problem.as_ref().map(|problem| text(&problem.message)),
        }
    }
}
