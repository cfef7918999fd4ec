//! Maintenance mode, as the steps and `--maintenance` switch it.

use crate::cli::Mode;
use anyhow::Result;
use chrono::Utc;
use serde_json::json;
use toolkit::failure::Failure;
use toolkit::maintenance::{Marker, Switch};
use toolkit::record;
use toolkit::run::{Outcome, Run, user};
use toolkit::state::State;

/// `--maintenance on|off|status`.
pub(crate) fn run(mode: Mode, run: &mut Run) -> Result<Outcome> {
    let state = run.state()?.clone();
    if !is_configured(run)? {
        return Ok(Outcome::ok(
            "no maintenance mode is configured",
            json!({ "configured": false, "on": false }),
        ));
    }
    match mode {
        Mode::On => on(run, &state, run.id())?,
        Mode::Off => off(run, &state)?,
        Mode::Status => {}
    }
    let marker = Marker::read(&state)?;
    let is_on = is_on_for(run, &state)?;
    let word = if is_on { "on" } else { "off" };
    let summary = match &marker {
        Some(marker) => format!(
            "maintenance mode is {word}, since {} for {}",
            marker.since, marker.operation
        ),
        None => format!("maintenance mode is {word}"),
    };
    let data = json!({ "configured": true, "on": is_on, "marker": marker });
    if mode == Mode::Status {
        return Ok(Outcome::ok(summary, data).query());
    }
    Ok(Outcome::ok(summary, data))
}

/// Whether there is a way to switch it.
pub(crate) fn is_configured(run: &Run) -> Result<bool> {
    Ok(Switch::of(&run.config)?.is_some())
}

/// Whether a marker says that it was switched on.
pub(crate) fn is_left(state: &State) -> Result<bool> {
    Ok(Marker::read(state)?.is_some())
}

/// Whether it is on: as its status says, else its marker.
pub(crate) fn is_on_for(run: &Run, state: &State) -> Result<bool> {
    let told = match Switch::of(&run.config)? {
        Some(switch) => switch.is_on()?,
        None => None,
    };
    // Without its marker it would not be known who is to switch it off.
    let marked = is_left(state)?;
    Ok(told.unwrap_or(marked) || marked)
}

/// Switches it on for an operation.
pub(crate) fn on(run: &Run, state: &State, operation: &str) -> Result<()> {
    let Some(switch) = Switch::of(&run.config)? else {
        return Ok(());
    };
    let marker = Marker {
        operation: operation.to_owned(),
        since: record::timestamp(Utc::now()),
        by: user(),
    };
    switch.on(state, &marker)
}

/// Switches it off.
///
/// # Errors
/// `maintenance`, also when it was switched on by a configuration that is gone.
pub(crate) fn off(run: &Run, state: &State) -> Result<()> {
    match Switch::of(&run.config)? {
        Some(switch) => switch.off(state),
        None if is_left(state)? => Err(Failure::new(
            "maintenance",
            "maintenance mode was switched on, and `[maintenance]` no longer says how to switch it off",
        )
        .hint("add it to sextant.toml again")
        .into()),
        None => Ok(()),
    }
}
