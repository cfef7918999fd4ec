//! Whether a Redis is as it should be, from what it says of itself.

use super::ask::Seen;
use super::{Redis, Role};
use crate::report::Fault;
use crate::{Limits, Measure, Report, Unit};

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

fn replication(seen: &Seen, wanted: &Redis) -> Vec<Fault> {
    let mut faults = Vec::new();
    if is_replica(seen) && seen.text("master_link_status") != "up" {
        let (host, port) = (seen.text("master_host"), seen.text("master_port"));
        let since = seen.text("master_link_down_since_seconds");
        let since = if since.is_empty() || since.starts_with('-') {
            String::new()
        } else {
            format!(" for {since} s")
        };
        let observed = format!("its link to the primary {host}:{port} has been down{since}");
        let fault = Fault::fail("redis_link_down", observed, "it is up");
        faults.push(fault.hint("look into both logs; compare `masterauth` with the password"));
    }
    let replicas = replicas(seen);
    #[allow(clippy::cast_precision_loss)] // There are a handful.
    let online = replicas.iter().filter(|(is_online, _)| *is_online).count() as f64;
    if let Some(amount) = wanted.replicas.filter(|amount| !amount.holds(online)) {
        let observed = format!("{online} replicas are online");
        let fault = Fault::fail("redis_replicas", observed, amount.to_string());
        faults.push(fault.hint("look into the log of the one that is missing"));
    }
    let asked = !wanted.replication_lag.is_none();
    match lag(seen) {
        Some(lag) => {
            let observed = format!("replication heard nothing for {lag} s");
            let limits = wanted.replication_lag;
            faults.extend(above(limits, lag, "redis_lag", observed, " s"));
        }
        None if asked && !is_replica(seen) => {
            let fault = Fault::fail("redis_replicas", "no replica is online", "one that is");
            faults.push(fault.hint("look into the replica's log"));
        }
        None => {}
    }
    faults
}

/// Whether each of a primary's replicas is online, and how many seconds ago it
/// was last heard.
fn replicas(seen: &Seen) -> Vec<(bool, f64)> {
    let lines = seen.info.iter().filter(|(name, _)| {
        let number = name.strip_prefix("slave");
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let replica = |line: &str| {
        let field = |name: &str| {
            let mut fields = line.split(',').filter_map(|field| field.split_once('='));
            fields
                .find(|(field, _)| *field == name)
                .map(|(_, value)| value.to_owned())
        };
        let lag = field("lag").and_then(|lag| lag.parse().ok());
        (
            field("state").as_deref() == Some("online"),
            lag.unwrap_or_default(),
        )
    };
    lines.map(|(_, line)| replica(line)).collect()
}

/// How far replication is behind, in seconds, where there is any.
fn lag(seen: &Seen) -> Option<f64> {
    if is_replica(seen) {
        let ago = seen.number("master_last_io_seconds_ago");
        return ago.filter(|seconds| *seconds >= 0.0);
    }
    let online = replicas(seen)
        .into_iter()
        .filter(|(is_online, _)| *is_online);
    online.map(|(_, lag)| lag).reduce(f64::max)
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
