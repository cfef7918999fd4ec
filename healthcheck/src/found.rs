//! The checks that follow from what is there, without any configuration.

use probe::kind::{Container, Deployment, Disk, Http, Memory, Postgres, Redis, Tcp, Tls};
use probe::net::Address;
use probe::{Check, Probe};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use toolkit::application::Application;
use toolkit::config::{Config, Maintenance};
use toolkit::failure::Failure;
use toolkit::set;
use toolkit::stack::Service;
use toolkit::state::State;

/// The usual ports of what speaks no HTTP: that somebody takes a connection is
/// all that can be said.
const NO_HTTP: [u16; 15] = [
    21, 22, 25, 53, 110, 143, 587, 1883, 3306, 5432, 5672, 6379, 9092, 11211, 27017,
];
/// The usual ports of what speaks TLS at once. The host that its certificate is
/// for is not known here; how long it is valid can be said.
const TLS: [u16; 5] = [443, 465, 993, 995, 8443];
/// Where Docker keeps images and volumes, unless it was told otherwise.
const DOCKER: &str = "/var/lib/docker";
/// What stands for the checks of a stack that cannot be looked at.
pub(crate) const STACK: &str = "stack";

/// `[healthcheck]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Whether what is there is checked without being named.
    #[serde(default = "yes")]
    discover: bool,
}

fn yes() -> bool {
    true
}

/// Whether what is there is to be checked.
///
/// # Errors
/// `config`, with file, line and key.
pub(crate) fn is_wanted(config: &Config) -> anyhow::Result<bool> {
    let settings = config.entries("healthcheck", |mut entry| entry.rest::<Settings>())?;
    Ok(settings.iter().all(|settings| settings.discover))
}

/// Every service and each of its published ports, PostgreSQL, Redis, the disks
/// and the memory. A check of a service has its name for a tag.
pub(crate) fn checks(
    config: &Config,
    application: Result<&Application<'_>, &Failure>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    match application {
        Ok(application) => {
            for service in &application.stack.services {
                checks.extend(of_service(service));
            }
            checks.extend(databases(application));
        }
        // It cannot be looked at; the check says why.
        Err(_) => checks.push(check(STACK, "container", Container::of_service(STACK))),
    }
    for path in disks(config) {
        let name = format!("disk:{}", path.display());
        checks.push(check(&name, "disk", Disk::at(path)));
    }
    checks.push(check("memory", "memory", Memory::default()));
    if is_deployed_by_us(config) {
        checks.push(check("deployment", "deployment", Deployment::default()));
    }
    checks
}

/// Whether `rollback` has anything to do with the application.
fn is_deployed_by_us(config: &Config) -> bool {
    let state = State::open(&config.project());
    config.file.maintenance != Maintenance::default()
        || state.is_ok_and(|state| state.folder().join("releases").is_dir())
}

fn check(name: &str, kind: &'static str, probe: impl Probe + 'static) -> Check {
    Check::new(name, kind, Box::new(probe))
}

fn of_service(service: &Service) -> Vec<Check> {
    let name = &service.name;
    let container = format!("container:{name}");
    let mut checks = vec![check(&container, "container", Container::of_service(name))];
    let published = service.containers.iter().flat_map(|one| &one.published);
    let published: BTreeSet<_> = published
        .map(|port| (port.container_port, reached(port.host)))
        .collect();
    let is_both = |port: u16, host: SocketAddr| {
        let other = SocketAddr::new(IpAddr::from([127, 0, 0, 1]), host.port());
        host.is_ipv6() && published.contains(&(port, other))
    };
    for (port, host) in &published {
        // Published on all addresses, a port is listed for IPv4 and for IPv6.
        if is_both(*port, *host) {
            continue;
        }
        let address = Address::new(host.ip().to_string(), host.port());
        let named = |kind: &str| format!("{kind}:{name}:{}", host.port());
        let mut of_port = if TLS.contains(port) {
            check(&named("tls"), "tls", Tls::of_any_host(address))
        } else if NO_HTTP.contains(port) {
            check(&named("tcp"), "tcp", Tcp::to(address))
        } else {
            let url = format!("http://{address}/");
            check(&named("http"), "http", Http::answers(&url))
        };
        of_port.rules.depends_on = vec![container.clone()];
        checks.push(of_port);
    }
    for check in &mut checks {
        check.rules.tags = vec![name.clone()];
    }
    checks
}

/// Where this machine reaches what listens on `host`: on all addresses is also
/// on this one.
fn reached(host: SocketAddr) -> SocketAddr {
    let ip = match host.ip() {
        IpAddr::V4(four) if four.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(six) if six.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        ip => ip,
    };
    SocketAddr::new(ip, host.port())
}

/// The application's PostgreSQL and Redis, where it has them or they cannot be
/// told.
fn databases(application: &Application<'_>) -> Vec<Check> {
    let config = &application.config().file;
    let mut checks = Vec::new();
    if !matches!(application.postgres(), Ok(None)) {
        let mut postgres = check("postgres", "postgres", Postgres::default());
        let service = application
            .stack
            .postgres(config.database.service.as_deref());
        postgres.rules.depends_on = container_of(service.ok().flatten());
        checks.push(postgres);
    }
    if !matches!(application.redis(), Ok(None)) {
        let mut redis = check("redis", "redis", Redis::default());
        let service = application.stack.redis(config.redis.service.as_deref());
        redis.rules.depends_on = container_of(service.ok().flatten());
        checks.push(redis);
    }
    checks
}

fn container_of(service: Option<&Service>) -> Vec<String> {
    let name = |service: &Service| format!("container:{}", service.name);
    service.map(name).into_iter().collect()
}

/// A path on each file system that the application fills: its own, the root,
/// Docker's and that of the backups.
fn disks(config: &Config) -> Vec<PathBuf> {
    let backups = set::folder(None, config).ok();
    let paths = [Path::new("/"), Path::new(DOCKER), &config.root].map(Path::to_owned);
    let mut devices = BTreeSet::new();
    let paths = paths.into_iter().chain(backups);
    paths
        .filter(|path| {
            path.metadata()
                .is_ok_and(|found| devices.insert(found.dev()))
        })
        .collect()
}
