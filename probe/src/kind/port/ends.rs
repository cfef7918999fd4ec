//! Whoever takes connections on this machine: its processes, and the containers
//! whose ports Docker publishes by firewall rules alone.

use super::listeners::{self, Listener};
use crate::{Around, aside};
use anyhow::Result;
use std::net::IpAddr;
use toolkit::stack::{Container, Stack};

/// An end that takes connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    pub(super) port: u16,
    pub(super) address: IpAddr,
    /// Whose it is, as far as we may see.
    pub(super) process: Option<String>,
    /// Whether a container of the application publishes it.
    pub(super) is_ours: bool,
}

/// The ends of the ports that are wanted.
pub(super) fn all(
    around: &Around<'_>,
    wanted: impl Fn(u16) -> bool + Clone + Send + 'static,
) -> Result<Vec<End>> {
    let on = wanted.clone();
    let listeners = aside::ask(around.deadline, move || listeners::on(on))?;
    let mut ends: Vec<_> = listeners.into_iter().map(End::of).collect();
    if around.application().is_ok() {
        let published = around.find(|application| Ok(End::published(&application.stack)))?;
        ends.extend(published.into_iter().filter(|end| wanted(end.port)));
    }
    Ok(ends)
}

impl End {
    fn of(listener: Listener) -> Self {
        Self {
            port: listener.port,
            address: listener.address,
            process: listener.process,
            is_ours: false,
        }
    }

    /// Those that the containers of a stack have.
    fn published(stack: &Stack) -> Vec<Self> {
        let containers = stack
            .services
            .iter()
            .flat_map(|service| &service.containers);
        let running = containers.filter(|container| container.running);
        let of = |container: &Container| {
            let name = container.name.clone();
            let published = container.published.clone().into_iter();
            published.map(move |one| Self {
                port: one.host.port(),
                address: one.host.ip(),
                process: Some(name.clone()),
                is_ours: true,
            })
        };
        running.flat_map(of).collect()
    }

    /// Where it is, and whose.
    pub(super) fn shown(&self) -> String {
        match &self.process {
            Some(process) => format!("{} ({process})", self.address),
            None => self.address.to_string(),
        }
    }

    /// Whether other machines may reach it: through all addresses of this one,
    /// too. Private networks (RFC 1918, RFC 4193) are not the public.
    pub(super) fn is_public(&self) -> bool {
        match self.address {
            IpAddr::V4(four) => !(four.is_loopback() || four.is_private() || four.is_link_local()),
            IpAddr::V6(six) => {
                !(six.is_loopback() || six.is_unique_local() || six.is_unicast_link_local())
            }
        }
    }
}
