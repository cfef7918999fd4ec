//! One pass over the checks: all at once, as far as they do not depend on each
//! other.

use anyhow::{Context, Result};
use probe::{Around, Check, Finding};
use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};
use toolkit::record::Status;
use toolkit::signals;

/// How long an interrupted pass lets its checks stop the programs that they
/// started; those that wait for a server are left behind at once.
const GRACE: Duration = Duration::from_secs(3);
/// How often it looks whether they are stopped.
const TICK: Duration = Duration::from_millis(10);

/// What a pass waits for.
enum Event {
    Ended(&'static Check, Box<Finding>),
    Interrupted,
}

/// Runs `checks`, at most `jobs` at a time, and returns what came of each, in
/// their order. A check that depends on one that failed is skipped.
///
/// # Errors
/// `interrupted`, at once: a thread that waits for a server is not waited for,
/// which is why what it looks at lives as long as the process.
pub(crate) fn run(
    checks: &[&'static Check],
    around: Around<'static>,
    jobs: usize,
) -> Result<Vec<Finding>> {
    let mut found: BTreeMap<&str, Finding> = BTreeMap::new();
    let mut waiting = checks.to_vec();
    let mut running = 0;
    let (events, received) = channel();
    let interrupt = events.clone();
    let _guard = signals::on_interrupt(move |_| {
        let _ = interrupt.send(Event::Interrupted);
    });
    loop {
        let mut later = Vec::new();
        for check in waiting {
            match stand(check, checks, &found) {
                Stand::Ready if running < jobs => {
                    start(check, around, events.clone())?;
                    running += 1;
                }
                Stand::Broken(by) => {
                    let finding = check.skipped(&format!("`{by}` failed"));
                    found.insert(&check.name, finding);
                }
                Stand::Ready | Stand::Waiting => later.push(check),
            }
        }
        waiting = later;
        match (running, waiting.is_empty()) {
            (0, true) => break,
            // Each check that was skipped may let the next one be.
            (0, false) => continue,
            _ => {}
        }
        match received.recv().context("a check ended unexpectedly")? {
            Event::Ended(check, finding) => {
                running -= 1;
                found.insert(&check.name, *finding);
            }
            Event::Interrupted => {
                settle();
                break;
            }
        }
    }
    signals::check()?;
    Ok(checks
        .iter()
        .filter_map(|check| found.remove(check.name.as_str()))
        .collect())
}

fn start(check: &'static Check, around: Around<'static>, events: Sender<Event>) -> Result<()> {
    let run = move || {
        let finding = Box::new(check.run(&around));
        let _ = events.send(Event::Ended(check, finding));
    };
    let thread = thread::Builder::new().name(check.kind().into());
    thread.spawn(run).context("cannot start a thread")?;
    Ok(())
}

/// Waits until no program runs any more, but not for long: whatever is left
/// then was asked to end.
fn settle() {
    let begun = Instant::now();
    // One action is this pass's own.
    while signals::registered() > 1 && begun.elapsed() < GRACE {
        thread::sleep(TICK);
    }
}

/// Whether a check can run.
enum Stand<'a> {
    Ready,
    Waiting,
    Broken(&'a str),
}

fn stand<'a>(
    check: &'a Check,
    checks: &[&'static Check],
    found: &BTreeMap<&str, Finding>,
) -> Stand<'a> {
    // What is not run this time was found good, or was not wanted.
    let on = check.rules.depends_on.iter();
    let on = on.filter(|name| checks.iter().any(|other| &other.name == *name));
    let mut waits = false;
    for name in on {
        match found.get(name.as_str()).map(|finding| finding.status) {
            Some(Status::Fail | Status::Skip) => return Stand::Broken(name),
            Some(_) => {}
            None => waits = true,
        }
    }
    if waits { Stand::Waiting } else { Stand::Ready }
}

#[cfg(test)]
mod tests {
    use super::*;
    use probe::{Deadline, Fault, Probe, Report};
    use std::sync::{Arc, Barrier};
    use std::time::Duration;
    use toolkit::config::Config;
    use toolkit::failure::Failure;

    /// Meets as many others as its barrier wants, and fails if told to.
    #[derive(Debug)]
    struct Meets(Arc<Barrier>, bool);

    impl Probe for Meets {
        fn expects(&self) -> String {
            "company".into()
        }

        fn look(&self, _: &Around<'_>) -> Result<Report> {
            self.0.wait();
            let mut report = Report::new("met");
            if self.1 {
                report.fault(Fault::fail("alone", "nobody", "company"));
            }
            Ok(report)
        }
    }

    fn check(name: &str, on: &[&str], meets: usize, fails: bool) -> Check {
        let probe = Meets(Arc::new(Barrier::new(meets)), fails);
        let mut check = Check::new(name, "tcp", Box::new(probe));
        check.rules.depends_on = on.iter().map(|name| (*name).to_owned()).collect();
        check
    }

    fn found(checks: Vec<Check>, jobs: usize) -> Vec<(String, Status)> {
        let config = Box::leak(Box::new(Config::default()));
        let none = Box::leak(Box::new(Failure::new("none", "none")));
        let around = Around::new(config, Err(none), Deadline::after(Duration::from_secs(60)));
        let checks: Vec<_> = checks.leak().iter().collect();
        let findings = run(&checks, around, jobs).unwrap();
        let pair = |finding: Finding| (finding.name, finding.status);
        findings.into_iter().map(pair).collect()
    }

    #[test]
    fn all_run_at_once() {
        let barrier = Arc::new(Barrier::new(40));
        let meets = || Box::new(Meets(Arc::clone(&barrier), false));
        let checks: Vec<_> = (0..40)
            .map(|n| Check::new(format!("{n}"), "tcp", meets()))
            .collect();
        let found = found(checks, 40);
        assert_eq!(found.len(), 40);
        assert!(found.iter().all(|(_, status)| *status == Status::Ok));
    }

    #[test]
    fn followers_of_a_failed_check_are_skipped() {
        let checks = || {
            vec![
                check("page", &["api"], 1, false),
                check("api", &["host"], 1, false),
                check("host", &[], 1, true),
                check("mail", &["elsewhere"], 1, false),
            ]
        };
        let expected = [
            ("page".to_owned(), Status::Skip),
            ("api".to_owned(), Status::Skip),
            ("host".to_owned(), Status::Fail),
            ("mail".to_owned(), Status::Ok),
        ];
        for jobs in [1, 4] {
            assert_eq!(found(checks(), jobs), expected);
            // With nothing else running either.
            let mut alone = checks();
            alone.pop();
            assert_eq!(found(alone, jobs), expected[..3]);
        }
    }

    /// A probe that a library breaks off.
    #[derive(Debug)]
    struct Breaks;

    impl Probe for Breaks {
        fn expects(&self) -> String {
            "nothing".into()
        }

        fn look(&self, _: &Around<'_>) -> Result<Report> {
            panic!("broken off on purpose")
        }
    }

    #[test]
    fn one_that_breaks_off_fails_alone() {
        let checks = vec![
            Check::new("broken", "tcp", Box::new(Breaks)),
            check("whole", &[], 1, false),
        ];
        let expected = [
            ("broken".to_owned(), Status::Fail),
            ("whole".to_owned(), Status::Ok),
        ];
        assert_eq!(found(checks, 1), expected);
    }
}
