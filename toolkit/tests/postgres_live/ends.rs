//! How work on a server ends early, on either side.

use crate::container::{Container, DATABASE, until};
use crate::host::Host;
use toolkit::command::Io;
use toolkit::failure::Failure;
use toolkit::postgres::{Server, Session};

/// A server that ends in the middle of a query is unreachable, in both ways.
#[test]
fn a_server_that_stops_in_mid_query_is_unreachable() {
    let host = Host::start(None);
    let container = Container::start(17);
    let stop: [(Server, &str, &dyn Fn()); 2] = [
        (host.over_socket("postgres"), "postgres", &|| host.kill()),
        (container.server(), DATABASE, &|| {
            container.exec(&["sh", "-c", "kill -QUIT 1"]);
        }),
    ];
    for (server, database, stop) in stop {
        let mut session = Session::open(&server, database).unwrap();
        let mut watcher = Session::open(&server, database).unwrap();
        let error = std::thread::scope(|scope| {
            let asked = scope.spawn(move || session.rows("SELECT pg_catalog.pg_sleep(86400)"));
            let busy = "SELECT count(*) FROM pg_catalog.pg_stat_activity \
                        WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ 'pg_sleep'";
            until(|| watcher.number(busy).unwrap() > 0);
            stop();
            asked.join().unwrap().unwrap_err()
        });
        let failure = Failure::of(&error);
        assert_eq!(failure.reason, "pg_unreachable", "{failure}");
    }
}

/// What is asked ends when it is told to, and the server goes on.
#[test]
fn a_question_can_be_cancelled() {
    let container = Container::shared(17);
    for server in [container.server(), container.direct()] {
        let mut session = Session::open(&server, DATABASE).unwrap();
        let mut watcher = Session::open(&server, DATABASE).unwrap();
        let canceller = session.canceller();
        let word = format!("cancel {}", server.container().is_some());
        let question = format!("SELECT pg_catalog.pg_sleep(86400), '{word}'");
        std::thread::scope(|scope| {
            let asked = scope.spawn(move || session.rows(&question));
            let busy = format!(
                "SELECT count(*) FROM pg_catalog.pg_stat_activity \
                 WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ '{word}'"
            );
            until(|| watcher.number(&busy).unwrap() > 0);
            canceller.cancel();
            assert!(asked.join().unwrap().is_err());
            until(|| watcher.number(&busy).unwrap() == 0);
        });
    }
}

/// A program in the container ends with the tool, of which only its stdin may
/// tell, and the server does not take it for a crashed part of itself.
#[test]
fn a_tied_program_ends_with_its_stdin() {
    let container = Container::shared(17);
    let database = container.database("");
    container.run(&database, "CREATE TABLE held (a int)");
    let mut bystander = Session::open(&container.direct(), &database).unwrap();
    bystander.execute("BEGIN").unwrap();
    bystander.execute("LOCK TABLE public.held").unwrap();
    let command = container.server().tied_program("pg_dump", &database);
    let mut running = command
        .start(Io {
            stdin: true,
            ..Io::default()
        })
        .unwrap();
    let waiting = "SELECT count(*) FROM pg_catalog.pg_locks AS l \
                   JOIN pg_catalog.pg_database AS d ON d.oid = l.database \
                   WHERE d.datname = current_database() AND NOT l.granted";
    until(|| bystander.number(waiting).unwrap() > 0);
    drop(running.take_stdin());
    assert!(!running.wait().unwrap().status.success());
    until(|| bystander.number(waiting).unwrap() == 0);
}
