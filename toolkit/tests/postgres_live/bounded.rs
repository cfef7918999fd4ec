//! Answers that may be no longer than they need to be, of servers that send what
//! they are asked for.

use crate::container::{Container, DATABASE, until};
use crate::host::Host;
use toolkit::failure::Failure;
use toolkit::postgres::{ANSWER, Server, Session};

/// What one session is asked, and why it ends.
fn refused(server: &Server, database: &str, sql: &str) -> String {
    let mut session = Session::open(server, database).unwrap();
    let asked = session.rows(sql).map(|rows| rows.len());
    let failure = Failure::of(&asked.unwrap_err());
    assert_eq!(failure.reason, "pg_too_long", "{failure}");
    assert!(failure.hint.is_some());
    assert!(failure.message.starts_with(&server.to_string()));
    assert!(session.rows("SELECT 1").is_err(), "it goes on");
    failure.message
}

#[test]
fn long_answers_end_the_session_where_they_are_bounded() {
    let host = Host::start(None);
    let container = Container::shared(17);
    let ascii = container.database("ENCODING SQL_ASCII LOCALE 'C' TEMPLATE template0");
    for (server, database) in [
        (host.over_socket("postgres"), "postgres"),
        (container.direct(), DATABASE),
        (container.direct(), &ascii),
        (container.server(), DATABASE),
    ] {
        let long = format!("SELECT repeat('a', {ANSWER})");
        let mut session = Session::open(&server, database).unwrap();
        let value = session.value(&long).unwrap().unwrap();
        assert_eq!(value.len() as u64, ANSWER);

        let bounded = server.bounded();
        let mut session = Session::open(&bounded, database).unwrap();
        let almost = format!("SELECT repeat('a', {})", ANSWER - 1024);
        for _ in 0..3 {
            let value = session.value(&almost).unwrap().unwrap();
            assert_eq!(value.len() as u64, ANSWER - 1024);
        }
        let one = refused(&bounded, database, &long);
        assert!(one.contains("128 KiB"), "{one}");
        let many = refused(&bounded, database, "SELECT generate_series(1, 200000)");
        assert!(many.ends_with("an answer longer than 128 KiB"), "{many}");
        let mut session = Session::open(&bounded, database).unwrap();
        let busy = "SELECT count(*) FROM pg_catalog.pg_stat_activity \
                    WHERE query LIKE 'SELECT generate_s%' OR query LIKE 'COPY (SELECT generate_s%'";
        until(|| session.number(busy).unwrap() == 0);
    }
}
