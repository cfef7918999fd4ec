//! What is judged of a container.

use super::super::state::Health;
use super::*;
use chrono::TimeDelta;

fn reasons(state: &State, wanted: &Container, is_awaited: bool) -> Vec<(Level, &'static str)> {
    let now = "2026-11-20T12:00:00Z".parse().unwrap();
    let mut state = state.clone();
    state.started = state.started.or(Some(now - TimeDelta::days(3)));
    let faults = of(&state, wanted, is_awaited, now);
    faults
        .into_iter()
        .map(|fault| (fault.level, fault.reason))
        .collect()
}

fn state(status: &str) -> State {
    State {
        status: status.into(),
        policy: "no".into(),
        ..State::default()
    }
}

#[test]
fn one_that_was_to_end_may() {
    let any = Container::default();
    let once = |once| Container {
        once: Some(once),
        ..Container::default()
    };
    let ended = state("exited");
    assert_eq!(reasons(&ended, &any, false), []);
    let server = State {
        serves: true,
        ..state("exited")
    };
    let stopped = [(Level::Fail, "container_stopped")];
    assert_eq!(reasons(&server, &any, false), stopped);
    assert_eq!(reasons(&server, &any, true), []);
    assert_eq!(reasons(&server, &once(true), false), []);
    assert_eq!(reasons(&ended, &once(false), false), stopped);
    let always = State {
        policy: "unless-stopped".into(),
        ..state("exited")
    };
    assert_eq!(reasons(&always, &any, false), stopped);
    let failed = State {
        exit: 3,
        ..state("exited")
    };
    let failed = reasons(&failed, &once(true), true);
    assert_eq!(failed, [(Level::Fail, "container_failed")]);
    let at_work = reasons(&state("running"), &any, true);
    assert_eq!(at_work, [(Level::Warn, "container_not_ended")]);
}

#[test]
fn health_and_states_are_told_apart() {
    let any = Container::default();
    let health = |status: &str| State {
        health: Some(Health {
            status: status.into(),
            last: "no answer".into(),
        }),
        ..state("running")
    };
    for (state, expected) in [
        (health("healthy"), vec![]),
        (
            health("starting"),
            vec![(Level::Warn, "container_starting")],
        ),
        (
            health("unhealthy"),
            vec![(Level::Fail, "container_unhealthy")],
        ),
        (
            state("created"),
            vec![(Level::Fail, "container_not_started")],
        ),
        (state("paused"), vec![(Level::Fail, "container_paused")]),
        (
            state("restarting"),
            vec![(Level::Fail, "container_restarting")],
        ),
        (state("dead"), vec![(Level::Fail, "container_dead")]),
        (state(""), vec![(Level::Fail, "container_dead")]),
    ] {
        assert_eq!(reasons(&state, &any, false), expected, "{state:?}");
    }
}

#[test]
fn a_restart_is_worse_the_younger_it_is() {
    let now: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
    let restarted = |seconds| State {
        restarts: 2,
        started: Some(now - TimeDelta::seconds(seconds)),
        ..state("running")
    };
    let any = Container::default();
    let restarting = |level| vec![(level, "container_restarting")];
    assert_eq!(reasons(&restarted(9), &any, false), restarting(Level::Fail));
    assert_eq!(
        reasons(&restarted(10), &any, false),
        restarting(Level::Warn)
    );
    assert_eq!(reasons(&restarted(300), &any, false), []);
    let limited = Container {
        restarts: Limits::new(1.0, 3.0),
        ..Container::default()
    };
    let limited = reasons(&restarted(300), &limited, false);
    assert_eq!(limited, [(Level::Warn, "container_restarts")]);
}

#[test]
fn what_cannot_be_measured_is_wrong_only_where_it_was_asked_for() {
    let wanted = Container {
        memory: Some(Limits::new(80.0, 95.0)),
        ..Container::default()
    };
    let using = |memory_percent| Usage {
        memory: 1e6,
        memory_percent,
        cpu_percent: None,
    };
    let reasons = |used: Option<Usage>, wanted: &Container| -> Vec<_> {
        let faults = usage(&state("running"), used.as_ref(), wanted);
        faults
            .into_iter()
            .map(|fault| (fault.level, fault.reason))
            .collect()
    };
    let any = Container::default();
    assert_eq!(reasons(None, &any), []);
    assert_eq!(reasons(Some(using(None)), &any), []);
    let full = reasons(Some(using(Some(96.0))), &any);
    assert_eq!(full, [(Level::Fail, "container_memory")]);
    let blind = reasons(None, &wanted);
    assert_eq!(blind, [(Level::Fail, "container_unmeasured")]);
    let unlimited = reasons(Some(using(None)), &wanted);
    assert_eq!(unlimited, [(Level::Fail, "container_no_limit")]);
}
