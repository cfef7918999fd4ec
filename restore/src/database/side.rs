//! The side database: made beside the live one, gone unless it takes its place.

use super::mark::{self, Mark};
use super::names;
use anyhow::{Context, Result};
use toolkit::command::Command;
use toolkit::failure::Failure;
use toolkit::postgres::{Properties, Server, Session, Version, quote};

/// Databases that every server has.
const ALWAYS: &[&str] = &["postgres", "template1"];

/// A database that nobody else knows. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct Side {
    pub(super) server: Server,
    /// A third database, which stays as it is.
    pub(super) through: String,
    /// Connected to it; holds the run's lock.
    pub(super) session: Session,
    pub(super) version: Version,
    pub(super) name: String,
    pub(super) mark: Mark,
    /// It has become the live one.
    pub(super) is_live: bool,
}

impl Side {
    /// Creates one beside `live`, with `properties`.
    ///
    /// # Errors
    /// `pg_cannot_create` when the role may not; `pg_no_role` when the owner
    /// does not exist; `pg_bad_name`.
    pub(super) fn create(
        server: &Server,
        maintenance: &str,
        live: &str,
        replaced: &[String],
        stamp: &str,
        properties: Option<&Properties>,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        names::check(live)?;
        let (through, mut session) = connect(server, maintenance, live, replaced)?;
        let version = Version::of_server(&mut session)?;
        check_may_create(&mut session, server)?;
        let name = loop {
            let name = names::free(&mut session, live, names::SIDE, stamp)?;
            // Otherwise another run has just chosen it.
            if mark::lock(&mut session, &name)? {
                break name;
            }
            toolkit::signals::sleep(std::time::Duration::from_millis(100))?;
        };
        let sql = super::definition::create(&mut session, &name, properties, version, warnings)?;
        let mut side = Self {
            server: server.clone(),
            through,
            session,
            version,
            mark: Mark::side(live, &name),
            name,
            is_live: false,
        };
        let created = side.session.execute(&sql);
        created.map_err(|error| cannot_create(error, live))?;
        side.session.execute(&side.mark.statement(&side.name)?)?;
        Ok(side)
    }

    /// Removes it.
    pub(super) fn discard(mut self) -> Result<()> {
        remove(&mut self.session, self.version, &self.name)?;
        self.is_live = true;
        Ok(())
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        if !self.is_live {
            // What cannot be removed now, the next run removes.
            let _ = removal(&self.server, &self.through, self.version, &self.name).clean_up();
        }
    }
}

/// Connects to a database that is not `live`: `maintenance`, if it is another
/// one and exists, else one that every server has. One that is `replaced` in
/// the same run is the last to be tried: its exchange would end the connection.
pub(super) fn connect(
    server: &Server,
    maintenance: &str,
    live: &str,
    replaced: &[String],
) -> Result<(String, Session)> {
    let mut candidates: Vec<_> = std::iter::once(maintenance)
        .chain(ALWAYS.iter().copied())
        .collect();
    candidates.sort_by_key(|candidate| replaced.iter().any(|name| name == candidate));
    let mut first = None;
    for candidate in candidates
        .into_iter()
        .filter(|candidate| *candidate != live)
    {
        match Session::open(server, candidate) {
            Ok(session) => return Ok((candidate.to_owned(), session)),
            Err(error) if closed(&error) => first = first.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    let error = first.unwrap_or_else(|| anyhow::anyhow!("there is no other database"));
    Err(error.context(format!("no database beside `{live}` lets us in")))
}

/// Whether it is this database that does not let us in, and not the server.
fn closed(error: &anyhow::Error) -> bool {
    ["pg_no_database", "pg_permission", "pg_auth"].contains(&Failure::of(error).reason)
}

fn check_may_create(session: &mut Session, server: &Server) -> Result<()> {
    let sql =
        "SELECT rolsuper OR rolcreatedb FROM pg_catalog.pg_roles WHERE rolname = current_user";
    if session.value(sql)?.as_deref() == Some("t") {
        return Ok(());
    }
    Err(may_not_create(&format!(
        "`{}` may not create databases on {server}",
        server.user()
    ))
    .into())
}

fn may_not_create(message: &str) -> Failure {
    Failure::new("pg_cannot_create", message).hint(
        "`--in-place` restores in one transaction, without another database; or grant `CREATEDB`",
    )
}

fn cannot_create(error: anyhow::Error, live: &str) -> anyhow::Error {
    let failure = Failure::of(&error);
    if failure.reason == "pg_permission" {
        return may_not_create(&failure.message).into();
    }
    error.context(format!("cannot create a database beside `{live}`"))
}

/// Drops `database`, and ends who is connected to it.
pub(super) fn remove(session: &mut Session, version: Version, database: &str) -> Result<()> {
    let name = quote::identifier(database);
    if version.major >= 13 {
        return session.execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
    }
    session.execute(&end_connections(database))?;
    let dropped = session.execute(&format!("DROP DATABASE IF EXISTS {name}"));
    dropped.with_context(|| format!("cannot drop `{database}`"))
}

/// Ends all connections to `database` that this role may end.
pub(super) fn end_connections(database: &str) -> String {
    format!(
        "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(a.pid)) \
         FROM (SELECT a.pid \
           FROM pg_catalog.pg_stat_activity AS a \
           JOIN pg_catalog.pg_roles AS me ON me.rolname = current_user \
           LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = a.usesysid \
           WHERE a.datname = {} AND a.pid <> pg_catalog.pg_backend_pid() \
             AND (me.rolsuper OR (NOT coalesce(r.rolsuper, true) \
               AND (pg_catalog.pg_has_role(r.oid, 'USAGE') \
                 OR pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')))) \
           OFFSET 0) AS a",
        quote::literal(database)
    )
}

/// The same as a command, which also runs while this tool is interrupted.
fn removal(server: &Server, through: &str, version: Version, database: &str) -> Command {
    let name = quote::identifier(database);
    let psql = server
        .program("psql", through)
        .args(["--no-psqlrc", "--quiet"]);
    if version.major >= 13 {
        return psql.arg(format!(
            "--command=DROP DATABASE IF EXISTS {name} WITH (FORCE)"
        ));
    }
    psql.arg(format!("--command={}", end_connections(database)))
        .arg(format!("--command=DROP DATABASE IF EXISTS {name}"))
}
