//! Where a server is, and how its programs are run.

use super::params::Params;
use crate::command::{Command, Io, Running};
use crate::redact;
use std::fmt;

// In most images the server is process 1, so processes that lose their parent
// become its children, and one that a signal ends then counts as a crashed
// part of the server: it restarts, and every connection is lost. So the shells
// below wait for each process they start, and none is signalled that its own
// parent does not wait for.

/// Ends the program when this tool ends, however it does: when stdin has
/// ended, the program is stopped. Without it, `docker exec` leaves a dump
/// running in the container, with its locks, after its client was killed.
const TIED: &str = "exec 3<&0; \"$@\" </dev/null 3<&- & program=$!; \
    { while read -r line <&3; do :; done; kill -TERM \"$program\"; } & reader=$!; \
    wait \"$program\"; status=$?; \
    kill -TERM \"$reader\"; wait \"$reader\"; exit \"$status\"";

/// The same for a `psql` that reads stdin itself: when stdin has ended, a
/// second one runs the statement in `$1`, which ends what the first is busy
/// with. `$2` on a line of its own says that the first has ended, for the
/// shell goes on until stdin ends too.
const TIED_PSQL: &str = "end=$1; word=$2; shift 2; \
    { cat; psql --no-psqlrc --no-password --command=\"$end\" >/dev/null 2>&1; } | \
    { \"$@\"; echo; echo \"$word\"; }";

/// Runs a program and adds ten to its exit status, for `docker exec` has some
/// of its own.
const SHIFTED: &str = "\"$@\"; exit $((10 + $?))";

/// Variables of this tool's surroundings that would change where a local
/// program connects to, or what it writes.
const MISLEADING: &[&str] = &[
    "PGAPPNAME",
    "PGCHANNELBINDING",
    "PGCLIENTENCODING",
    "PGDATESTYLE",
    "PGGSSENCMODE",
    "PGHOSTADDR",
    "PGOPTIONS",
    "PGPASSFILE",
    "PGREQUIREAUTH",
    "PGREQUIRESSL",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
    "PGTARGETSESSIONATTRS",
    "PGTZ",
];

/// A PostgreSQL server and the way to it.
///
/// ```
/// use toolkit::postgres::Server;
/// let server = Server::in_container("3f2a", "app", Some("s3cret".into()));
/// let dump = server.program("pg_dump", "shop");
/// assert!(!format!("{:?}", dump.argv()).contains("s3cret"));
/// assert_eq!(server.to_string(), "PostgreSQL in container `3f2a`");
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    pub(super) place: Place,
    /// Whether it is trusted with no more than short answers.
    pub(super) is_bounded: bool,
}

#[derive(Clone, PartialEq)]
pub(super) enum Place {
    Container {
        id: String,
        user: String,
        password: Option<String>,
    },
    Direct(Box<Params>),
}

impl Server {
    /// A server in a running container, reached over its local socket by the
    /// programs beside it, whose versions therefore always match.
    ///
    /// `password` is for images that ask for one even there.
    pub fn in_container(
        id: impl Into<String>,
        user: impl Into<String>,
        password: Option<String>,
    ) -> Self {
        if let Some(password) = &password {
            redact::learn(password);
        }
        Self {
            place: Place::Container {
                id: id.into(),
                user: user.into(),
                password,
            },
            is_bounded: false,
        }
    }

    /// A server reached from here, by local programs and the wire protocol.
    ///
    /// `params` with several hosts are to be narrowed to the one that answers
    /// first, by [`Params::reached`]; without it the first one is meant.
    pub fn direct(params: Params) -> Self {
        Self {
            place: Place::Direct(Box::new(params)),
            is_bounded: false,
        }
    }

    /// The same server where what it says is of little interest: a
    /// [`Session`](super::Session) with it ends with `pg_too_long` when an
    /// answer, a refusal or a greeting is longer than [`ANSWER`](super::ANSWER).
    /// Elsewhere rows may be as long as PostgreSQL allows: a gigabyte, in memory.
    #[must_use]
    pub fn bounded(self) -> Self {
        Self {
            is_bounded: true,
            ..self
        }
    }

    /// One of PostgreSQL's client programs, such as `pg_dump`, that will
    /// connect to `database` and never ask for a password.
    ///
    /// Its output is in the database's own encoding, and its messages are in
    /// English.
    pub fn program(&self, name: &str, database: &str) -> Command {
        self.run(&[], name, database).arg("--no-password")
    }

    /// The same for `pg_dump`, `pg_dumpall` and `pg_restore`, stopped by
    /// SIGTERM, at which they cancel what they asked for, when the stdin given
    /// to it ends: with this tool, even by SIGKILL. The caller asks for stdin,
    /// writes nothing and holds it open until the output has ended.
    pub fn tied_program(&self, name: &str, database: &str) -> Command {
        self.run(&["sh", "-c", TIED, "sh"], name, database)
            .arg("--no-password")
    }

    /// A `psql` for statements on stdin, whose connection and running query end
    /// when stdin does. After its own end `word` is on its stdout, on a line of
    /// its own. The connection is known by `word` as its application name.
    pub(super) fn tied_psql(&self, database: &str, word: &str) -> Command {
        let end = format!(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
             WHERE application_name = '{word}'"
        );
        self.run(&["sh", "-c", TIED_PSQL, "sh", &end, word], "psql", database)
            .arg("--no-password")
    }

    /// The role that programs connect as.
    pub fn user(&self) -> &str {
        match &self.place {
            Place::Container { user, .. } => user,
            Place::Direct(params) => &params.user,
        }
    }

    /// How to connect from here; none for a server in a container.
    pub fn params(&self) -> Option<&Params> {
        match &self.place {
            Place::Direct(params) => Some(params),
            Place::Container { .. } => None,
        }
    }

    /// The container's id; none for a direct server.
    pub fn container(&self) -> Option<&str> {
        match &self.place {
            Place::Container { id, .. } => Some(id),
            Place::Direct(_) => None,
        }
    }

    /// The exit status of `pg_isready`: 0 lets people in, 1 does not yet, 2
    /// does not answer; none when it cannot be run.
    pub(super) fn readiness(&self, database: &str) -> Option<i32> {
        let command = self.run(&["sh", "-c", SHIFTED, "sh"], "pg_isready", database);
        let status = command.start(Io::default()).and_then(Running::wait).ok()?;
        status
            .status
            .code()?
            .checked_sub(10)
            .filter(|code| (0..=3).contains(code))
    }

    /// `wrapper` ties a program to stdin, inside a container; a local one ends
    /// by itself when nobody reads its output any more.
    pub(super) fn run(&self, wrapper: &[&str], name: &str, database: &str) -> Command {
        match &self.place {
            Place::Container { id, user, password } => {
                let mut env = vec![
                    ("PGUSER", user.as_str()),
                    ("PGDATABASE", database),
                    ("PGCLIENTENCODING", ""),
                    ("LC_ALL", "C"),
                ];
                env.extend(password.as_deref().map(|password| ("PGPASSWORD", password)));
                let mut command = Command::new("docker").args(["exec", "--interactive"]);
                for (name, value) in env {
                    // Only the name is an argument; docker takes the value from
                    // its own environment.
                    command = command.arg("--env").arg(name).env(name, value);
                }
                command.arg(id).args(wrapper.iter().copied()).arg(name)
            }
            Place::Direct(params) => {
                let mut command = Command::new(name);
                for name in MISLEADING {
                    command = command.without_env(*name);
                }
                for (name, value) in params.environment() {
                    command = command.env(name, value);
                }
                command.env("PGDATABASE", database).env("LC_ALL", "C")
            }
        }
    }
}

/// How messages name it.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Container { id, .. } => {
                // Ids have 64 characters; people know the first twelve.
                let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
                let short = if is_id { &id[..12] } else { id };
                write!(f, "PostgreSQL in container `{short}`")
            }
            Place::Direct(params) => write!(f, "PostgreSQL on {}", params.place()),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container { id, user, .. } => f
                .debug_struct("Container")
                .field("id", id)
                .field("user", user)
                .finish_non_exhaustive(),
            Self::Direct(params) => params.fmt(f),
        }
    }
}
