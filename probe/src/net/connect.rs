//! A connection within a deadline.

use super::Address;
use crate::{Deadline, aside};
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use toolkit::failure::Failure;

/// Connects to the first of a host's addresses that takes a connection, and
/// says how long that took; the resolver's time is not in it.
///
/// # Errors
/// `dns_unknown` when the name has no address, `tcp_refused`,
/// `tcp_unreachable`, `timeout`.
pub fn connect(address: &Address, deadline: Deadline) -> Result<(TcpStream, Duration)> {
    let mut last = None;
    for place in resolve(address, deadline)? {
        let begun = Instant::now();
        match TcpStream::connect_timeout(&place, deadline.left()?) {
            Ok(stream) => return Ok((stream, begun.elapsed())),
            Err(error) => last = Some((place, error)),
        }
    }
    let Some((place, error)) = last else {
        return Err(unknown(address, "it has no address").into());
    };
    if error.kind() == ErrorKind::TimedOut {
        return Err(deadline.missed()).with_context(|| format!("{place}"));
    }
    let failure = match error.kind() {
        ErrorKind::ConnectionRefused => {
            Failure::new("tcp_refused", format!("nobody listens on {place}"))
        }
        _ => Failure::new(
            "tcp_unreachable",
            format!("{place} cannot be reached: {error}"),
        ),
    };
    Err(failure.into())
}

/// The addresses of a host.
///
/// # Errors
/// `dns_unknown`, `timeout`.
pub fn resolve(address: &Address, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    if let Ok(known) = address.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(known, address.port)]);
    }
    let asked = address.clone();
    let resolved = aside::ask(deadline, move || {
        let found = (asked.host.as_str(), asked.port).to_socket_addrs();
        Ok(found
            .map_err(|error| unknown(&asked, &error.to_string()))?
            .collect())
    });
    resolved.with_context(|| format!("asking for `{}`", address.host))
}

fn unknown(address: &Address, why: &str) -> Failure {
    Failure::new(
        "dns_unknown",
        format!("`{}` is not known: {why}", address.host),
    )
    .hint("look at the name, and at /etc/resolv.conf")
}
