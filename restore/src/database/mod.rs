//! Databases brought back: loaded aside, compared with what was saved, and only
//! then put in the place of the live one.
//!
//! [`stage`] makes a side database, `shop__restore_20261120_021500`, and loads
//! it; [`Staged::swap`] exchanges the names in one transaction. Until then the
//! live database is not touched, and a run that dies at any point leaves it as
//! it is: [`sweep`] removes what such a run left.

mod definition;
mod globals;
mod in_place;
mod leftovers;
mod load;
mod mark;
mod names;
mod psql;
mod room;
mod screen;
mod side;
mod swap;
#[cfg(test)]
mod tests;
mod verify;

pub(crate) use globals::{Globals, globals};
pub(crate) use in_place::in_place;
pub(crate) use leftovers::sweep;
pub(crate) use room::{Need, check_room};
pub(crate) use verify::Verified;

use anyhow::Result;
use screen::Rules;
use serde::Serialize;
use side::Side;
use std::fmt;
use std::io::Read;
use std::time::Instant;
use toolkit::failure::Failure;
use toolkit::postgres::{Properties, Server, Session};
use toolkit::set::DatabaseProof;
use toolkit::signals;

/// What is to be restored, and where to.
pub(crate) struct Wanted<'a> {
    /// The server.
    pub(crate) server: &'a Server,
    /// A database to connect to meanwhile.
    pub(crate) maintenance: &'a str,
    /// The database that is to be the restored one. It need not exist.
    pub(crate) name: String,
    /// All databases that the same run replaces.
    pub(crate) replaced: Vec<String>,
    /// The decompressed dump.
    pub(crate) dump: Box<dyn Read + Send>,
    /// What it is compared with; without it, with its own rows alone.
    pub(crate) proof: Option<DatabaseProof>,
    /// When the restore began, such as `20261120_021500`: part of the names of
    /// the databases beside the live one.
    pub(crate) stamp: String,
}

/// A database restored aside and verified; the live one is untouched. Dropped,
/// it is removed.
#[derive(Debug)]
pub(crate) struct Staged {
    side: Side,
    properties: Option<Properties>,
    verified: Verified,
}

/// A restored database that is live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Swapped {
    /// Its name.
    pub(crate) database: String,
    /// The name that the one from before is kept under, where it is.
    pub(crate) kept: Option<String>,
    /// What was found in it.
    #[serde(flatten)]
    pub(crate) verified: Verified,
}

/// Restores a dump into a side database and verifies it there.
///
/// # Errors
/// Before anything is loaded: `pg_cannot_create`, `pg_no_role`, `pg_bad_name`.
/// Then `hostile_dump`, `cluster_dump`, `truncated_dump`, `pg_load`, `pg_newer_dump`,
/// `rows_differ`, `pg_unreachable`, `interrupted`. The side database is
/// removed.
pub(crate) fn stage(wanted: Wanted<'_>) -> Result<Staged> {
    let begun = Instant::now();
    let mut warnings = Vec::new();
    let properties = match &wanted.proof {
        Some(proof) => Some(proof.properties.clone()),
        None => of_live(&wanted, &mut warnings)?,
    };
    let mut side = Side::create(
        wanted.server,
        wanted.maintenance,
        &wanted.name,
        &wanted.replaced,
        &wanted.stamp,
        properties.as_ref(),
        &mut warnings,
    )?;
    let rules = Rules {
        server: side.version,
        one_transaction: false,
    };
    let psql = psql::Psql::start(wanted.server, &side.name, &[])?;
    let mut dump = wanted.dump;
    let loaded = load::load(&mut dump, psql, rules, |_| Ok(String::new()))?;
    warnings.extend(loaded.warnings);
    // Until the statistics are there, queries are planned blindly.
    Session::open(wanted.server, &side.name)?.execute("ANALYZE")?;
    let proof = wanted.proof.as_ref();
    let mut verified = verify::verify(wanted.server, &side.name, proof, &loaded.tally)?;
    if let Some(properties) = &properties {
        definition::apply(&mut side.session, &side.name, properties, &mut warnings)?;
    }
    warnings.append(&mut verified.warnings);
    verified.warnings = warnings;
    verified.bytes = loaded.bytes;
    verified.ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Staged {
        side,
        properties,
        verified,
    })
}

/// What the live database is, where there is no proof of what it was.
fn of_live(wanted: &Wanted<'_>, warnings: &mut Vec<String>) -> Result<Option<Properties>> {
    match Properties::of(wanted.server, &wanted.name) {
        Ok(properties) => Ok(Some(properties)),
        Err(error) if Failure::of(&error).reason == "pg_no_database" => Ok(None),
        Err(error) => {
            signals::check()?;
            warnings.push(format!(
                "owner, encoding and privileges of `{}` cannot be read, and are the server's defaults: {error:#}",
                wanted.name
            ));
            Ok(None)
        }
    }
}

/// Refuses when `name` exists and could not be replaced by [`Staged::swap`].
///
/// # Errors
/// `pg_in_use`, naming what holds it; `pg_bad_name`.
pub(crate) fn check_replaceable(server: &Server, maintenance: &str, name: &str) -> Result<()> {
    names::check(name)?;
    let (_, mut session) = side::connect(server, maintenance, name, &[])?;
    swap::check_unused(&mut session, name)
}

impl Staged {
    /// Makes it the live database. The one from before is dropped once this
    /// one has answered, or kept as `NAME__before_STAMP`.
    ///
    /// # Errors
    /// `pg_in_use` when the live one is held; `pg_swapped_back` when the new
    /// one did not answer, and the one from before is live again.
    pub(crate) fn swap(self, keep_old: bool) -> Result<Swapped> {
        let Self {
            side,
            properties,
            verified,
        } = self;
        swap::swap(side, properties.as_ref(), verified, keep_old)
    }

    /// Removes it again.
    pub(crate) fn discard(self) -> Result<Verified> {
        self.side.discard()?;
        Ok(self.verified)
    }
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wanted")
            .field("server", self.server)
            .field("name", &self.name)
            .field("stamp", &self.stamp)
            .finish_non_exhaustive()
    }
}
