//! Roles and tablespaces, which belong to no database.

use crate::program::{self, Sink};
use anyhow::Result;
use toolkit::postgres::{Server, Session, Version};

/// What was seen of the globals' dump.
#[derive(Debug)]
pub(crate) struct Globals {
    /// How many roles it creates, the system's own left out.
    pub(crate) roles: u64,
    /// How many tablespaces it creates.
    pub(crate) tablespaces: u64,
    /// Whether the roles' password hashes are in it: only a superuser may read
    /// them.
    pub(crate) has_passwords: bool,
    /// The version of the `pg_dumpall` that wrote it.
    pub(crate) program: Version,
}

/// Dumps the globals of `server` to `sink`, connected through `database`.
///
/// # Errors
/// As [`crate::database::dump`].
pub(crate) fn dump(server: &Server, database: &str, sink: impl Sink) -> Result<Globals> {
    let version = Version::of_program(server, "pg_dumpall")?;
    let mut session = Session::open(server, database)?;
    version.can_dump(Version::of_server(&mut session)?)?;
    let has_passwords =
        session.value("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')")?;
    let has_passwords = has_passwords.as_deref() == Some("t");
    let names = "!~ '^pg_'";
    let roles = format!("SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname {names}");
    let roles = session.number(&roles)?;
    let spaces = format!("SELECT count(*) FROM pg_catalog.pg_tablespace WHERE spcname {names}");
    let tablespaces = session.number(&spaces)?;
    drop(session);
    write(server, database, has_passwords, sink)?;
    Ok(Globals {
        roles,
        tablespaces,
        has_passwords,
        program: version,
    })
}

fn write(server: &Server, database: &str, has_passwords: bool, sink: impl Sink) -> Result<()> {
    let mut command = server
        .tied_program("pg_dumpall", database)
        .args(["--globals-only", "--database"])
        .arg(database);
    if !has_passwords {
        command = command.arg("--no-role-passwords");
    }
    program::run(&command, sink)?;
    Ok(())
}
