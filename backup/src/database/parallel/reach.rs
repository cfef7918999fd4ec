//! Whether tables can be copied apart from `pg_dump`, and by whom.

use super::super::Moment;
use super::Limits;
use anyhow::Result;
use std::collections::BTreeMap;
use toolkit::failure::Failure;
use toolkit::postgres::{Bulk, Copier, Mark, Server, Sorted};
use toolkit::set::Copying;
use toolkit::signals;

/// The most connections that copy: each takes memory here, and a core of the
/// server, which has other work.
const MOST: usize = 4;

/// Tables, and the connections that copy them.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) tables: Vec<Bulk>,
    pub(super) copiers: Vec<Copier>,
    pub(super) others: BTreeMap<String, String>,
}

/// Who copies what; otherwise why `pg_dump` writes all of it.
///
/// # Errors
/// `interrupted`; that the server is gone.
pub(crate) fn plan(
    moment: &mut Moment,
    limits: Limits,
    jobs: usize,
) -> Result<Result<Plan, Copying>> {
    let Sorted { bulk, others } = moment.snapshot.sort(limits.table)?;
    let serial = |why: Option<String>, others| {
        Ok(Err(Copying {
            others,
            serial: why,
            ..Copying::default()
        }))
    };
    if bulk.iter().map(|table| table.bytes).sum::<u64>() < limits.all {
        return serial(None, others);
    }
    let (port, locks) = moment.snapshot.port_and_locks()?;
    // The snapshot and two runs of `pg_dump` lock every table.
    let wanted = 3 * moment.snapshot.tables().len() as u64;
    if wanted > locks {
        let why = format!("{wanted} locks are more than the {locks} that the server has room for");
        return serial(Some(why), others);
    }
    let mark = moment.snapshot.mark()?;
    match connect(moment, port, &mark, &bulk, jobs.clamp(1, MOST)) {
        Ok(copiers) => Ok(Ok(Plan {
            tables: bulk,
            copiers,
            others,
        })),
        Err(error) => {
            signals::check()?;
            serial(Some(Failure::of(&error).message), others)
        }
    }
}

/// As many connections as are let in, at least one, each with every lock that
/// it needs.
fn connect(
    moment: &Moment,
    port: u16,
    mark: &Mark,
    tables: &[Bulk],
    wanted: usize,
) -> Result<Vec<Copier>> {
    let enter = |way: &Server| -> Result<Copier> {
        let mut copier = Copier::open(way, &moment.database)?;
        copier.join(mark)?;
        Ok(copier)
    };
    let (way, first) = first(&moment.server.outside(port)?, enter)?;
    let mut copiers = vec![first];
    while copiers.len() < wanted
        && let Ok(copier) = enter(&way)
    {
        copiers.push(copier);
    }
    for copier in &mut copiers {
        for table in tables {
            copier.execute(&table.lock())?;
        }
    }
    Ok(copiers)
}

/// The first way that leads to the server.
fn first(ways: &[Server], enter: impl Fn(&Server) -> Result<Copier>) -> Result<(Server, Copier)> {
    let mut words = Vec::new();
    for way in ways {
        signals::check()?;
        match enter(way) {
            Ok(copier) => return Ok((way.clone(), copier)),
            Err(error) => words.push(Failure::of(&error).message),
        }
    }
    let words = if words.is_empty() {
        "its container has no address and publishes no port".to_owned()
    } else {
        words.join("; ")
    };
    let message = format!("the server cannot be reached past `docker exec`: {words}");
    Err(Failure::new("pg_unreachable", message).into())
}
