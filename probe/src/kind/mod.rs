//! The kinds of checks: what each looks at, and the keys that it takes.

mod backup;
mod certificate;
mod clock;
mod command;
mod container;
mod deployment;
mod disk;
mod dns;
mod docker_disk;
mod env;
mod git;
mod http;
mod imap;
mod load;
mod mail;
mod memory;
mod port;
mod postgres;
mod process;
mod prometheus;
mod redis;
mod smtp;
mod tcp;
mod tls;

pub use backup::Backup;
pub use certificate::Certificate;
pub use clock::Clock;
pub use command::Command;
pub use container::{Container, Image};
pub use deployment::Deployment;
pub use disk::Disk;
pub use dns::Dns;
pub use docker_disk::DockerDisk;
pub use env::Env;
pub use git::Git;
pub use http::Http;
pub use imap::Imap;
pub use load::Load;
pub use mail::Server as MailServer;
pub use memory::Memory;
pub use port::{Port, Ports};
pub use postgres::Postgres;
pub use process::Process;
pub use prometheus::Prometheus;
pub use redis::Redis;
pub use smtp::Smtp;
pub use tcp::Tcp;
pub use tls::{Tls, Version as TlsVersion};

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
pub const KINDS: [&str; 24] = [
    "container",
    "http",
    "tls",
    "certificate",
    "tcp",
    "smtp",
    "imap",
    "dns",
    "postgres",
    "redis",
    "disk",
    "memory",
    "load",
    "docker-disk",
    "port",
    "ports",
    "process",
    "env",
    "git",
    "backup",
    "deployment",
    "prometheus",
    "command",
    "clock",
];

/// Reads what is left of an entry as a probe of the kind called `name`.
///
/// # Errors
/// `config`, with file, line and key.
pub fn read(
    name: &str,
    entry: &mut Entry<'_, '_>,
) -> Result<(&'static str, Box<dyn Probe>), Failure> {
    match name {
        "container" => written::<Container>("container", entry),
        "http" => written::<Http>("http", entry),
        "tls" => written::<Tls>("tls", entry),
        "certificate" => written::<Certificate>("certificate", entry),
        "tcp" => written::<Tcp>("tcp", entry),
        "smtp" => written::<Smtp>("smtp", entry),
        "imap" => written::<Imap>("imap", entry),
        "dns" => written::<Dns>("dns", entry),
        "postgres" => written::<Postgres>("postgres", entry),
        "redis" => written::<Redis>("redis", entry),
        "disk" => written::<Disk>("disk", entry),
        "memory" => written::<Memory>("memory", entry),
        "load" => written::<Load>("load", entry),
        "docker-disk" => written::<DockerDisk>("docker-disk", entry),
        "port" => written::<Port>("port", entry),
        "ports" => written::<Ports>("ports", entry),
        "process" => written::<Process>("process", entry),
        "env" => written::<Env>("env", entry),
        "git" => written::<Git>("git", entry),
        "backup" => written::<Backup>("backup", entry),
        "deployment" => written::<Deployment>("deployment", entry),
        "prometheus" => written::<Prometheus>("prometheus", entry),
        "command" => written::<Command>("command", entry),
        "clock" => written::<Clock>("clock", entry),
        _ => Err(entry.unknown("kind", name, &KINDS)),
    }
}

fn written<P: Written>(
    kind: &'static str,
    entry: &mut Entry<'_, '_>,
) -> Result<(&'static str, Box<dyn Probe>), Failure> {
    Ok((kind, Box::new(as_written::<P>(entry)?)))
}

/// Reads what is left of an entry as a probe of the kind `P`.
///
/// # Errors
/// `config`, with file, line and key.
pub fn as_written<P: Written>(entry: &mut Entry<'_, '_>) -> Result<P, Failure> {
    let probe: P = entry.rest()?;
    match probe.mistake() {
        None => Ok(probe),
        Some((key, message)) => Err(entry.fault(key, message)),
    }
}
