//! What a database is asked, in one connection.

use super::Postgres;
use crate::Deadline;
use anyhow::Result;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::postgres::{ANSWER, Server, Session, quote};

/// How many rows of a query are asked for at a time, at most.
const BATCH: u64 = 100;

/// How many bytes such rows have, were they all as long as the longest before:
/// an answer has room for some that are longer.
const LENGTH: u64 = ANSWER / 4;

/// How many rows are counted although they are too many.
const FEW: f64 = 99.0;

/// What a replica that keeps up needs at most for what it has received.
const MOMENT: Duration = Duration::from_millis(300);

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    pub(super) version: String,
    pub(super) database: String,
    /// How long the connection took.
    pub(super) connected: Duration,
    /// In bytes.
    pub(super) size: f64,
    /// Connections, to all databases.
    pub(super) used: f64,
    pub(super) most: f64,
    pub(super) is_replica: bool,
    /// For how many seconds a replica has replayed nothing of what it has
    /// received.
    pub(super) lag: f64,
    /// Whether a replica receives from its primary.
    pub(super) receives: bool,
    pub(super) replicas: Vec<Replica>,
    pub(super) oldest: Option<Transaction>,
    /// The tables that are to be there, and whether they are.
    pub(super) tables: BTreeMap<String, bool>,
    /// The rows of tables; none where there is no such table.
    pub(super) counts: BTreeMap<String, Option<f64>>,
    pub(super) extensions: Vec<String>,
    /// Settings; none where there is no such setting.
    pub(super) settings: BTreeMap<String, Option<String>>,
    pub(super) answer: Option<Answer>,
}

/// A replica of the server.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Replica {
    pub(super) name: String,
    /// `streaming`, `catchup`…; none where this role may not know.
    pub(super) state: Option<String>,
    /// In seconds.
    pub(super) lag: f64,
}

/// The transaction that has been open longest.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Transaction {
    pub(super) seconds: f64,
    pub(super) pid: String,
    pub(super) who: String,
    pub(super) state: String,
}

/// What a query returned.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Answer {
    pub(super) rows: f64,
    /// Whether there may be more than these.
    pub(super) is_cut: bool,
    /// The first value of the first row.
    pub(super) value: Option<String>,
}

/// Undoes what [`Session::open`] sets for dumps: a check sees what the
/// application would see.
const AS_APPLICATION: &str = "\
SELECT pg_catalog.set_config(name, reset_val, false) FROM pg_catalog.pg_settings \
WHERE source = 'session' AND name NOT IN ('client_encoding', 'application_name')";

/// Of the whole server. `numbackends` is for everyone's eyes, the list of
/// sessions is not.
const SERVER: &str = "\
SELECT current_setting('server_version'), current_database(), \
  pg_database_size(current_database()), \
  (SELECT sum(numbackends) FROM pg_catalog.pg_stat_database), \
  current_setting('max_connections'), pg_is_in_recovery(), \
  CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() \
    THEN 0 ELSE extract(epoch FROM clock_timestamp() - \
      coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time())) END, \
  (SELECT count(*) FROM pg_catalog.pg_stat_wal_receiver)";

/// A base backup is shown as a replica too. Without traffic there is no lag,
/// but the last one stays in the view for a while.
const REPLICAS: &str = "\
SELECT application_name, state, CASE WHEN pg_is_in_recovery() THEN extract(epoch FROM replay_lag) \
  WHEN replay_lsn >= pg_current_wal_lsn() THEN 0 ELSE extract(epoch FROM replay_lag) END \
FROM pg_catalog.pg_stat_replication WHERE state IS DISTINCT FROM 'backup' ORDER BY 1";

const OLDEST: &str = "\
SELECT extract(epoch FROM clock_timestamp() - xact_start), pid, \
  concat_ws(' ', usename, nullif(application_name, '')), state \
FROM pg_catalog.pg_stat_activity \
WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
ORDER BY xact_start LIMIT 1";

/// Asks for all that the check wants to know. All answers are short, unless
/// the server means harm, or a row of the check's own query is long.
pub(super) fn about(
    wanted: &Postgres,
    server: &Server,
    database: &str,
    deadline: Deadline,
) -> Result<Seen> {
    let begun = Instant::now();
    let mut session = Session::open(&server.clone().bounded(), database)?;
    let connected = begun.elapsed();
    session.rows(AS_APPLICATION)?;
    let settings = settings(&mut session, wanted)?;
    session.execute("SET default_transaction_read_only = on")?;
    limit(&mut session, deadline)?;
    let mut seen = Seen {
        connected,
        settings,
        ..of_server(&mut session)?
    };
    if wanted.replication_lag.above(seen.lag).is_some() && keeps_up(&mut session, deadline)? {
        seen.lag = seen.lag.min(MOMENT.as_secs_f64());
    }
    for table in wanted.tables.iter().chain(wanted.count.keys()) {
        let sql = table_named(&mut session, table)?;
        if wanted.count.contains_key(table) {
            let count = sql.as_ref().map(|sql| {
                limit(&mut session, deadline)?;
                session.value(&format!("SELECT pg_catalog.count(*) FROM {sql}"))
            });
            let count = count.transpose()?;
            seen.counts
                .insert(table.clone(), count.map(|count| number(count.as_ref())));
        }
        seen.tables.insert(table.clone(), sql.is_some());
    }
    if !wanted.extensions.is_empty() {
        let rows = session.rows("SELECT extname FROM pg_catalog.pg_extension")?;
        seen.extensions = rows.into_iter().flatten().flatten().collect();
    }
    if let Some(query) = &wanted.query {
        limit(&mut session, deadline)?;
        seen.answer = Some(answer(&mut session, query, wanted, deadline)?);
    }
    Ok(seen)
}

/// Lets the server itself end what takes longer than the check may.
fn limit(session: &mut Session, deadline: Deadline) -> Result<()> {
    let left = deadline.left()?.as_millis();
    session.execute(&format!("SET statement_timeout = {left}"))
}

/// Whether a replica replays within a moment what it has received. After an
/// idle hour its last transaction is an hour old, and so, for an instant, its
/// lag seems to be.
fn keeps_up(session: &mut Session, deadline: Deadline) -> Result<bool> {
    let received = session.value("SELECT pg_last_wal_receive_lsn()")?;
    thread::sleep(MOMENT.min(deadline.left()?));
    let received = quote::literal(&received.unwrap_or_default());
    let is_replayed = session.value(&format!(
        "SELECT pg_last_wal_replay_lsn() >= nullif({received}, '')::pg_lsn"
    ))?;
    Ok(is_replayed.as_deref() == Some("t"))
}

fn of_server(session: &mut Session) -> Result<Seen> {
    let rows = session.rows(SERVER)?;
    let row = rows.into_iter().next().unwrap_or_default();
    let text = |at: usize| row.get(at).cloned().flatten();
    let seen = Seen {
        version: text(0).unwrap_or_default(),
        database: text(1).unwrap_or_default(),
        size: number(text(2).as_ref()),
        used: number(text(3).as_ref()),
        most: number(text(4).as_ref()),
        is_replica: text(5).as_deref() == Some("t"),
        lag: number(text(6).as_ref()),
        receives: number(text(7).as_ref()) > 0.0,
        ..Seen::default()
    };
    let replica = |row: Vec<Option<String>>| {
        let text = |at: usize| row.get(at).cloned().flatten();
        Replica {
            name: text(0).unwrap_or_default(),
            state: text(1),
            lag: number(text(2).as_ref()).max(0.0),
        }
    };
    let oldest = |row: Vec<Option<String>>| {
        let text = |at: usize| row.get(at).cloned().flatten().unwrap_or_default();
        Transaction {
            seconds: number(Some(&text(0))).max(0.0),
            pid: text(1),
            who: text(2),
            state: text(3),
        }
    };
    Ok(Seen {
        replicas: session.rows(REPLICAS)?.into_iter().map(replica).collect(),
        oldest: session.rows(OLDEST)?.into_iter().next().map(oldest),
        ..seen
    })
}

fn settings(session: &mut Session, wanted: &Postgres) -> Result<BTreeMap<String, Option<String>>> {
    let mut settings = BTreeMap::new();
    for name in wanted.settings.keys() {
        let sql = format!("SELECT current_setting({}, true)", quote::literal(name));
        settings.insert(name.clone(), session.value(&sql)?);
    }
    Ok(settings)
}

/// A table's name as SQL; none where there is no such table or view.
fn table_named(session: &mut Session, name: &str) -> Result<Option<String>> {
    let name = quote::literal(name);
    session.value(&format!(
        "SELECT oid::pg_catalog.regclass FROM pg_catalog.pg_class \
         WHERE oid = pg_catalog.to_regclass({name}) AND relkind IN ('r', 'p', 'v', 'm', 'f')"
    ))
}

/// Reads the answer of a query through a cursor: a million rows are no more
/// than some at a time, and the longer, the fewer.
fn answer(
    session: &mut Session,
    query: &str,
    wanted: &Postgres,
    deadline: Deadline,
) -> Result<Answer> {
    let query = query.trim().trim_end_matches(';');
    session.execute("BEGIN TRANSACTION READ ONLY")?;
    let declared = session.execute(&format!(
        "DECLARE answer NO SCROLL CURSOR FOR (\n{query}\n)"
    ));
    declared.map_err(|error| {
        let failure = Failure::of(&error);
        match failure.hint {
            Some(_) => error,
            None => failure
                .hint("run the query in `psql`; it must be one `SELECT`")
                .into(),
        }
    })?;
    // More than the most that is wanted is wrong; how many there are is told
    // where they are few.
    let most = wanted.rows.map_or(Some(1.0), |rows| rows.max);
    let most = most.map(|most| most.max(FEW));
    limit(session, deadline)?;
    let Some(first) = session.rows("FETCH 1 FROM answer")?.pop() else {
        return Ok(Answer::default());
    };
    let mut longest = length(&first);
    let mut batch = 1;
    let mut answer = Answer {
        rows: 1.0,
        is_cut: false,
        value: first.into_iter().next().flatten(),
    };
    loop {
        limit(session, deadline)?;
        // What came says little of what comes: twice as many is no leap.
        batch = (2 * batch).min(LENGTH / longest).clamp(1, BATCH);
        let rows = session.rows(&format!("FETCH {batch} FROM answer"))?;
        let is_last = (rows.len() as u64) < batch;
        answer.rows += count(rows.len());
        if is_last || most.is_some_and(|most| answer.rows > most) {
            answer.is_cut = !is_last;
            return Ok(answer);
        }
        longest = rows.iter().map(|row| length(row)).fold(longest, u64::max);
    }
}

/// About how many bytes a row has on its way.
fn length(row: &[Option<String>]) -> u64 {
    let values = row
        .iter()
        .map(|value| 4 + value.as_ref().map_or(0, String::len));
    7 + values.sum::<usize>() as u64
}

#[allow(clippy::cast_precision_loss)] // A batch is small.
fn count(rows: usize) -> f64 {
    rows as f64
}

/// What the server writes where it counts something; nothing is zero.
fn number(text: Option<&String>) -> f64 {
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}
