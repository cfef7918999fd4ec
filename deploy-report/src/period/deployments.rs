//! Deployments and rollbacks, and how they ended.
//!
//! A pipeline with `rollback --prepare`, `rollback --record` or `step up` is a
//! deployment. It reached production when a step that changes what serves was
//! begun: `drain`, `migrate` or `up`; what fails before that fails for nobody.
//! One that changed something is good when nothing failed, and, where it was
//! prepared, when it was recorded. Any other run of `rollback` that was not
//! skipped is a rollback by hand.

use super::moment::Moment;
use super::runs::{Failure, Release, Run, What};
use super::window::Window;
use serde::Serialize;
use toolkit::verdict::Verdict;

/// How a deployment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// The new release serves.
    Good,
    /// It failed before anything that serves was changed.
    Stopped,
    /// It failed, and the earlier release serves again.
    RolledBack,
    /// It failed, and nothing took it back.
    Failed,
    /// It failed, and so did the way back.
    RollbackFailed,
    /// Nothing failed, but it was not recorded as ended: it was killed.
    Unfinished,
}

/// One deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Deployment {
    /// The pipeline.
    pub(crate) run: String,
    /// When its first record's work began.
    pub(crate) from: Moment,
    /// When its last record was written.
    pub(crate) to: Moment,
    /// The time between, in milliseconds.
    pub(crate) ms: u64,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What served before, where a record says it.
    pub(crate) before: Option<Release>,
    /// What it brought, where a record says it.
    pub(crate) brought: Option<Release>,
    /// What failed first.
    pub(crate) failure: Option<Failure>,
    /// How long the application was down, in milliseconds, where a record says
    /// it: that of a rollback.
    pub(crate) downtime_ms: Option<u64>,
    /// When what serves began to be changed; none where it was not.
    #[serde(skip)]
    pub(super) changed: Option<Moment>,
    /// When the earlier release was seen to serve again.
    #[serde(skip)]
    pub(super) restored: Option<Moment>,
    /// When its changes were committed.
    #[serde(skip)]
    pub(super) committed: Option<Vec<Moment>>,
}

/// A rollback by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Rollback {
    /// The pipeline.
    pub(crate) run: String,
    /// When it ended.
    pub(crate) at: Moment,
    /// How long it took, in milliseconds.
    pub(crate) ms: u64,
    /// Whether the earlier release serves.
    pub(crate) is_good: bool,
    /// What it left, where the record says it.
    pub(crate) left: Option<Release>,
    /// What it returned to, where the record says it.
    pub(crate) returned_to: Option<Release>,
    /// How long the application was down, in milliseconds.
    pub(crate) downtime_ms: Option<u64>,
    /// Why it failed.
    pub(crate) failure: Option<Failure>,
}

/// What was deployed, and taken back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Deployments {
    /// The deployments, the oldest first.
    pub(crate) list: Vec<Deployment>,
    /// The rollbacks by hand, the oldest first.
    pub(crate) rollbacks: Vec<Rollback>,
    /// How many deployments ended how.
    pub(crate) counts: Counts,
    /// All the time down that records tell of, in milliseconds.
    pub(crate) downtime_ms: u64,
}

/// How many deployments ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counts {
    /// See [`Outcome`].
    pub(crate) good: u64,
    /// See [`Outcome`].
    pub(crate) stopped: u64,
    /// See [`Outcome`].
    pub(crate) rolled_back: u64,
    /// See [`Outcome`].
    pub(crate) failed: u64,
    /// See [`Outcome`].
    pub(crate) rollback_failed: u64,
    /// See [`Outcome`].
    pub(crate) unfinished: u64,
}

impl Deployments {
    /// What pipelines were that ended before `end`, in their order.
    pub(super) fn of(runs: Vec<Run>, end: Moment) -> Self {
        let mut all = Self::default();
        for run in runs {
            if run.end().is_none_or(|at| at >= end) {
                continue;
            }
            let is_deployment = [What::Prepare, What::Record, What::Up]
                .iter()
                .any(|what| run.last(*what).is_some());
            if is_deployment {
                all.list.extend(Deployment::of(run));
            } else {
                all.rollbacks.extend(Rollback::of(run));
            }
        }
        all
    }

    /// Those that ended within `window`, counted.
    pub(super) fn within(&self, window: &Window) -> Self {
        let list = self.list.iter().filter(|one| window.holds(one.to));
        let rollbacks = self.rollbacks.iter().filter(|one| window.holds(one.at));
        let mut within = Self {
            list: list.cloned().collect(),
            rollbacks: rollbacks.cloned().collect(),
            ..Self::default()
        };
        for one in &within.list {
            *within.counts.of(one.outcome) += 1;
        }
        let of_deployments = within.list.iter().filter_map(|one| one.downtime_ms);
        let by_hand = within.rollbacks.iter().filter_map(|one| one.downtime_ms);
        let down = of_deployments.chain(by_hand);
        within.downtime_ms = down.fold(0, u64::saturating_add);
        within
    }
}

impl Counts {
    fn of(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Good => &mut self.good,
            Outcome::Stopped => &mut self.stopped,
            Outcome::RolledBack => &mut self.rolled_back,
            Outcome::Failed => &mut self.failed,
            Outcome::RollbackFailed => &mut self.rollback_failed,
            Outcome::Unfinished => &mut self.unfinished,
        }
    }
}

impl Deployment {
    fn of(run: Run) -> Option<Self> {
        let (from, to) = (run.begin()?, run.end()?);
        let mut changing = run
            .links
            .iter()
            .filter(|link| matches!(link.what, What::Change | What::Up) && link.is_tried());
        let changed = changing.next().map(|link| link.begun);
        let rollback = run.last(What::Rollback).filter(|link| link.is_done());
        let restored = rollback.map(|link| link.at);
        let outcome = outcome(&run, changed.is_some());
        let (left, back) = run.back.clone().unzip();
        Some(Self {
            from,
            to,
            ms: to.since(from),
            outcome,
            failure: run.failure().cloned(),
            // What a failed deployment brought is what the way back left.
            before: run.from.or(back),
            brought: run.to.or(left),
            downtime_ms: run.downtime_ms,
            changed,
            restored: restored.filter(|_| outcome == Outcome::RolledBack),
            committed: run.committed,
            run: run.id,
        })
    }

    /// When it took effect: when it was done, else when it began to change what
    /// serves; none where it did neither.
    pub(super) fn effect(&self) -> Option<Moment> {
        match self.outcome {
            Outcome::Good => Some(self.to),
            _ => self.changed,
        }
    }
}

fn outcome(run: &Run, is_changed: bool) -> Outcome {
    match run.verdict() {
        Verdict::RollbackFailed => Outcome::RollbackFailed,
        Verdict::RolledBack if is_changed => Outcome::RolledBack,
        Verdict::Failed if is_changed => Outcome::Failed,
        Verdict::RolledBack | Verdict::Failed => Outcome::Stopped,
        Verdict::Clean => {
            let is_prepared = run.last(What::Prepare).is_some();
            let last = if is_prepared { What::Record } else { What::Up };
            let is_done = run.last(last).is_some_and(super::runs::Link::is_done);
            if is_done {
                Outcome::Good
            } else {
                Outcome::Unfinished
            }
        }
    }
}

impl Rollback {
    fn of(run: Run) -> Option<Self> {
        let last = run.last(What::Rollback)?;
        let (at, ms, is_good) = (last.at, last.at.since(last.begun), last.is_done());
        let failure = last.failure.clone();
        let (left, returned_to) = run.back.unzip();
        Some(Self {
            at,
            ms,
            is_good,
            left,
            returned_to,
            downtime_ms: run.downtime_ms,
            failure,
            run: run.id,
        })
    }
}
