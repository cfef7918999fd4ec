//! What a server is asked, and what it refuses.

use crate::container::{Container, DATABASE};
use toolkit::failure::Failure;
use toolkit::postgres::{Server, Session};

/// The same questions have the same answers wherever the server is.
#[test]
fn answers_are_exact_in_both_ways() {
    for major in [15, 17] {
        let container = Container::shared(major);
        for server in [container.server(), container.direct()] {
            let mut session = Session::open(&server, DATABASE).unwrap();
            let rows = session
                .rows("SELECT NULL, '', 'a,\"b\"', E'x\\ny\\t\\\\', 'é', 1 -- end")
                .unwrap();
            let expected = [
                None,
                Some(""),
                Some("a,\"b\""),
                Some("x\ny\t\\"),
                Some("é"),
                Some("1"),
            ];
            assert_eq!(rows, [expected.map(|value| value.map(str::to_owned))]);
            assert_eq!(
                session.rows("SELECT '' UNION ALL SELECT ''").unwrap().len(),
                2
            );
            assert!(session.rows("SELECT 1 WHERE false").unwrap().is_empty());
            assert_eq!(
                session.value("SHOW search_path").unwrap().as_deref(),
                Some("")
            );
            assert_eq!(
                session.value("SHOW transaction_timeout").is_ok(),
                major == 17
            );
            session.execute("SET work_mem = '5MB'").unwrap();
        }
    }
}

/// A refusal has its reason, and the connection goes on.
#[test]
fn a_refused_question_leaves_the_session_usable() {
    let container = Container::shared(17);
    for server in [container.server(), container.direct()] {
        let mut session = Session::open(&server, DATABASE).unwrap();
        for (sql, reason, words) in [
            (
                "SELECT * FROM nowhere",
                "pg_no_table",
                "relation \"nowhere\" does not exist",
            ),
            (
                "SELECT 1 / (3 - i) FROM generate_series(1, 5) AS i",
                "pg_query",
                "division by zero",
            ),
            ("SELEC", "pg_query", "syntax error"),
        ] {
            let failure = Failure::of(&session.rows(sql).unwrap_err());
            assert_eq!(failure.reason, reason, "{failure}");
            assert!(failure.message.contains(words), "{failure}");
            assert_eq!(session.number("SELECT 7").unwrap(), 7);
        }
    }
}

#[test]
fn each_way_of_not_getting_in_has_its_reason() {
    let container = Container::shared(17);
    let open = |server: &Server, database: &str| {
        let failure = Failure::of(&Session::open(server, database).unwrap_err());
        assert!(failure.hint.is_some(), "{failure:?}");
        (failure.reason, failure.message)
    };
    let inside = |user: &str| Server::in_container(&container.id, user, None);
    for (server, database, reason) in [
        (container.server(), "nowhere", "pg_no_database"),
        (container.direct(), "nowhere", "pg_no_database"),
        (inside("nobody"), DATABASE, "pg_auth"),
        (
            Server::in_container("no-such-container", "app", None),
            DATABASE,
            "pg_unreachable",
        ),
    ] {
        let (found, message) = open(&server, database);
        assert_eq!(found, reason, "{message}");
    }
}
