//! The steps of a way back.

mod code;
mod data;
mod services;
mod verify;

use crate::engine::{Step, Work};
use crate::{configuration, switch};
use anyhow::Result;
use serde_json::{Value, json};
use toolkit::operation::Mark;

/// Nobody writes from here on.
pub(crate) const MAINTENANCE_ON: Step = Step {
    name: "maintenance on",
    needed: switches,
    done: |work| switch::is_on_for(work.run, &work.state),
    act: |work| {
        switch::on(work.run, &work.state, &work.journal.intent.id)?;
        Ok(Value::Null)
    },
};

/// What is there is saved before it is replaced.
pub(crate) const SAVE: Step = Step {
    name: "save",
    needed: |work| Ok(work.plan.service.is_none()),
    done: |work| Ok(data::is_saved(work)),
    act: data::save,
};

/// The earlier data are loaded beside the live ones, which serve meanwhile; not
/// into servers that others are about to take the place of.
pub(crate) const LOAD: Step = Step {
    name: "load",
    needed: |work| Ok(work.plan.data.is_some() && work.plan.servers.is_empty()),
    done: |work| Ok(data::is_back(work) || work.ahead.is_some()),
    act: data::load,
};

/// The application stops; its servers and its proxy do not.
pub(crate) const STOP: Step = Step {
    name: "stop",
    needed: |work| Ok(!work.plan.stopped.is_empty()),
    // Stopped services have to be found stopped, whatever the journal says; but
    // those that were started again on the way are not stopped once more.
    done: |work| Ok(work.journal.has_begun("start") || services::are_stopped(work)?),
    act: services::stop,
};

/// The work tree is at the earlier commit.
pub(crate) const CODE: Step = Step {
    name: "code",
    needed: |work| Ok(work.plan.commit.is_some()),
    done: |work| Ok(code::is_there(work)),
    act: code::check_out,
};

/// Compose files and variables are as they were.
pub(crate) const CONFIGURATION: Step = Step {
    name: "configuration",
    needed: |work| Ok(work.plan.service.is_none() && !work.to.configuration.is_empty()),
    done: |work| Ok(configuration::differing(&work.to, &work.releases)?.is_empty()),
    act: |work| Ok(json!({ "files": configuration::put_back(&work.to, &work.releases)? })),
};

/// The servers run on the volumes of the earlier release.
pub(crate) const SERVERS: Step = Step {
    name: "servers",
    needed: |work| Ok(!work.plan.servers.is_empty()),
    done: services::are_exchanged,
    act: services::exchange,
};

/// Database and Redis are exchanged: the point of no return.
pub(crate) const DATA: Step = Step {
    name: "data",
    needed: |work| Ok(work.plan.data.is_some()),
    done: |work| Ok(data::is_back(work)),
    act: data::bring_back,
};

/// Outside Compose, what runs is built from the code.
pub(crate) const BUILD: Step = Step {
    name: "build",
    needed: |work| Ok(work.plan.commit.is_some() && services::is_outside(work)?),
    done: |work| {
        Ok(work
            .journal
            .last("build")
            .is_some_and(|entry| entry.mark == Mark::Done))
    },
    act: services::build,
};

/// The names of the images mean the earlier ones again.
pub(crate) const IMAGES: Step = Step {
    name: "images",
    needed: |work| Ok(!work.plan.images.is_empty()),
    done: services::are_named,
    act: services::name_again,
};

/// The earlier release starts.
pub(crate) const START: Step = Step {
    name: "start",
    needed: |_| Ok(true),
    done: services::are_running,
    act: services::start,
};

/// It is the earlier release that runs, and it serves.
pub(crate) const VERIFY: Step = Step {
    name: "verify",
    needed: |_| Ok(true),
    done: |_| Ok(false),
    act: verify::verify,
};

/// Users are back.
pub(crate) const MAINTENANCE_OFF: Step = Step {
    name: "maintenance off",
    needed: |work| Ok(switches(work)? || switch::is_left(&work.state)?),
    done: |work| Ok(!switch::is_on_for(work.run, &work.state)?),
    act: |work| {
        switch::off(work.run, &work.state)?;
        Ok(Value::Null)
    },
};

fn switches(work: &Work<'_>) -> Result<bool> {
    Ok(work.plan.service.is_none() && switch::is_configured(work.run)?)
}
