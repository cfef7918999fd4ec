//! The way to a server in a container past `docker exec`.

use super::params::Params;
use super::place::{Place, Server};
use crate::stack::{Container, docker};
use anyhow::{Context, Result};

impl Server {
    /// The ways to this server from here: itself, or the addresses of its
    /// container and the ports it publishes, where it listens on `port` inside.
    ///
    /// Whether one of them leads anywhere, and to the same server, is to be
    /// tried.
    ///
    /// # Errors
    /// `command_failed` when Docker does not know the container.
    pub fn outside(&self, port: u16) -> Result<Vec<Self>> {
        let Place::Container { id, user, password } = &self.place else {
            return Ok(vec![self.clone()]);
        };
        let described = docker::inspect([id.as_str()]).read()?;
        let container = Container::parse(&described)?.into_iter().next();
        let container = container.context("docker describes no container")?;
        let ways = container.reachable(port).into_iter();
        let way = |address| Self::direct(Params::at(address, user, password.as_deref()));
        Ok(ways.map(way).collect())
    }
}
