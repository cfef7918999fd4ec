//! What a Redis says of itself.

use anyhow::Result;
use redis::Value;
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::redis::{Info, Link, Server};

/// What was seen.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Seen {
    /// How long PING took.
    pub(super) ping: Duration,
    /// The usual sections of `INFO`.
    pub(super) info: Info,
    /// Keys of all databases.
    pub(super) keys: f64,
    /// The moment at which it was asked, in seconds since 1970, by its own
    /// clock.
    pub(super) now: f64,
    /// `ok` or `fail`; none where it is no node of a cluster.
    pub(super) cluster: Option<String>,
}

impl Seen {
    /// A field's text; empty where this version does not have it.
    pub(super) fn text(&self, name: &str) -> &str {
        self.info.get(name).map_or("", String::as_str)
    }

    /// A field's number, where it has one.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.text(name).parse().ok()
    }

    /// A field that is 0 or 1.
    pub(super) fn is(&self, name: &str) -> bool {
        self.text(name) == "1"
    }
}

/// Asks a server for all that is judged of it.
///
/// # Errors
/// `redis_unreachable`, `redis_auth`, `redis_loading`, …
pub(super) fn about(server: &Server) -> Result<Seen> {
    let mut link = Link::brief(server)?;
    let begun = Instant::now();
    let answer = link.command(&["PING"])?;
    let ping = begun.elapsed();
    if answer != Value::SimpleString("PONG".to_owned())
        && answer != Value::BulkString(b"PONG".into())
    {
        let failure = Failure::new("redis_protocol", format!("`{server}` does not answer PONG"));
        return Err(failure.into());
    }
    let info = link.info("default")?;
    let keys = link.keyspace()?;
    let is_node = info.get("cluster_enabled").map(String::as_str) == Some("1");
    let cluster = if is_node {
        Some(cluster(&mut link)?)
    } else {
        None
    };
    #[allow(clippy::cast_precision_loss)] // Nobody has 2^53 keys.
    let keys = keys.values().map(|keys| keys.keys).sum::<u64>() as f64;
    let time = link.command(&["TIME"])?;
    let time: Vec<f64> = redis::from_redis_value(time).unwrap_or_default();
    Ok(Seen {
        ping,
        info,
        keys,
        now: time.first().copied().unwrap_or(f64::INFINITY),
        cluster,
    })
}

fn cluster(link: &mut Link) -> Result<String> {
    let answer = link.command(&["CLUSTER", "INFO"])?;
    let text: String = redis::from_redis_value(answer).unwrap_or_default();
    let state = text
        .lines()
        .find_map(|line| line.strip_prefix("cluster_state:"));
    Ok(state.unwrap_or("unknown").trim().to_owned())
}
