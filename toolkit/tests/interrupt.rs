//! A signal to the tool ends what a server is asked. One test alone: what a
//! signal does concerns the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a test's helpers fail as tests do

#[path = "postgres_live/container.rs"]
#[allow(dead_code)] // other tests use the rest of it
mod container;

use container::{Container, DATABASE, until};
use rustix::process::{Signal, getpid, kill_process};
use toolkit::failure::Failure;
use toolkit::postgres::Session;
use toolkit::signals;

#[test]
fn a_signal_ends_what_is_asked() {
    signals::listen().unwrap();
    signals::begin_work();
    let container = Container::start(17);
    let mut watcher = Session::open(&container.direct(), DATABASE).unwrap();
    let servers = [container.server(), container.direct()];
    let sessions = servers.map(|server| Session::open(&server, DATABASE).unwrap());
    std::thread::scope(|scope| {
        let asked = sessions.map(|mut session| {
            scope.spawn(move || session.rows("SELECT pg_catalog.pg_sleep(86400), 'asked'"))
        });
        let busy = "SELECT count(*) FROM pg_catalog.pg_stat_activity \
                    WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ 'asked'";
        until(|| watcher.number(busy).unwrap() == 2);
        kill_process(getpid(), Signal::TERM).unwrap();
        for asked in asked {
            let failure = Failure::of(&asked.join().unwrap().unwrap_err());
            assert_eq!(failure.reason, "interrupted");
            assert_eq!(failure.exit.code(), 143);
        }
    });
}
