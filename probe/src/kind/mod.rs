//! The kinds of checks: what each looks at, and the keys that it takes.

mod container;
mod docker_disk;
mod postgres;
mod process;
mod redis;
mod tcp;

pub use container::{Container, Image};
pub use docker_disk::DockerDisk;
pub use postgres::Postgres;
pub use process::Process;
pub use redis::Redis;
pub use tcp::Tcp;

use crate::{Around, Report};
use anyhow::Result;
use serde::de::DeserializeOwned;
use std::fmt;
use toolkit::config::Entry;
use toolkit::failure::Failure;

/// Something that can be looked at.
pub trait Probe: fmt::Debug + Send + Sync {
    /// What is expected, in a few words: `a connection to 127.0.0.1:25`.
    fn expects(&self) -> String;

    /// Looks, and judges what is seen. It has returned by the deadline.
    ///
    /// # Errors
    /// What could not be looked at, with a stable reason.
    fn look(&self, around: &Around<'_>) -> Result<Report>;
}

/// A probe that a `[[check]]` can describe.
pub trait Written: Probe + DeserializeOwned + 'static {
    /// What is wrong with it that no single value shows, and at which key;
    /// above all, that it expects nothing.
    fn mistake(&self) -> Option<(&'static str, String)> {
        None
    }
}

/// The name of every kind, in the order of the manual.
pub const KINDS: [&str; 6] = [
    "container",
    "docker-disk",
    "postgres",
    "process",
    "redis",
    "tcp",
];

/// Reads what is left of a `[[check]]` as a probe of the kind called `name`.
pub(crate) fn read(
    name: &str,
    entry: &mut Entry<'_, '_>,
) -> Result<(&'static str, Box<dyn Probe>), Failure> {
    match name {
        "container" => written::<Container>("container", entry),
        "docker-disk" => written::<DockerDisk>("docker-disk", entry),
        "postgres" => written::<Postgres>("postgres", entry),
        "process" => written::<Process>("process", entry),
        "redis" => written::<Redis>("redis", entry),
        "tcp" => written::<Tcp>("tcp", entry),
        _ => Err(entry.unknown("kind", name, &KINDS)),
    }
}

fn written<P: Written>(
    kind: &'static str,
    entry: &mut Entry<'_, '_>,
) -> Result<(&'static str, Box<dyn Probe>), Failure> {
    let probe: P = entry.rest()?;
    match probe.mistake() {
        None => Ok((kind, Box::new(probe))),
        Some((key, message)) => Err(entry.fault(key, message)),
    }
}
