//! The live database and the new one change places.

use super::mark;
use super::names;
use super::side::{self, Side};
use super::verify::Verified;
use super::{Swapped, definition};
use anyhow::Result;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::postgres::{Properties, Server, Session, quote};
use toolkit::signals;

/// How often the names are tried to be changed; the server itself waits five
/// seconds for the last connection each time.
const ATTEMPTS: usize = 6;
/// How often the new database is asked for an answer.
const ANSWERS: usize = 6;
/// How often connections are ended meanwhile.
const TICK: Duration = Duration::from_millis(20);

/// Refuses when something holds on to the live database that ending
/// connections does not loosen.
///
/// # Errors
/// `pg_in_use`, naming it.
pub(super) fn check_unused(session: &mut Session, live: &str) -> Result<()> {
    let name = quote::literal(live);
    let rows = session.rows(&format!(
        "SELECT 'the prepared transaction', gid FROM pg_catalog.pg_prepared_xacts \
           WHERE database = {name} \
         UNION ALL \
         SELECT 'the replication slot', slot_name::text FROM pg_catalog.pg_replication_slots \
           WHERE database = {name} \
         UNION ALL \
         {}",
        subscriptions(live)
    ))?;
    refuse(live, rows)
}

/// Refuses when the live database has a subscription.
///
/// # Errors
/// `pg_in_use`, naming it.
pub(super) fn check_no_subscription(session: &mut Session, live: &str) -> Result<()> {
    let rows = session.rows(&subscriptions(live))?;
    refuse(live, rows)
}

fn subscriptions(live: &str) -> String {
    format!(
        "SELECT 'the subscription', s.subname::text FROM pg_catalog.pg_subscription AS s \
         JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid WHERE d.datname = {}",
        quote::literal(live)
    )
}

fn refuse(live: &str, rows: Vec<Vec<Option<String>>>) -> Result<()> {
    let holders: Vec<_> = rows
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter().flatten();
            let (what, name) = (
                row.next().unwrap_or_default(),
                row.next().unwrap_or_default(),
            );
            format!("{what} `{name}`")
        })
        .collect();
    if holders.is_empty() {
        return Ok(());
    }
    let message = format!("`{live}` cannot be replaced: it has {}", holders.join(", "));
    Err(Failure::new("pg_in_use", message)
        .hint("end or drop what holds it, and run it again")
        .into())
}

/// Puts the side database in the place of the live one.
pub(super) fn swap(
    mut side: Side,
    properties: Option<&Properties>,
    mut verified: Verified,
    keep_old: bool,
) -> Result<Swapped> {
    let live = side.mark.of.clone();
    check_unused(&mut side.session, &live)?;
    let new = side.name.clone();
    let stamp = new.rsplit_once(names::SIDE).map_or("", |(_, stamp)| stamp);
    let old = if names::exists(&mut side.session, &live)? {
        Some(names::free(&mut side.session, &live, names::BEFORE, stamp)?)
    } else {
        None
    };
    let comment = comment_on(&mut side.session, &live)?;
    let mut statements = Vec::new();
    if let Some(old) = &old {
        statements.push(rename(&live, old));
        if !keep_old {
            statements.push(side.mark.before().statement(old)?);
        }
    }
    statements.push(rename(&new, &live));
    statements.extend(definition::last(&live, properties));
    let ended = [Some(new.as_str()), old.as_ref().map(|_| live.as_str())];
    in_one(&mut side, &statements, ended)?;
    side.is_live = true;

    if let Err(error) = answers(&side.server, &live, verified.tables > 0) {
        signals::check().map_err(|failure| {
            let old = old.as_deref().unwrap_or_default();
            failure.data(serde_json::json!({ "database": live, "old": old }))
        })?;
        return Err(swap_back(
            side,
            &new,
            old.as_deref(),
            comment.as_deref(),
            &error,
        ));
    }
    let kept = match old {
        Some(old) if !keep_old => {
            let removed = remove_old(&mut side, &old);
            removed.err().map(|error| {
                let why = format!("the database from before is kept as `{old}`: {error:#}");
                verified.warnings.push(why);
                old
            })
        }
        old => old,
    };
    Ok(Swapped {
        database: live,
        kept,
        verified,
    })
}

fn comment_on(session: &mut Session, database: &str) -> Result<Option<String>> {
    session.value(&format!(
        "SELECT pg_catalog.shobj_description(oid, 'pg_database') \
         FROM pg_catalog.pg_database WHERE datname = {}",
        quote::literal(database)
    ))
}

fn rename(from: &str, to: &str) -> String {
    let (from, to) = (quote::identifier(from), quote::identifier(to));
    format!("ALTER DATABASE {from} RENAME TO {to}")
}

/// Runs the statements in one transaction: a run that dies leaves all names as
/// they were.
///
/// `RENAME` locks the database, so that whoever connects waits, and then waits
/// itself until nobody is connected any more. Ending connections in the
/// meantime is therefore enough, however fast they come again, and nobody is
/// ever turned away.
fn in_one(side: &mut Side, statements: &[String], ended: [Option<&str>; 2]) -> Result<()> {
    let mut second = Session::open(&side.server, &side.through)?;
    let end: Vec<_> = ended
        .iter()
        .flatten()
        .map(|name| side::end_connections(name))
        .collect();
    let mut attempt = 1;
    loop {
        let session = &mut side.session;
        let (done, is_done) = mpsc::channel::<()>();
        let second = &mut second;
        let end = &end;
        let ran = thread::scope(|scope| {
            scope.spawn(move || {
                loop {
                    // What cannot be ended shows in what `RENAME` says.
                    let _ = end.iter().try_for_each(|sql| second.execute(sql));
                    if is_done.recv_timeout(TICK) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            });
            let ran = transaction(session, statements);
            drop(done);
            ran
        });
        match ran {
            Ok(()) => return Ok(()),
            Err(error) => {
                signals::check()?;
                side.session.execute("ROLLBACK")?;
                let reason = Failure::of(&error).reason;
                if attempt == ATTEMPTS || !["pg_query", "pg_lock_timeout"].contains(&reason) {
                    return Err(in_use(&mut side.session, ended, error));
                }
                attempt += 1;
            }
        }
    }
}

fn transaction(session: &mut Session, statements: &[String]) -> Result<()> {
    session.execute("BEGIN")?;
    // The names must not be on disk before the rows are: those were written
    // without waiting for it, and this commit brings all of them there.
    session.execute("SET LOCAL synchronous_commit = on")?;
    session.execute("SET LOCAL lock_timeout = '10s'")?;
    for statement in statements {
        session.execute(statement)?;
    }
    session.execute("COMMIT")
}

/// Names who holds on to the databases.
fn in_use(
    session: &mut Session,
    databases: [Option<&str>; 2],
    error: anyhow::Error,
) -> anyhow::Error {
    let names: Vec<_> = databases
        .iter()
        .flatten()
        .map(|name| quote::literal(name))
        .collect();
    let rows = session.rows(&format!(
        "SELECT pid, coalesce(usename, backend_type), application_name \
         FROM pg_catalog.pg_stat_activity WHERE datname IN ({}) LIMIT 5",
        names.join(", ")
    ));
    let clients: Vec<_> = rows
        .unwrap_or_default()
        .into_iter()
        .map(|row| {
            let mut row = row.into_iter().map(Option::unwrap_or_default);
            let mut next = || row.next().unwrap_or_default();
            format!("process {} of `{}` (`{}`)", next(), next(), next())
        })
        .collect();
    if clients.is_empty() {
        return error;
    }
    let message = format!("{error:#}; connected are {}", clients.join(", "));
    Failure::new("pg_in_use", message)
        .hint("stop what is connected, or connect as a superuser, who may end it")
        .into()
}

/// Waits until the new database lets people in, and has what was loaded.
fn answers(server: &Server, live: &str, has_tables: bool) -> Result<()> {
    let ask = || -> Result<u64> {
        Session::open(server, live)?.number(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class \
             WHERE oid >= 16384 AND relkind IN ('r', 'p')",
        )
    };
    let mut attempt = 1;
    loop {
        match ask() {
            Ok(0) if has_tables => anyhow::bail!("it has no tables"),
            Ok(_) => return Ok(()),
            // Its clients have come back before us: it answers them.
            Err(error) if Failure::of(&error).reason == "pg_too_many_connections" => return Ok(()),
            Err(error) if attempt == ANSWERS => return Err(error),
            Err(_) => signals::sleep(Duration::from_millis(500))?,
        }
        attempt += 1;
    }
}

fn swap_back(
    mut side: Side,
    new: &str,
    old: Option<&str>,
    comment: Option<&str>,
    error: &anyhow::Error,
) -> anyhow::Error {
    let live = side.mark.of.as_str();
    let mut statements = vec![
        format!(
            "ALTER DATABASE {} IS_TEMPLATE false",
            quote::identifier(live)
        ),
        rename(live, new),
    ];
    statements.extend(side.mark.statement(new).ok());
    if let Some(old) = old {
        statements.push(rename(old, live));
        statements.push(mark::comment(live, comment));
    }
    let live = side.mark.of.clone();
    if let Err(second) = in_one(&mut side, &statements, [Some(&live), old]) {
        let message = format!(
            "the restored `{live}` does not answer: {error:#}; and the one from before could not take its place again: {second:#}"
        );
        let old = old.unwrap_or_default();
        return Failure::new("pg_swap_failed", message)
            .hint(format!("rename `{old}` to `{live}` by hand"))
            .into();
    }
    side.is_live = false;
    let message = format!(
        "the restored `{live}` did not answer, and the one from before is live again: {error:#}"
    );
    Failure::new("pg_swapped_back", message)
        .hint("look into the server's log, and at the settings of the database that was saved")
        .into()
}

fn remove_old(side: &mut Side, old: &str) -> Result<()> {
    // A template cannot be dropped.
    let name = quote::identifier(old);
    side.session
        .execute(&format!("ALTER DATABASE {name} IS_TEMPLATE false"))?;
    side::remove(&mut side.session, side.version, old)
}
