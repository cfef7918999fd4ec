//! Whether a Redis and those that copy it keep up.

use super::{above, is_replica};
use crate::kind::redis::Redis;
use crate::kind::redis::ask::Seen;
use crate::report::Fault;

pub(super) fn replication(seen: &Seen, wanted: &Redis) -> Vec<Fault> {
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
pub(super) fn replicas(seen: &Seen) -> Vec<(bool, f64)> {
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
pub(super) fn lag(seen: &Seen) -> Option<f64> {
    if is_replica(seen) {
        let ago = seen.number("master_last_io_seconds_ago");
        return ago.filter(|seconds| *seconds >= 0.0);
    }
    let online = replicas(seen)
        .into_iter()
        .filter(|(is_online, _)| *is_online);
    online.map(|(_, lag)| lag).reduce(f64::max)
}
