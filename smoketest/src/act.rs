//! One step: its variables filled in, asked, judged, and what it finds out kept.

use crate::jwt::Jwt;
use crate::scenario::{Act, Step};
use crate::scope::Scope;
use crate::{capture, curl, hurl};
use anyhow::Result;
use probe::http::{Connections, Request, Response};
use probe::kind::Http;
use probe::{Around, Deadline, Fault, Finding, Level, Report, text};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::record::Status;
use toolkit::redact;
use toolkit::signals;

/// The first pause between two tries; it doubles with each.
const FIRST: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(3);
/// How much of a body a failure shows.
const SHOWN: usize = 300;

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Done {
    /// As it is told.
    pub(crate) finding: Finding,
    /// Whether it failed, be it only a warning for the whole.
    pub(crate) has_failed: bool,
    /// The body that it was answered with last, where it failed.
    pub(crate) body: Option<Vec<u8>>,
}

/// Runs a step, and runs it again where it may fail for a while: what it waits
/// for may be somebody else who answers, over another connection.
pub(crate) fn run(
    step: &Step,
    scope: &Scope,
    around: &Around<'_>,
    connections: &mut Connections,
) -> Done {
    let begun = Instant::now();
    let mut pause = FIRST;
    let mut around = *around;
    loop {
        around = around.until(Deadline::after(step.timeout));
        let mut attempt = Attempt::default();
        let report = catch_unwind(AssertUnwindSafe(|| {
            attempt.run(step, scope, &around, connections)
        }));
        let report = report.unwrap_or_else(|_| {
            connections.close();
            let message = format!("the step `{}` broke off", step.name);
            let failure = Failure::new("broken_off", message);
            Err(failure
                .hint("report it, with what stderr says of it")
                .into())
        });
        let is_good = report.as_ref().is_ok_and(|report| !has_failed(report));
        let left = step
            .retry
            .unwrap_or_default()
            .saturating_sub(begun.elapsed());
        if !is_good
            && !left.is_zero()
            && signals::sleep(jittered(pause).min(left)).is_ok()
            && check(step).is_ok()
        {
            pause = LONGEST.min(pause * 2);
            around = around.again();
            connections.close();
            continue;
        }
        let finding = attempt.finding(step, report, begun.elapsed());
        return Done {
            finding,
            has_failed: !is_good,
            body: attempt.response.filter(|_| !is_good).map(body),
        };
    }
}

/// The body, as far as no secret in it can have been cut in two.
fn body(response: Response) -> Vec<u8> {
    let mut body = response.body;
    if response.is_cut {
        body.truncate(body.len().saturating_sub(redact::longest()));
    }
    body
}

/// A signal ends all but the cleanup.
fn check(step: &Step) -> Result<(), Failure> {
    let ends = signals::interrupted().filter(|_| !step.is_cleanup);
    ends.map_or(Ok(()), |number| Err(signals::failure(number)))
}

/// The finding of a step that was not run, and why.
pub(crate) fn skipped(step: &Step, why: &str) -> Finding {
    Finding::skipped(&step.name, step.kind, &step.says, why)
}

fn has_failed(report: &Report) -> bool {
    report.faults.iter().any(|fault| fault.level == Level::Fail)
}

/// Between half of it and all of it.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

/// What one try asked, and was answered.
#[derive(Default)]
struct Attempt {
    request: Option<Request>,
    response: Option<Response>,
}

impl Attempt {
    fn run(
        &mut self,
        step: &Step,
        scope: &Scope,
        around: &Around<'_>,
        connections: &mut Connections,
    ) -> Result<Report> {
        let vars = &step.shared.vars;
        let lookup = |name: &str| scope.value(name, vars, around.config);
        match step.act(&lookup)? {
            Act::Http(http) => self.ask(step, &http, scope, around, connections),
            Act::Hurl(hurl) => {
                let base = vars.get("base").map(String::as_str);
                let outcome = hurl.run(base, around)?;
                Ok(taken(step, outcome, scope))
            }
            Act::Probe(probe) => {
                if step.kind == "command" {
                    // It may change who answers.
                    connections.close();
                }
                // A command's shell finds in its environment what was found out.
                let known: Vec<_> = vars.clone().into_iter().chain(scope.captured()).collect();
                probe.look(&around.with_vars(&known))
            }
        }
    }

    fn ask(
        &mut self,
        step: &Step,
        http: &Http,
        scope: &Scope,
        around: &Around<'_>,
        connections: &mut Connections,
    ) -> Result<Report> {
        let mut request = http.asked(around)?;
        request.cookies = step.has_cookies.then(|| Arc::clone(&scope.cookies));
        let request = self.request.insert(request);
        let mut took = Vec::new();
        let times = step.repeat.map_or(1, |repeat| repeat.times);
        let mut report = Report::default();
        for _ in 0..times {
            check(step)?;
            let each = around.until(Deadline::after(step.timeout));
            let response = request.send_over(connections, each.deadline)?;
            let response = self.response.insert(response);
            report = http.judge(response, &each)?;
            took.push(response.took);
            if has_failed(&report) {
                break;
            }
        }
        if let Some(repeat) = &step.repeat
            && !has_failed(&report)
        {
            repeat.judge(took, &mut report);
        }
        if let Some(response) = &self.response {
            // Many calls may have taken all the time of one.
            let around = around.until(Deadline::after(step.timeout));
            keep(step, response, scope, &around, &mut report)?;
        }
        Ok(report)
    }

    /// The finding, with what was asked; where it is bad, with what was
    /// answered too, and how to ask it again.
    fn finding(&self, step: &Step, report: Result<Report>, took: Duration) -> Finding {
        let is_good = report.as_ref().is_ok_and(|report| report.faults.is_empty());
        let report = report.map_err(|error| Failure::of(&error));
        let mut finding = Finding::of(&step.name, step.kind, &step.says, report, took);
        if step.is_optional && finding.status == Status::Fail {
            finding.status = Status::Warn;
        }
        if let Some(group) = &step.group {
            finding.facts.insert("group".into(), group.as_str().into());
        }
        if let Some(request) = &self.request {
            let asked = format!("{} {}", request.method, request.url);
            finding.facts.insert("request".into(), shown(&asked));
            if !is_good {
                finding
                    .facts
                    .insert("curl".into(), curl::of(request).into());
            }
        }
        if let Some(response) = self.response.as_ref().filter(|_| !is_good) {
            let body = text::start(&response.body, SHOWN);
            finding.facts.insert("body".into(), body.into());
        }
        finding
    }
}

/// Keeps what the files of a step found out, as far as it is asked for.
fn taken(step: &Step, outcome: hurl::Outcome, scope: &Scope) -> Report {
    let hurl::Outcome {
        mut report,
        captured,
    } = outcome;
    let had_failed = has_failed(&report);
    for (name, value) in &captured {
        capture::learn(name, value);
    }
    for name in &step.taken {
        match captured.get(name) {
            Some(value) => scope.keep(name, value.clone()),
            None if had_failed => {}
            None => {
                let observed = format!("Hurl captured no `{name}`");
                report.fault(Fault::fail("capture_failed", observed, "a value"));
            }
        }
    }
    report
}

/// A text without the secrets in it.
fn shown(text: &str) -> serde_json::Value {
    redact::text(text).into_owned().into()
}

/// Keeps what the step finds out, and looks at its token.
fn keep(
    step: &Step,
    response: &Response,
    scope: &Scope,
    around: &Around<'_>,
    report: &mut Report,
) -> Result<()> {
    let had_failed = has_failed(report);
    for (name, capture) in &step.captures {
        match capture.take(name, response, around.deadline) {
            Ok(value) => scope.keep(name, value),
            // What was answered is not what it was meant to be taken from.
            Err(_) if had_failed => {}
            Err(error) => {
                let failure = Failure::of(&error);
                let expected = format!("a value for `{name}`");
                report.fault(Fault::fail(failure.reason, failure.message, expected));
            }
        }
    }
    if let Some(jwt) = step.jwt.as_ref().filter(|_| !has_failed(report)) {
        let vars = &step.shared.vars;
        let mut entry = jwt.fill(&|name| scope.value(name, vars, around.config))?;
        let jwt: Jwt = entry.rest()?;
        for fault in jwt.judge(around.deadline)? {
            report.fault(fault);
        }
    }
    Ok(())
}
