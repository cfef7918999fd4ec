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
/// failed or are on their way, and those skipped because of them, until there
/// is none or `wait` is over: then what is still on its way has failed. The last
/// pass begins as it is: a check has its own time limit beyond. Each pass looks
/// for the application anew, whose containers may be others by then.
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
        let waited_for = named(&findings, |finding| {
            is_missing(finding) && finding.status != Status::Skip
        });
        let left = wait.saturating_sub(begun.elapsed());
        if waited_for.is_empty() || left.is_zero() {
            let late = findings
                .iter_mut()
                .filter(|finding| finding.is_on_its_way());
            late.for_each(|finding| finding.status = Status::Fail);
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
        for finding in pass::run(&again, around.again(), jobs)? {
            let of = findings.iter_mut().find(|old| old.name == finding.name);
            if let Some(old) = of {
                *old = finding;
            }
        }
    }
}

/// Any other warning is worth a look, not a wait.
fn is_missing(finding: &Finding) -> bool {
    match finding.status {
        Status::Ok => false,
        Status::Warn => finding.is_on_its_way(),
        _ => true,
    }
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe::{Deadline, Fault, Probe, Report};
    use std::sync::atomic::{AtomicU32, Ordering};
    use toolkit::config::Config;
    use toolkit::failure::Failure;

    /// Is up after so many looks.
    #[derive(Debug)]
    struct Slow(AtomicU32);

    impl Probe for Slow {
        fn expects(&self) -> String {
            "up".into()
        }

        fn look(&self, _: &Around<'_>) -> Result<Report> {
            let mut report = Report::new("up");
            let left = self.0.load(Ordering::Relaxed);
            if left > 0 {
                self.0.store(left - 1, Ordering::Relaxed);
                report.fault(Fault::warn("container_starting", "starting", "up"));
            }
            Ok(report)
        }
    }

    fn waited(looks: u32, wait: Option<Duration>) -> Status {
        let config: &'static Config = Box::leak(Box::default());
        let none: &'static Failure = Box::leak(Box::new(Failure::new("none", "none")));
        let around = Around::new(config, Err(none), Deadline::after(LONGEST));
        let slow = Check::new("slow", "container", Box::new(Slow(looks.into())));
        let checks: [&'static Check; 1] = [Box::leak(Box::new(slow))];
        run(&checks, around, 1, wait, |_| {}).unwrap()[0].status
    }

    #[test]
    fn what_is_on_its_way_is_waited_for() {
        assert_eq!(waited(2, Some(Duration::from_secs(60))), Status::Ok);
        assert_eq!(waited(1, None), Status::Warn);
        assert_eq!(waited(u32::MAX, Some(Duration::ZERO)), Status::Fail);
    }
}
