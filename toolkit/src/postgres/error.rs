//! Failures of a server and of the way to it, each with its stable reason.

use super::place::Server;
use crate::failure::Failure;
use std::error::Error as StdError;
use std::io;
use tokio_postgres::Error;

/// What the server answered instead of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The five characters of
    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    pub(super) sqlstate: String,
    pub(super) message: String,
    /// The server's own hint.
    pub(super) hint: Option<String>,
}

impl Refusal {
    /// The one that the client library reports, if it is one.
    pub(super) fn of(error: &Error) -> Option<Self> {
        let error = error.as_db_error()?;
        Some(Self {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            hint: error.hint().map(str::to_owned),
        })
    }

    /// The failure it means for whoever asked `server`.
    pub(super) fn failure(&self, server: &Server) -> Failure {
        let (reason, hint) = meaning(&self.sqlstate);
        let failure = Failure::new(reason, format!("{server}: {}", self.message.trim()));
        match hint.map(str::to_owned).or_else(|| self.hint.clone()) {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// The reason and the remedy of an error code.
fn meaning(sqlstate: &str) -> (&'static str, Option<&'static str>) {
    match sqlstate {
        "28P01" | "28000" => ("pg_auth", Some(AUTH_HINT)),
        "3D000" => ("pg_no_database", Some(NO_DATABASE_HINT)),
        "42501" => (
            "pg_permission",
            Some("use a superuser, or grant the role what it lacks"),
        ),
        // A table, or its schema.
        "42P01" | "3F000" => ("pg_no_table", None),
        "57P03" => ("pg_starting", Some(STARTING_HINT)),
        "53300" => ("pg_too_many_connections", Some(CONNECTIONS_HINT)),
        "55P03" => ("pg_lock_timeout", None),
        // Out of lock table space, which the server reports as out of memory.
        "53200" => (
            "pg_out_of_memory",
            Some("raise `max_locks_per_transaction`, or give the server more memory"),
        ),
        "57P01" | "57P02" => ("pg_unreachable", Some(LOST_HINT)),
        code if code.starts_with("08") => ("pg_unreachable", Some(LOST_HINT)),
        _ => ("pg_query", None),
    }
}

/// The error and its causes in one line.
pub(super) fn causes(error: &Error) -> String {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Many repeat their cause's words.
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
        cause = error.source();
    }
    words.join(": ")
}

/// The error of this type that `error` or one of its causes is.
pub(super) fn inside<'a, T: StdError + 'static>(
    error: &'a (dyn StdError + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        // An `io::Error` hides the error that it was made of.
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        let found = inner
            .and_then(|inner| inner.downcast_ref())
            .or_else(|| error.downcast_ref());
        if found.is_some() {
            return found;
        }
        next = error.source();
    }
    None
}

pub(super) const ANSWER_HINT: &str =
    "select fewer or shorter values, and check that it is PostgreSQL that listens there";
pub(super) const AUTH_HINT: &str =
    "compare the user and password with those the server was set up with, and with `pg_hba.conf`";
pub(super) const NO_DATABASE_HINT: &str = "list the databases with `psql -l`";
pub(super) const STARTING_HINT: &str = "wait until `pg_isready` says `accepting connections`";
pub(super) const CONNECTIONS_HINT: &str = "raise `max_connections`, or close idle connections";
pub(super) const LOST_HINT: &str = "look into the server's log";
pub(super) const UNREACHABLE_HINT: &str =
    "check that the server runs, and its host, port and firewall";
pub(super) const TLS_HINT: &str =
    "compare `sslmode` and `sslrootcert` with the server's certificate";
