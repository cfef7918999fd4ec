//! Containers, as `docker inspect` describes them.
//!
//! What it writes is stable across Docker's versions, but fields are null or
//! absent by state and version, and images choose many of the values. So each
//! field is looked up by itself: a missing or odd one never costs the others.

use super::labels;
use super::secrets;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// One container of a Compose project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Its full id.
    pub id: String,
    /// Its name, without the leading slash.
    pub name: String,
    /// The service that it is a replica of.
    pub service: String,
    /// The Compose project that it belongs to.
    pub project: String,
    /// Its image as the Compose file writes it, or as Compose named its build.
    pub image: String,
    /// The id of the image that it was created from: `sha256:…`.
    pub image_id: String,
    /// Whether commands can be run in it: started, and not paused or restarting.
    pub running: bool,
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    pub state: String,
    /// `starting`, `healthy` or `unhealthy`, when it runs and has a health check.
    pub health: Option<String>,
    /// The variables that its process starts with, the image's included.
    pub env: BTreeMap<String, String>,
    /// Entrypoint and arguments.
    pub command: Vec<String>,
    /// Its addresses on Docker's networks; the loopback one on the host's.
    pub addresses: Vec<IpAddr>,
    /// Its other names on those networks.
    pub aliases: Vec<String>,
    /// Its TCP ports that can be reached through the host.
    pub published: Vec<Published>,
    /// Its labels, the image's included.
    pub labels: BTreeMap<String, String>,
    /// The most memory it may use, in bytes, where there is a limit.
    pub memory_limit: Option<u64>,
    /// Whom its process runs as, when that is not root.
    pub user: Option<String>,
    /// The volume, by its name, or the folder of the host that is mounted at each
    /// path in it.
    pub mounts: BTreeMap<String, String>,
}

/// A TCP port of a container that is reached through the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The port inside the container.
    pub container_port: u16,
    /// Where the host listens; `0.0.0.0` and `::` are all of its addresses.
    pub host: SocketAddr,
}

impl Container {
    /// Reads what `docker inspect` wrote, and [learns](crate::redact::learn)
    /// the secrets in it. What has no id is no container, and left out.
    pub fn parse(bytes: &[u8]) -> Result<Vec<Self>> {
        let all: Vec<Value> =
            serde_json::from_slice(bytes).context("cannot read what `docker inspect` wrote")?;
        Ok(all.iter().filter_map(Self::read).collect())
    }

    fn read(of: &Value) -> Option<Self> {
        let (config, host) = (&of["Config"], &of["HostConfig"]);
        let labels = map(&config["Labels"]);
        let label = |name| labels.get(name).cloned().unwrap_or_default();
        let state = text(&of["State"]["Status"]);
        // A stopped container still shows how it last was.
        let health = some_text(&of["State"]["Health"]["Status"]);
        let container = Self {
            id: some_text(&of["Id"])?,
            name: text(&of["Name"]).trim_start_matches('/').to_owned(),
            service: label(labels::SERVICE),
            project: label(labels::PROJECT),
            image: text(&config["Image"]),
            image_id: text(&of["Image"]),
            running: state == "running",
            health: health.filter(|health| state == "running" && health != "none"),
            env: environment(&config["Env"]),
            command: [texts(&config["Entrypoint"]), texts(&config["Cmd"])].concat(),
            addresses: addresses(of),
            aliases: networks(of)
                .flat_map(|network| texts(&network["Aliases"]))
                .collect(),
            published: published(&of["NetworkSettings"]["Ports"]),
            memory_limit: host["Memory"].as_u64().filter(|bytes| *bytes > 0),
            user: some_text(&config["User"]),
            mounts: mounts(&of["Mounts"]),
            state,
            labels,
        };
        secrets::learn_environment(&container.env);
        secrets::learn_command(&container.command);
        Some(container)
    }

    /// Whether it was started by `compose run`, and serves nothing.
    pub(super) fn is_one_off(&self) -> bool {
        self.labels
            .get(labels::ONE_OFF)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Running ones first, then by replica number and name.
    pub(super) fn rank(&self) -> (bool, u64, &str) {
        let number = self.labels.get(labels::NUMBER);
        let number = number.and_then(|number| number.parse().ok());
        (!self.running, number.unwrap_or(u64::MAX), &self.name)
    }

    /// Where a TCP port of it can be reached from this host: on Docker's
    /// network first, then through the ports that it publishes.
    pub fn reachable(&self, port: u16) -> Vec<SocketAddr> {
        let direct = self
            .addresses
            .iter()
            .map(|address| SocketAddr::new(*address, port));
        let published = self
            .published
            .iter()
            .filter(|published| published.container_port == port);
        direct
            .chain(published.map(|published| connectable(published.host)))
            .collect()
    }
}

/// Nothing can connect to `0.0.0.0` by that name everywhere; to the loopback it can.
fn connectable(mut host: SocketAddr) -> SocketAddr {
    if host.ip().is_unspecified() {
        host.set_ip(match host.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    host
}

fn networks(of: &Value) -> impl Iterator<Item = &Value> {
    let networks = of["NetworkSettings"]["Networks"].as_object();
    networks.into_iter().flat_map(|networks| networks.values())
}

fn addresses(of: &Value) -> Vec<IpAddr> {
    if of["HostConfig"]["NetworkMode"] == "host" {
        return vec![Ipv4Addr::LOCALHOST.into()];
    }
    let of_network =
        |network: &Value| ["IPAddress", "GlobalIPv6Address"].map(|name| text(&network[name]));
    networks(of)
        .flat_map(of_network)
        .filter_map(|address| address.parse().ok())
        .collect()
}

fn published(ports: &Value) -> Vec<Published> {
    let mut published = Vec::new();
    for (port, bindings) in ports.as_object().into_iter().flatten() {
        let container_port = port.strip_suffix("/tcp").and_then(|port| port.parse().ok());
        for binding in bindings.as_array().into_iter().flatten() {
            let address = some_text(&binding["HostIp"]).unwrap_or_else(|| "0.0.0.0".to_owned());
            let host = address
                .parse()
                .ok()
                .zip(text(&binding["HostPort"]).parse().ok());
            if let Some((container_port, (ip, port))) = container_port.zip(host) {
                let host = SocketAddr::new(ip, port);
                published.push(Published {
                    container_port,
                    host,
                });
            }
        }
    }
    published
}

fn mounts(list: &Value) -> BTreeMap<String, String> {
    let mounts = list.as_array().into_iter().flatten();
    let mount = |of: &Value| {
        let source = some_text(&of["Name"]).or_else(|| some_text(&of["Source"]))?;
        Some((some_text(&of["Destination"])?, source))
    };
    mounts.filter_map(mount).collect()
}

/// `NAME=value` strings; of a repeated name the last counts, as in a process.
fn environment(list: &Value) -> BTreeMap<String, String> {
    let pairs = texts(list).into_iter();
    pairs
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (pair, String::new()),
        })
        .collect()
}

fn map(object: &Value) -> BTreeMap<String, String> {
    let entries = object.as_object().into_iter().flatten();
    entries
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(text).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn some_text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
