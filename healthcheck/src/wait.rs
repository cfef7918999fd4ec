//! Passes over the checks until all is well, or until the time is up.

use crate::counts::named;
use crate::pass;
use anyhow::Result;
use probe::{Around, Check, Finding};
use std::time::{Duration, Instant};
use toolkit::record::Status;
use toolkit::signals;

/// The longest pause after the first pass; it doubles with each.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

/// Runs `checks` as [`pass::run`] does; with `wait`, then repeats those that
/// failed, and those skipped because of them, until there is none or `wait` is
/// over. The last pass begins as it is: a check has its own time limit beyond.
///
/// `say` is told what is being waited for, once per change.
pub(crate) fn run(
    checks: &[&'static Check],
    around: Around<'static>,
    jobs: usize,
    wait: Option<Duration>,
    say: impl Fn(&str),
) -> Result<Vec<Finding>> {
    let begun = Instant::now();
    let mut findings = pass::run(checks, around, jobs)?;
    let Some(wait) = wait else {
        return Ok(findings);
    };
    let mut pause = FIRST;
    let mut said = String::new();
    loop {
        let waited_for = named(&findings, Status::Fail);
        let left = wait.saturating_sub(begun.elapsed());
        if waited_for.is_empty() || left.is_zero() {
            return Ok(findings);
        }
        if waited_for != said {
            say(&format!("waiting for {waited_for}"));
            said = waited_for;
        }
        signals::sleep(jittered(pause).min(left))?;
        pause = LONGEST.min(pause * 2);
        let again: Vec<_> = checks
            .iter()
            .zip(&findings)
            .filter(|(_, finding)| is_missing(finding))
            .map(|(check, _)| *check)
            .collect();
        for finding in pass::run(&again, around, jobs)? {
            let of = findings.iter_mut().find(|old| old.name == finding.name);
            if let Some(old) = of {
                *old = finding;
            }
        }
    }
}

/// A warning is worth a look, not a wait.
fn is_missing(finding: &Finding) -> bool {
    !matches!(finding.status, Status::Ok | Status::Warn)
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}
