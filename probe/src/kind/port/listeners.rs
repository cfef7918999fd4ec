//! Who listens on which ports of this machine, as the kernel lists them.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The state of a listening socket (`TCP_LISTEN`, Linux's `tcp_states.h`).
const LISTEN: &str = "0A";

/// A socket that takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listener {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    inode: u64,
    /// Whose it is, as far as we may see.
    pub(super) process: Option<String>,
}

/// Everybody who listens over TCP on a port that is wanted.
pub(super) fn on(wanted: impl Fn(u16) -> bool) -> Result<Vec<Listener>> {
    let mut all = Vec::new();
    for path in ["/proc/net/tcp", "/proc/net/tcp6"] {
        match fs::read_to_string(path) {
            Ok(text) => all.extend(parse(&text).filter(|listener| wanted(listener.port))),
            // A kernel without IPv6 has no such file.
            Err(error) if error.kind() == ErrorKind::NotFound && path.ends_with('6') => {}
            Err(error) => return Err(error).with_context(|| format!("cannot read `{path}`")),
        }
    }
    let names = owners(&all);
    for listener in &mut all {
        listener.process = names.get(&listener.inode).cloned();
    }
    Ok(all)
}

/// Reads `/proc/net/tcp` and `tcp6` (`proc_net_tcp` in the
/// kernel's documentation): `sl local_address rem_address st tx:rx tr:tm retrnsmt uid
/// timeout inode`.
fn parse(text: &str) -> impl Iterator<Item = Listener> + '_ {
    text.lines().skip(1).filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().take(10).collect();
        let [_, local, _, LISTEN, _, _, _, _, _, inode] = fields[..] else {
            return None;
        };
        let (address, port) = local.split_once(':')?;
        Some(Listener {
            address: parse_address(address)?,
            port: u16::from_str_radix(port, 16).ok()?,
            inode: inode.parse().ok()?,
            process: None,
        })
    })
}

/// An address in 32-bit words, each in the machine's own byte order.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let mut bytes = Vec::with_capacity(16);
    for at in (0..hex.len()).step_by(8) {
        let word = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        bytes.extend(word.to_ne_bytes());
    }
    if let Ok(four) = <[u8; 4]>::try_from(bytes.as_slice()) {
        return Some(Ipv4Addr::from(four).into());
    }
    let sixteen = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
    Some(Ipv6Addr::from(sixteen).to_canonical())
}

/// The names of the processes that have these sockets open. Those of other
/// users are seen by root only.
fn owners(listeners: &[Listener]) -> BTreeMap<u64, String> {
    let mut names = BTreeMap::new();
    if listeners.is_empty() {
        return names;
    }
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let path = process.path();
        for descriptor in fs::read_dir(path.join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let Ok(target) = fs::read_link(descriptor.path()) else {
                continue;
            };
            let inode = target.to_str().and_then(|target| {
                target
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .parse()
                    .ok()
            });
            let wanted = inode.filter(|inode| listeners.iter().any(|one| one.inode == *inode));
            if let (Some(inode), Ok(name)) = (wanted, fs::read_to_string(path.join("comm"))) {
                names.entry(inode).or_insert_with(|| name.trim().to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_endian = "little")]
    fn reads_what_the_kernel_lists() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   101        0 4711 1 0\n\
             1: 0100007F:1538 0100007F:9999 01 00000000:00000000 00:00000000 00000000   101        0 4712 1 0\n\
             2: 00000000000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 8 1\n";
        let found: Vec<_> = parse(text)
            .map(|one| (one.address.to_string(), one.port, one.inode))
            .collect();
        assert_eq!(
            found,
            [("127.0.0.1".into(), 5432, 4711), ("::1".into(), 25, 8)]
        );
    }

    #[test]
    fn finds_this_process() {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        let found = on(|number| number == port).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].process.is_some());
        drop(socket);
        assert_eq!(on(|number| number == port).unwrap(), []);
    }
}
