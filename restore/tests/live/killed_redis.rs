//! A run that is killed while it replaces a live Redis.

use crate::refilled::{Refilled, is};
use crate::restore;
use crate::state::{self, State};
use toolkit::testing::until;

/// A moment, and whether it has come.
type Moment = (&'static str, fn(&Refilled) -> bool);

/// In the order in which a run comes to them.
const MOMENTS: [Moment; 5] = [
    ("the throwaway server is there", |refilled| {
        !state::scratch(&refilled.stack).is_empty()
    }),
    ("the live one follows it", Refilled::follows),
    ("the live one loads", |refilled| {
        is(&refilled.info("persistence"), "loading", "1")
    }),
    ("the live one has the data", |refilled| {
        let info = refilled.info("everything");
        is(&info, "role", "master") && info["db0"].starts_with("keys=20056,")
    }),
    ("the throwaway server is gone", |refilled| {
        let info = refilled.info("everything");
        is(&info, "role", "master")
            && is(&info, "aof_rewrite_in_progress", "1")
            && state::scratch(&refilled.stack).is_empty()
    }),
];

#[test]
fn the_next_run_brings_all_of_it_back() {
    let refilled = Refilled::new();
    for at in MOMENTS {
        let (moment, _) = at;
        let live = refilled.lose();
        kill(&refilled, at);
        refilled.until_it_rests();
        assert_either(&refilled, &live, moment);
        assert_comes_back(&refilled, &live, moment);
    }
}

#[test]
fn the_server_may_crash_with_it() {
    let refilled = Refilled::new();
    for at in [MOMENTS[1], MOMENTS[4]] {
        let (moment, _) = at;
        let live = refilled.lose();
        kill(&refilled, at);
        refilled.crash();
        assert_either(&refilled, &live, moment);
        assert_comes_back(&refilled, &live, moment);
    }
}

/// All is what it was, but for Redis, which may hold the set's data.
fn assert_either(refilled: &Refilled, live: &State, moment: &str) {
    let found = State::of(&refilled.stack);
    let restored = refilled.restored(live);
    let is_new = found.redis == restored.redis;
    found.assert_is(if is_new { &restored } else { live }, moment);
}

/// The next run brings Redis back, alone and for good, and leaves nothing else.
fn assert_comes_back(refilled: &Refilled, live: &State, moment: &str) {
    let restored = refilled.restored(live);
    let _ = restore(&refilled.place, &["latest", "redis", "--yes"]).succeeded();
    State::of(&refilled.stack).assert_is(&restored, moment);
    assert_eq!(state::scratch(&refilled.stack), [""; 0], "{moment}");
    assert_is_itself(refilled, moment);
    refilled.crash();
    assert_eq!(refilled.stack.redis(&["GETDEL", "written"]), "since");
    State::of(&refilled.stack).assert_is(&restored, moment);
}

/// Kills a run, and only that one process, at this moment.
fn kill(refilled: &Refilled, (moment, is_reached): Moment) {
    refilled.slow();
    let mut run = refilled.start();
    until(moment, || {
        let ended = run.try_wait().unwrap();
        assert!(ended.is_none(), "it did not wait until {moment}");
        is_reached(refilled)
    });
    run.kill().unwrap();
    run.wait().unwrap();
    refilled.quick();
}

/// It is a primary that takes writes at once, with its own settings.
fn assert_is_itself(refilled: &Refilled, moment: &str) {
    assert!(!refilled.follows(), "{moment}");
    let mut link = refilled.link();
    for (name, value) in [("replica-read-only", "yes"), ("masterauth", "")] {
        let found = link.setting(name).unwrap();
        assert_eq!(found.as_deref(), Some(value), "{moment}: {name}");
    }
    link.command(&["SET", "written", "since"]).unwrap();
}
