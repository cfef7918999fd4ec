//! What killed runs left beside the live databases.

use super::mark::{self, Mark, Role};
use super::names;
use super::side;
use anyhow::Result;
use toolkit::postgres::{Server, Session, Version};
use toolkit::signals;

/// Drops the side databases of runs that died, and returns a sentence for each
/// that was met.
///
/// A database that was live is never dropped here: a run that died right after
/// the swap may not have seen the new one answer.
pub(crate) fn sweep(server: &Server, maintenance: &str) -> Result<Vec<String>> {
    // The application's own database may be what is gone.
    let (_, mut session) = side::connect(server, maintenance, "", &[])?;
    let version = Version::of_server(&mut session)?;
    let rows = session.rows(
        "SELECT d.datname, pg_catalog.shobj_description(d.oid, 'pg_database') \
         FROM pg_catalog.pg_database AS d ORDER BY 1",
    )?;
    let mut met = Vec::new();
    for row in rows {
        let mut row = row.into_iter();
        let name = row.next().flatten().unwrap_or_default();
        let mark = row.next().flatten().as_deref().and_then(Mark::parse);
        let sentence = match mark {
            Some(mark) if mark::lives(&mut session, &mark.run)? => None,
            Some(mark) if mark.role == Role::Side && names::is_beside(&name, names::SIDE) => {
                let what = format!(
                    "`{name}`, which a restore of `{}` on `{}` left when it died",
                    mark.of, mark.host
                );
                Some(drop_it(&mut session, version, &name, &what)?)
            }
            Some(mark) if mark.role == Role::Before && names::is_beside(&name, names::BEFORE) => {
                Some(format!(
                    "`{name}` is what `{}` was before a restore on `{}` that died after the swap: drop it once the new one is known to be right",
                    mark.of, mark.host
                ))
            }
            // A run that died before it could leave its mark.
            None if names::is_beside(&name, names::SIDE)
                && !mark::lives(&mut session, &name)?
                && is_empty(server, &name) =>
            {
                let what = format!("`{name}`, which is empty");
                Some(drop_it(&mut session, version, &name, &what)?)
            }
            _ => None,
        };
        met.extend(sentence);
    }
    Ok(met)
}

/// That one cannot be dropped is told, and stands in nobody's way.
fn drop_it(session: &mut Session, version: Version, name: &str, what: &str) -> Result<String> {
    match side::remove(session, version, name) {
        Ok(()) => Ok(format!("dropped {what}")),
        Err(error) => {
            signals::check()?;
            Ok(format!("cannot drop {what}: {error:#}"))
        }
    }
}

/// Whether a database has nothing of its own.
fn is_empty(server: &Server, database: &str) -> bool {
    let count = Session::open(server, database).and_then(|mut session| {
        session.number(
            "SELECT (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE oid >= 16384) \
               + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_namespace WHERE oid >= 16384) \
               + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc WHERE oid >= 16384) \
               + (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata)",
        )
    });
    count.is_ok_and(|count| count == 0)
}
