//! Which name servers are asked.

use crate::Deadline;
use crate::net::{self, Address};
use anyhow::{Context, Result};
use std::fs;
use std::net::{IpAddr, SocketAddr};
use toolkit::failure::Failure;

const RESOLVERS: &str = "/etc/resolv.conf";
/// As many as the C library asks (resolv.conf(5)).
const MOST: usize = 3;

/// The addresses of `server`, or those of `/etc/resolv.conf`.
pub(super) fn of(server: Option<&Address>, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    if let Some(server) = server {
        return net::resolve(server, deadline);
    }
    let text =
        fs::read_to_string(RESOLVERS).with_context(|| format!("cannot read `{RESOLVERS}`"))?;
    let servers = read(&text);
    if servers.is_empty() {
        return Err(none().into());
    }
    Ok(servers)
}

/// The failure that nobody can be asked.
pub(super) fn none() -> Failure {
    Failure::new(
        "dns_no_server",
        format!("no name server is in `{RESOLVERS}`"),
    )
    .hint("name one as `server`")
}

fn read(text: &str) -> Vec<SocketAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_ascii_whitespace();
        let is_server = words.next() == Some("nameserver");
        let address = words.next().filter(|_| is_server)?;
        // A link-local address has the name of its link after it.
        let address: IpAddr = address.split('%').next()?.parse().ok()?;
        Some(SocketAddr::new(address, super::PORT))
    });
    servers.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn servers_are_read_as_the_c_library_reads_them() {
        let text = "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 \nnameserver x\noptions rotate\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n";
        let servers: Vec<_> = read(text).iter().map(ToString::to_string).collect();
        assert_eq!(
            servers,
            ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"]
        );
    }
}
