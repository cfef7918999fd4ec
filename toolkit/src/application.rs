//! The application as configuration and discovery know it: its Compose stack,
//! its PostgreSQL server and its Redis.

use crate::config::{Config, Engine};
use crate::failure::Failure;
use crate::stack::{Lookup, PostgresAt, RedisAt, Service, Stack};
use crate::{postgres, redis};
use anyhow::Result;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one address of a container may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Variables that say that libpq's surroundings mean a server.
const LIBPQ: [&str; 4] = ["PGHOST", "PGHOSTADDR", "PGSERVICE", "PGDATABASE"];

/// One application, found.
#[derive(Debug)]
pub struct Application<'a> {
    /// Its Compose stack; [none](Stack::none) where it has none.
    pub stack: Stack,
    config: &'a Config,
}

/// The application's PostgreSQL server.
#[derive(Debug, Clone)]
pub struct Postgres {
    /// Where it is, and as whom it is spoken to.
    pub server: postgres::Server,
    /// The application's database.
    pub database: String,
}

/// The application's Redis server.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Where it is, and as whom it is spoken to.
    pub server: redis::Server,
    /// Where a server beside it can be started.
    pub place: redis::Place,
}

impl<'a> Application<'a> {
    /// Looks for the application's stack, unless configuration says that it
    /// has none.
    pub fn discover(config: &'a Config) -> Result<Self> {
        let stack = match config.file.engine {
            Some(Engine::None) => Stack::none(&config.root),
            _ => Stack::discover(&Lookup {
                folder: config.root.clone(),
                project: config.file.project.clone(),
                compose_files: config.file.compose.clone(),
                env_files: config.file.env_file.clone(),
                vars: config.vars(),
            })?,
        };
        Ok(Self::with(stack, config))
    }

    /// The application whose stack is known.
    pub fn with(stack: Stack, config: &'a Config) -> Self {
        Self { stack, config }
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        self.config
    }

    /// Its PostgreSQL server: as configured, else the stack's, else that of
    /// `DATABASE_URL`, else that of libpq's variables, else none.
    pub fn postgres(&self) -> Result<Option<Postgres>> {
        let settings = &self.config.file.database;
        if let Some(url) = &settings.url {
            return self.postgres_at(Some(url.expose())).map(Some);
        }
        let service = self.stack.postgres(settings.service.as_deref())?;
        if let Some(service) = service {
            let mut at = PostgresAt::of(self.stack.running(service)?)?;
            if let Some(user) = &settings.user {
                at.user.clone_from(user);
            }
            let password = settings
                .password
                .as_ref()
                .map(|password| password.expose().to_owned());
            let server =
                postgres::Server::in_container(&at.container.id, at.user, password.or(at.password));
            return Ok(Some(Postgres {
                server,
                database: at.database,
            }));
        }
        if let Some(url) = self.config.var("DATABASE_URL") {
            return self.postgres_at(Some(&url)).map(Some);
        }
        if LIBPQ.iter().any(|name| self.config.var(name).is_some()) {
            return self.postgres_at(None).map(Some);
        }
        Ok(None)
    }

    fn postgres_at(&self, url: Option<&str>) -> Result<Postgres> {
        let variable = |name: &str| self.config.var(name);
        let params = postgres::Params::resolve(url, &variable)?.reached()?;
        let database = params.database.clone();
        Ok(Postgres {
            server: postgres::Server::direct(params),
            database,
        })
    }

    /// Its Redis server: as configured, else the stack's, else that of
    /// `REDIS_URL`, else none.
    pub fn redis(&self) -> Result<Option<Redis>> {
        let settings = &self.config.file.redis;
        if let Some(url) = &settings.url {
            return Ok(Some(redis_at(url.expose())?));
        }
        if let Some(service) = self.stack.redis(settings.service.as_deref())? {
            return self.redis_in(service).map(Some);
        }
        match self.config.var("REDIS_URL") {
            Some(url) => Ok(Some(redis_at(&url)?)),
            None => Ok(None),
        }
    }

    fn redis_in(&self, service: &Service) -> Result<Redis> {
        let settings = &self.config.file.redis;
        let at = RedisAt::of(self.stack.running(service)?, &self.stack.services)?;
        let mut server = redis::Server::tcp(answering(&at)?);
        if at.tls {
            server = server.tls(redis::Tls::default());
        }
        if let Some(user) = settings.user.clone().or(at.user) {
            server = server.user(user);
        }
        let password = settings
            .password
            .as_ref()
            .map(|password| password.expose().to_owned());
        if let Some(password) = password.or(at.password) {
            server = server.password(password);
        }
        let place = redis::Place::Container {
            id: at.container.id,
            image: at.container.image_id,
        };
        Ok(Redis { server, place })
    }
}

fn redis_at(url: &str) -> Result<Redis> {
    let server = redis::Server::from_url(url)?;
    Ok(Redis {
        server,
        place: redis::Place::Host,
    })
}

/// The first of a container's addresses that takes a connection.
fn answering(at: &RedisAt) -> Result<SocketAddr, Failure> {
    let takes = |address: &&SocketAddr| TcpStream::connect_timeout(address, PATIENCE).is_ok();
    at.addresses.iter().find(takes).copied().ok_or_else(|| {
        let tried: Vec<_> = at.addresses.iter().map(ToString::to_string).collect();
        let service = &at.container.service;
        Failure::new(
            "redis_unreachable",
            format!(
                "service `{service}` does not answer on {}",
                tried.join(", ")
            ),
        )
        .hint("publish its port on 127.0.0.1, or run this on the machine that it runs on")
    })
}
