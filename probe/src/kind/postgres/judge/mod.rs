//! Whether a database is as it should be, from what was seen of it.

use super::ask::{Answer, Seen};
use super::{Postgres, Role};
use crate::report::Fault;
use crate::{Limits, Measure, Report, Unit, version};

/// What was seen, and what of it is wrong.
pub(super) fn of(seen: &Seen, wanted: &Postgres) -> Report {
    let ms = seen.connected.as_millis();
    let mut report = Report::new(format!(
        "PostgreSQL {} answers, connected in {ms} ms",
        seen.version.split(' ').next().unwrap_or_default()
    ));
    let mut faults = role(seen, wanted);
    faults.extend(version::wrong("pg_version", &seen.version, wanted.version));
    faults.extend(content(seen, wanted));
    if let Some(answer) = &seen.answer {
        report.observed = shown(answer);
        faults.extend(answered(answer, wanted));
        report.fact("rows", answer.rows);
    }
    faults.extend(limits(seen, wanted));
    report.faults = faults;
    measure(seen, wanted, &mut report);
    report
}

fn role(seen: &Seen, wanted: &Postgres) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (is, other) = if seen.is_replica {
        ("a replica", Role::Primary)
    } else {
        ("a primary", Role::Replica)
    };
    if wanted.role == Some(other) {
        let expected = if seen.is_replica {
            "a primary"
        } else {
            "a replica"
        };
        faults.push(Fault::fail("pg_role", is, expected));
    }
    let follows = wanted.role.is_some() || !wanted.replication_lag.is_none();
    if seen.is_replica && !seen.receives {
        let observed = "the replica receives nothing from its primary";
        // One that is fed from an archive never does.
        let fault = if follows { Fault::fail } else { Fault::warn };
        faults.push(
            fault("pg_replication_broken", observed, "it streams")
                .hint("look into the replica's log; compare `primary_conninfo` with the primary"),
        );
    }
    if seen.is_replica || wanted.replication_lag.is_none() {
        return faults;
    }
    if seen.replicas.is_empty() {
        faults.push(
            Fault::fail("pg_no_replica", "no replica is connected", "one that is")
                .hint("look into the replica's log; `pg_stat_replication` lists those connected"),
        );
    }
    for replica in &seen.replicas {
        match replica.state.as_deref() {
            Some("streaming") => {}
            Some(state) => faults.push(Fault::fail(
                "pg_replication_broken",
                format!("replica `{}` is in state `{state}`", replica.name),
                "it streams",
            )),
            None => faults.push(
                Fault::fail(
                    "pg_permission",
                    "this role may not see how far replicas are",
                    "it may",
                )
                .hint("`GRANT pg_monitor TO` it"),
            ),
        }
    }
    faults
}

fn content(seen: &Seen, wanted: &Postgres) -> Vec<Fault> {
    let mut faults = Vec::new();
    let database = &seen.database;
    for (table, is_there) in &seen.tables {
        if !is_there {
            faults.push(
                Fault::fail(
                    "pg_no_table",
                    format!("`{database}` has no table `{table}`"),
                    "it is there",
                )
                .hint("run the migrations, or restore the database"),
            );
        }
    }
    for (table, amount) in &wanted.count {
        if let Some(Some(rows)) = seen.counts.get(table)
            && !amount.holds(*rows)
        {
            let observed = format!("table `{table}` has {rows} rows");
            faults.push(Fault::fail("pg_count", observed, amount.to_string()));
        }
    }
    for extension in &wanted.extensions {
        if !seen.extensions.contains(extension) {
            let observed = format!("`{database}` has no extension `{extension}`");
            faults.push(
                Fault::fail("pg_no_extension", observed, "it is installed")
                    .hint(format!("`CREATE EXTENSION \"{extension}\"`")),
            );
        }
    }
    for (name, expected) in &wanted.settings {
        let value = seen.settings.get(name).cloned().flatten();
        if value.as_ref() != Some(&expected.0) {
            let observed = match value {
                Some(value) => format!("`{name}` is `{value}`"),
                None => format!("there is no setting `{name}`"),
            };
            faults.push(
                Fault::fail("pg_setting", observed, format!("`{}`", expected.0)).hint(format!(
                    "`ALTER SYSTEM SET {name} = '{}'`, then reload or restart",
                    expected.0
                )),
            );
        }
    }
    faults
}

fn answered(answer: &Answer, wanted: &Postgres) -> Vec<Fault> {
    let mut faults = Vec::new();
    if let Some(rows) = wanted.rows
        && !rows.holds(answer.rows)
    {
        faults.push(Fault::fail(
            "pg_rows",
            shown(answer),
            format!("{rows} rows"),
        ));
    }
    let value = answer.value.as_deref();
    let said = match value {
        Some(value) => format!("the answer is `{}`", cut(value)),
        None => "the answer is empty".to_owned(),
    };
    if let Some(expected) = &wanted.value
        && value != Some(&expected.0)
    {
        faults.push(Fault::fail(
            "pg_value",
            said.clone(),
            format!("`{}`", expected.0),
        ));
    }
    if let Some(expected) = wanted.number {
        let number: Option<f64> = value.and_then(|value| value.parse().ok());
        if !number.is_some_and(|number| expected.holds(number)) {
            faults.push(Fault::fail("pg_value", said, expected.to_string()));
        }
    }
    faults
}

fn limits(seen: &Seen, wanted: &Postgres) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut above =
        |limits: Limits, value: f64, reason, observed: String, unit: &str, hint: &str| {
            if let Some((level, limit)) = limits.above(value) {
                let expected = format!("less than {limit}{unit}");
                faults.push(Fault::new(level, reason, observed, expected).hint(hint));
            }
        };
    let used = format!("{} of {} connections are used", seen.used, seen.most);
    above(
        wanted.connections(),
        percent(seen),
        "pg_connections",
        used,
        " %",
        "raise `max_connections`, or close idle connections",
    );
    let size = format!("`{}` has {} bytes", seen.database, seen.size);
    let hint = "look for what grows: `SELECT relname, pg_total_relation_size(oid) FROM pg_class`";
    above(wanted.size, seen.size, "pg_size", size, " bytes", hint);
    if let Some(lag) = lag(seen) {
        let observed = format!("replication is {lag:.1} s behind");
        let hint = "look for long queries on the replica, and at its disk and network";
        above(wanted.replication_lag, lag, "pg_lag", observed, " s", hint);
    }
    if let Some(oldest) = &seen.oldest {
        let (seconds, pid) = (oldest.seconds, &oldest.pid);
        let observed = format!(
            "a transaction of `{}` has been open for {seconds:.0} s, {}",
            oldest.who, oldest.state
        );
        let hint = format!("`SELECT pg_terminate_backend({pid})` ends it");
        let wanted = wanted.oldest_transaction;
        above(wanted, seconds, "pg_old_transaction", observed, " s", &hint);
    }
    faults
}

fn percent(seen: &Seen) -> f64 {
    100.0 * seen.used / seen.most.max(1.0)
}

/// That of a replica, else the longest of a primary's replicas.
fn lag(seen: &Seen) -> Option<f64> {
    if seen.is_replica {
        return Some(seen.lag);
    }
    let lags = seen.replicas.iter().map(|replica| replica.lag);
    lags.reduce(f64::max)
}

fn measure(seen: &Seen, wanted: &Postgres, report: &mut Report) {
    let connect = seen.connected.as_secs_f64();
    report.measure(Measure::new("connect", connect, Unit::Seconds));
    let connections = Measure::new("connections_used", percent(seen), Unit::Percent);
    report.measure(connections.limits(wanted.connections()));
    report.measure(Measure::new("connections", seen.used, Unit::Count).max(seen.most));
    report.measure(Measure::new("size", seen.size, Unit::Bytes).limits(wanted.size));
    if let Some(lag) = lag(seen) {
        let lag = Measure::new("replication_lag", lag, Unit::Seconds);
        report.measure(lag.limits(wanted.replication_lag));
    }
    let oldest = seen.oldest.as_ref().map_or(0.0, |oldest| oldest.seconds);
    let oldest = Measure::new("oldest_transaction", oldest, Unit::Seconds);
    report.measure(oldest.limits(wanted.oldest_transaction));
    for (table, rows) in &seen.counts {
        if let Some(rows) = rows {
            report.measure(Measure::new(format!("rows_{table}"), *rows, Unit::Count));
        }
    }
    report.fact("version", seen.version.as_str());
    report.fact("database", seen.database.as_str());
    report.fact(
        "role",
        if seen.is_replica {
            "replica"
        } else {
            "primary"
        },
    );
    report.fact("replicas", seen.replicas.len());
}

fn shown(answer: &Answer) -> String {
    let more = if answer.is_cut { "at least " } else { "" };
    let value = answer.value.as_deref().unwrap_or("nothing");
    match answer.rows {
        1.0 => format!("the answer is `{}`", cut(value)),
        rows => format!("{more}{rows} rows"),
    }
}

/// A value may be a whole document.
fn cut(value: &str) -> String {
    let mut shown: String = value.chars().take(120).collect();
    if shown.len() < value.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
