//! Goes through a plan step by step, each on disk before it is begun.

use crate::act;
use crate::ahead::Ahead;
use crate::plan::Plan;
use crate::release::{Release, Releases, Standing};
use anyhow::Result;
use serde_json::{Value, json};
use std::time::Instant;
use toolkit::application::Application;
use toolkit::failure::{Exit, Failure};
use toolkit::operation::{Mark, Operation};
use toolkit::run::Run;
use toolkit::signals;
use toolkit::state::State;

/// What the steps work with.
pub(crate) struct Work<'r> {
    pub(crate) run: &'r Run,
    pub(crate) state: State,
    pub(crate) plan: Plan,
    pub(crate) from: Release,
    pub(crate) to: Release,
    pub(crate) releases: Releases,
    pub(crate) journal: Operation,
    /// The data that are loaded, and not exchanged yet.
    pub(crate) ahead: Option<Ahead>,
    /// When the application was stopped, and when it served again.
    pub(crate) stopped_at: Option<Instant>,
    pub(crate) served_at: Option<Instant>,
}

/// One step: what it is called, when it is needed, whether it is done already,
/// and how it is done and seen to be.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// Whether the plan has it.
    pub(crate) needed: fn(&Work<'_>) -> Result<bool>,
    /// Whether what it is to bring about is so, by looking.
    pub(crate) done: fn(&Work<'_>) -> Result<bool>,
    /// Brings it about, and looks.
    pub(crate) act: fn(&mut Work<'_>) -> Result<Value>,
}

/// The steps in their order. Up to `data` there is a way back without loss;
/// from then on the data are those of the earlier release.
pub(crate) const STEPS: &[Step] = &[
    act::MAINTENANCE_ON,
    act::SAVE,
    act::LOAD,
    act::STOP,
    act::CODE,
    act::CONFIGURATION,
    act::SERVERS,
    act::DATA,
    act::BUILD,
    act::IMAGES,
    act::START,
    act::VERIFY,
    act::MAINTENANCE_OFF,
];

/// The step after whose beginning what is live has changed.
pub(crate) const POINT_OF_NO_RETURN: &str = "data";

impl Work<'_> {
    /// The application as it is now: files and containers may have changed.
    pub(crate) fn application(&self) -> Result<Application<'_>> {
        Application::discover(&self.run.config)
    }

    /// Does what is not done yet.
    ///
    /// # Errors
    /// That of the step that failed, told as one of it.
    pub(crate) fn go_through(&mut self) -> Result<Vec<Value>, (&'static str, anyhow::Error)> {
        let mut told = Vec::new();
        for step in STEPS {
            if let Some(done) = self.one(step).map_err(|error| (step.name, error))? {
                told.push(done);
            }
        }
        Ok(told)
    }

    fn one(&mut self, step: &Step) -> Result<Option<Value>> {
        signals::check()?;
        if !(step.needed)(self)? {
            return Ok(None);
        }
        if (step.done)(self)? {
            return Ok(Some(
                json!({ "name": step.name, "status": "ok", "already": true }),
            ));
        }
        self.run.note(&format!("{} …", step.name));
        self.journal.note(step.name, Mark::Begun, Value::Null)?;
        let begun = Instant::now();
        match (step.act)(self) {
            Ok(data) => {
                self.journal.note(step.name, Mark::Done, data.clone())?;
                let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                Ok(Some(
                    json!({ "name": step.name, "status": "ok", "ms": ms, "data": data }),
                ))
            }
            Err(error) => {
                let message = Failure::of(&error).message;
                // The disk may be full, which is what failed.
                let _ = self.journal.note(step.name, Mark::Failed, message.into());
                Err(error)
            }
        }
    }

    /// The names of the steps that the plan has.
    pub(crate) fn steps(&self) -> Result<Vec<&'static str>> {
        let mut names = Vec::new();
        for step in STEPS {
            if (step.needed)(self)? {
                names.push(step.name);
            }
        }
        Ok(names)
    }

    /// Whether the live data may be half-migrated, or neither the old nor the
    /// new ones.
    pub(crate) fn is_between(&self) -> bool {
        let data = self.journal.last(POINT_OF_NO_RETURN);
        if data.is_some_and(|entry| entry.mark == Mark::Done) {
            // `--undo` returns to what a deployment left, too.
            return self.to.standing == Standing::Failed;
        }
        data.is_some() || self.plan.half_migrated
    }

    /// The failure of a step, with what a person can do now.
    pub(crate) fn failure(&self, step: &str, error: &anyhow::Error, is_on: bool) -> Failure {
        let cause = Failure::of(error);
        let exit = match cause.exit {
            Exit::Signal(_) | Exit::Locked => cause.exit,
            _ => Exit::PersonNeeded,
        };
        let maintenance = if is_on {
            "; maintenance mode is on"
        } else {
            ""
        };
        let message = format!(
            "`{step}` failed on the way to {}: {}{maintenance}",
            self.to.title(),
            cause.message
        );
        let hint = after(
            cause.hint,
            "`rollback --resume` goes on once the cause is mended, \
             `rollback --undo` returns to where things stood",
        );
        Failure::new("rollback_failed", message)
            .hint(hint)
            .exit(exit)
            .data(self.told(step, cause.reason, is_on))
    }

    /// The failure of a step before which nothing was touched.
    pub(crate) fn untouched(&self, step: &str, error: &anyhow::Error, is_on: bool) -> Failure {
        let mut failure = self.failure(step, error, is_on);
        // It ends here: what these would go on with, or undo, is another one.
        if let Some(data) = &mut failure.data {
            data["commands"] = json!(["rollback --status"]);
        }
        let hint = after(
            Failure::of(error).hint,
            "start again: nothing was touched, what served before still does",
        );
        match failure.exit {
            Exit::PersonNeeded => failure.exit(Exit::NotStarted).hint(hint),
            _ => failure.hint(hint),
        }
    }

    /// The failure to write down that the release which is returned to serves.
    pub(crate) fn not_recorded(&self, error: &anyhow::Error) -> Failure {
        let cause = Failure::of(error);
        let message = format!(
            "{} serves and is verified, but that cannot be recorded: {}",
            self.to.title(),
            cause.message
        );
        Failure::new("rollback_failed", message)
            .hint(after(cause.hint, "`rollback --resume` records it"))
            .exit(Exit::PersonNeeded)
            .data(self.told("record", cause.reason, false))
    }

    fn told(&self, step: &str, reason: &str, is_on: bool) -> Value {
        json!({
            "from": self.from.title(), "to": self.to.title(), "step": step, "reason": reason,
            "commands": ["rollback --status", "rollback --resume", "rollback --undo"],
            "maintenance": is_on,
        })
    }
}

/// What is to be done about the cause, and then.
fn after(first: Option<String>, then: &str) -> String {
    first.map_or_else(|| then.to_owned(), |first| format!("{first}; then {then}"))
}

/// What leaves all that serves as it is; `backup` is the tool that saves.
const UNTOUCHING: [&str; 6] = [
    "maintenance on",
    "maintenance off",
    "save",
    "backup",
    "load",
    "verify",
];

/// Whether an operation may have changed anything but maintenance mode.
pub(crate) fn has_touched(operation: &Operation) -> bool {
    let entries = operation.entries.iter();
    let mut steps = entries.map(|entry| entry.step.as_str());
    steps.any(|step| !UNTOUCHING.contains(&step))
}
