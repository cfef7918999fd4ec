//! Whether a Redis is as it should be, from what it says of itself.

mod replication;

use super::ask::Seen;
use super::{Redis, Role};
use crate::report::Fault;
use crate::{Limits, Measure, Report, Unit, version as release};
use replication::{lag, replicas, replication};

const LOG: &str = "look into the server's log, and at the free space of its disk";

/// What was seen, and what of it is wrong.
pub(super) fn of(seen: &Seen, wanted: &Redis) -> Report {
    let version = seen.text("redis_version");
    let ms = seen.ping.as_secs_f64() * 1e3;
    let mut report = Report::new(format!("PONG of Redis {version} in {ms:.1} ms"));
    report.faults = [
        state(seen, wanted),
        files(seen, wanted),
        replication(seen, wanted),
        amounts(seen, wanted),
    ]
    .concat();
    let older = release::wrong("redis_version", version, wanted.version);
    report.faults.extend(older);
    measure(seen, wanted, &mut report);
    report
}

fn is_replica(seen: &Seen) -> bool {
    // What Redis itself goes on calling it.
    seen.text("role") == "slave"
}

fn state(seen: &Seen, wanted: &Redis) -> Vec<Fault> {
    let mut faults = Vec::new();
    if seen.is("loading") {
        let fault = Fault::fail("redis_loading", "it reads its data in", "it has read them");
        faults.push(fault.hint("wait until the server has read its data"));
    }
    let (is, other) = if is_replica(seen) {
        ("a replica", Role::Primary)
    } else {
        ("a primary", Role::Replica)
    };
    if wanted.role == Some(other) {
        let expected = if is_replica(seen) {
            "a primary"
        } else {
            "a replica"
        };
        faults.push(Fault::fail("redis_role", is, expected));
    }
    match (&seen.cluster, wanted.cluster) {
        (Some(state), _) if state != "ok" => faults.push(
            Fault::fail(
                "redis_cluster",
                format!("the cluster's state is `{state}`"),
                "`ok`",
            )
            .hint("`redis-cli --cluster check` shows which slots nobody serves"),
        ),
        (None, Some(true)) => faults.push(Fault::fail(
            "redis_cluster",
            "no node of a cluster",
            "one of a cluster",
        )),
        (Some(_), Some(false)) => faults.push(Fault::fail(
            "redis_cluster",
            "a node of a cluster",
            "one of none",
        )),
        _ => {}
    }
    faults
}

fn files(seen: &Seen, wanted: &Redis) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (field, reason, what) in [
        ("rdb_last_bgsave_status", "redis_save", "save an RDB file"),
        (
            "aof_last_write_status",
            "redis_aof",
            "write its append-only file",
        ),
        (
            "aof_last_bgrewrite_status",
            "redis_aof",
            "rewrite its append-only file",
        ),
    ] {
        if seen.text(field) == "err" {
            let observed = format!("it could not {what}");
            faults.push(Fault::fail(reason, observed, "it can").hint(LOG));
        }
    }
    if let Some(age) = unsaved(seen)
        && let Some((level, limit)) = wanted.saved.above(age)
    {
        let observed = format!("changed keys, and was last saved {age:.0} s ago");
        let expected = format!("less than {limit} s");
        let fault = Fault::new(level, "redis_unsaved", observed, expected);
        faults.push(fault.hint("set `save`, or call BGSAVE"));
    }
    let has_aof = seen.is("aof_enabled");
    if wanted.aof.is_some_and(|wanted| wanted != has_aof) {
        let (is, to_be) = if has_aof {
            ("an", "none")
        } else {
            ("no", "one")
        };
        let observed = format!("it keeps {is} append-only file");
        let value = if has_aof { "no" } else { "yes" };
        let fault = Fault::fail("redis_aof", observed, to_be);
        faults.push(fault.hint(format!(
            "`CONFIG SET appendonly {value}`, and the same in its configuration"
        )));
    }
    faults
}

/// For how long changes have not been saved, in seconds. Nothing has changed on
/// a server whose file is as old as its keys.
fn unsaved(seen: &Seen) -> Option<f64> {
    let changes = seen.number("rdb_changes_since_last_save")?;
    let saved = seen.number("rdb_last_save_time")?;
    (changes > 0.0).then_some((seen.now - saved).max(0.0))
}

fn amounts(seen: &Seen, wanted: &Redis) -> Vec<Fault> {
    let mut faults = Vec::new();
    match (memory(seen), wanted.memory) {
        (Some(percent), _) => {
            let observed = format!("{percent:.0} % of `maxmemory` are used");
            let limits = wanted.memory();
            faults.extend(above(limits, percent, "redis_memory", observed, " %"));
        }
        (None, Some(_)) => faults.push(
            Fault::fail(
                "redis_no_maxmemory",
                "it has no `maxmemory`",
                "a limit that its use can be compared with",
            )
            .hint("set `maxmemory`, or leave `memory` out of the check"),
        ),
        (None, None) => {}
    }
    let evicted = seen.number("evicted_keys").unwrap_or_default();
    let observed = format!("{evicted} keys were evicted since its start");
    faults.extend(above(
        wanted.evicted,
        evicted,
        "redis_evicted",
        observed,
        "",
    ));
    if let Some(amount) = wanted.keys.filter(|amount| !amount.holds(seen.keys)) {
        let observed = format!("{} keys", seen.keys);
        faults.push(Fault::fail("redis_keys", observed, amount.to_string()));
    }
    let seconds = seen.ping.as_secs_f64();
    let observed = format!("PONG after {seconds:.3} s");
    faults.extend(above(wanted.seconds, seconds, "redis_slow", observed, " s"));
    faults
}

/// How much of `maxmemory` is used, where there is one.
fn memory(seen: &Seen) -> Option<f64> {
    let most = seen.number("maxmemory").filter(|most| *most > 0.0)?;
    Some(100.0 * seen.number("used_memory")? / most)
}

fn above(
    limits: Limits,
    value: f64,
    reason: &'static str,
    observed: String,
    unit: &str,
) -> Option<Fault> {
    let (level, limit) = limits.above(value)?;
    let expected = format!("less than {limit}{unit}");
    Some(Fault::new(level, reason, observed, expected))
}

fn measure(seen: &Seen, wanted: &Redis, report: &mut Report) {
    let none = Limits::default();
    for (name, value, unit, limits) in [
        (
            "ping",
            Some(seen.ping.as_secs_f64()),
            Unit::Seconds,
            wanted.seconds,
        ),
        ("memory", seen.number("used_memory"), Unit::Bytes, none),
        ("memory_used", memory(seen), Unit::Percent, wanted.memory()),
        ("keys", Some(seen.keys), Unit::Count, none),
        (
            "evicted",
            seen.number("evicted_keys"),
            Unit::Count,
            wanted.evicted,
        ),
        ("unsaved", unsaved(seen), Unit::Seconds, wanted.saved),
        (
            "clients",
            seen.number("connected_clients"),
            Unit::Count,
            none,
        ),
        (
            "replication_lag",
            lag(seen),
            Unit::Seconds,
            wanted.replication_lag,
        ),
    ] {
        if let Some(value) = value {
            report.measure(Measure::new(name, value, unit).limits(limits));
        }
    }
    report.fact("version", seen.text("redis_version"));
    let role = if is_replica(seen) {
        "replica"
    } else {
        "primary"
    };
    report.fact("role", role);
    report.fact("aof", seen.is("aof_enabled"));
    report.fact("replicas", replicas(seen).len());
    if let Some(cluster) = &seen.cluster {
        report.fact("cluster", cluster.as_str());
    }
}

#[cfg(test)]
mod tests;
