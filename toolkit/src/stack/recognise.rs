//! Which service of a stack is its PostgreSQL, which its Redis, and which are
//! the application itself.

use super::shell::{self, Scope};
use super::{Service, Stack, image};
use crate::failure::Failure;

/// A kind of server, and what gives it away.
struct Kind {
    name: &'static str,
    /// Its table in sextant.toml.
    table: &'static str,
    /// Words of the names of its images.
    images: &'static [&'static str],
    /// Its programs.
    programs: &'static [&'static str],
    /// Variables of its images, one of which a build from them has; none are
    /// needed where the program alone says enough.
    variables: &'static [&'static str],
    /// Words in the name of a service that is nothing else.
    services: &'static [&'static str],
}

const POSTGRES: Kind = Kind {
    name: "PostgreSQL",
    table: "database",
    images: &[
        "postgres",
        "postgresql",
        "postgis",
        "pgvector",
        "timescaledb",
        "citus",
        "spilo",
        "paradedb",
    ],
    programs: &["postgres", "postmaster"],
    variables: &[
        "PGDATA",
        "PG_MAJOR",
        "POSTGRES_PASSWORD",
        "POSTGRES_PASSWORD_FILE",
    ],
    services: &["postgres", "postgresql", "pg", "db", "database"],
};

const REDIS: Kind = Kind {
    name: "Redis",
    table: "redis",
    images: &["redis", "valkey", "keydb"],
    programs: &[
        "redis-server",
        "valkey-server",
        "keydb-server",
        "redis-stack-server",
    ],
    variables: &[],
    services: &["redis", "valkey", "keydb"],
};

/// Images that are proxies when they are used as they come: they show the
/// maintenance page while the application is stopped.
const PROXIES: [&str; 6] = ["nginx", "traefik", "caddy", "haproxy", "envoy", "httpd"];

impl Stack {
    /// The services that are the application itself: all that have containers
    /// and are still declared, but PostgreSQL, Redis, proxies, and the servers
    /// that configuration has `named`.
    pub fn application(&self, named: &[&str]) -> Vec<&Service> {
        let servers = [&POSTGRES, &REDIS].map(|kind| candidates(&self.services, kind));
        let servers: Vec<_> = servers.iter().flatten().collect();
        let is_own = |service: &&Service| {
            !servers.iter().any(|server| server.name == service.name)
                && !named.contains(&service.name.as_str())
                && !image::is_called(service.image().unwrap_or_default(), &PROXIES)
        };
        let there = self.services.iter();
        there
            .filter(|service| service.container().is_some() && self.declares(&service.name))
            .filter(is_own)
            .collect()
    }

    /// The service that is PostgreSQL: the one `named` in configuration, else
    /// the only one that looks like it.
    ///
    /// # Errors
    /// `no_service` when there is none of that name; `several_services` when
    /// several look like it and none is named.
    pub fn postgres(&self, named: Option<&str>) -> Result<Option<&Service>, Failure> {
        self.find(&POSTGRES, named)
    }

    /// The service that is Redis, Valkey or `KeyDB`; see [`Stack::postgres`].
    pub fn redis(&self, named: Option<&str>) -> Result<Option<&Service>, Failure> {
        self.find(&REDIS, named)
    }

    fn find(&self, kind: &Kind, named: Option<&str>) -> Result<Option<&Service>, Failure> {
        if let Some(name) = named {
            let found = self.services.iter().find(|service| service.name == name);
            return found.map(Some).ok_or_else(|| self.no_service(kind, name));
        }
        match candidates(&self.services, kind)[..] {
            [] => Ok(None),
            [service] => Ok(Some(service)),
            ref several => Err(several_services(kind, several)),
        }
    }

    fn no_service(&self, kind: &Kind, name: &str) -> Failure {
        let names: Vec<_> = self
            .services
            .iter()
            .map(|service| format!("`{}`", service.name))
            .collect();
        let all = if names.is_empty() {
            "no services".to_owned()
        } else {
            names.join(", ")
        };
        Failure::not_started(
            "no_service",
            format!("there is no service `{name}`: the stack has {all}"),
        )
        .hint(format!(
            "correct `service` under `[{}]` in sextant.toml",
            kind.table
        ))
    }
}

fn several_services(kind: &Kind, services: &[&Service]) -> Failure {
    let names: Vec<_> = services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    let message = format!(
        "several services look like {}: `{}`",
        kind.name,
        names.join("`, `")
    );
    let (table, first) = (kind.table, names[0]);
    Failure::not_started("several_services", message).hint(format!(
        "name one in sextant.toml: `service = \"{first}\"` under `[{table}]`"
    ))
}

/// The services that look like a kind: by their image's name, else, as builds
/// of the project's own have any name, by what they run.
fn candidates<'a>(services: &'a [Service], kind: &Kind) -> Vec<&'a Service> {
    let by_name = |service: &&Service| {
        service
            .image()
            .is_some_and(|image| image::is_one_of(image, kind.images))
    };
    let mut found: Vec<_> = services.iter().filter(by_name).collect();
    if found.is_empty() {
        found = services
            .iter()
            .filter(|service| is_built_as(service, kind))
            .collect();
    }
    // A job that dumps or migrates often has the server's image, too.
    if found.len() > 1 && found.iter().any(|service| runs(service, kind)) {
        found.retain(|service| runs(service, kind));
    }
    found
}

fn is_built_as(service: &Service, kind: &Kind) -> bool {
    if service.image().is_some_and(image::is_companion) {
        return false;
    }
    let variables = service.environment();
    let marked = kind.variables.is_empty()
        || kind
            .variables
            .iter()
            .any(|name| variables.contains_key(*name));
    // Before it was ever started, the command of a build is not known, and an
    // application may well have the variables of its database.
    let named = || {
        service
            .name
            .split(['-', '_', '.'])
            .any(|word| kind.services.contains(&word))
    };
    marked
        && if service.command().is_empty() {
            named()
        } else {
            runs(service, kind)
        }
}

/// Whether its command runs the server; a command that is the image's own does.
fn runs(service: &Service, kind: &Kind) -> bool {
    let commands = shell::commands(service.command(), &Unknown);
    if commands.iter().flatten().any(|word| word == "--sentinel") {
        return false;
    }
    let is_server = |word: &String| kind.programs.contains(&shell::basename(word));
    service.command().is_empty() || commands.iter().flatten().any(is_server)
}

/// The program to run is never in a variable.
struct Unknown;

impl Scope for Unknown {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::Container;
    use crate::stack::compose::Declared;

    fn service(name: &str, image: &str, env: &[&str], command: &str) -> Service {
        let declared = Declared {
            image: Some(image)
                .filter(|image| !image.is_empty())
                .map(str::to_owned),
            environment: env
                .iter()
                .map(|name| ((*name).to_owned(), "x".to_owned()))
                .collect(),
            command: shell::split(command),
            build: None,
        };
        Service::new(name, Vec::new(), declared)
    }

    fn running(name: &str, image: &str, command: &str) -> Service {
        let container = Container {
            service: name.to_owned(),
            image: image.to_owned(),
            command: shell::split(command),
            running: true,
            ..Container::default()
        };
        Service::new(name, vec![container], Declared::default())
    }

    fn stack(services: Vec<Service>) -> Stack {
        Stack {
            services,
            ..Stack::none("/srv/shop")
        }
    }

    fn postgres(services: Vec<Service>) -> Result<Option<String>, Failure> {
        let stack = stack(services);
        stack
            .postgres(None)
            .map(|found| found.map(|service| service.name.clone()))
    }

    fn redis(services: Vec<Service>) -> Result<Option<String>, Failure> {
        let stack = stack(services);
        stack
            .redis(None)
            .map(|found| found.map(|service| service.name.clone()))
    }

    #[test]
    fn knows_servers_by_their_images() {
        for image in [
            "postgres:18-alpine",
            "postgis/postgis:16-3.4",
            "pgvector/pgvector:pg16",
            "timescale/timescaledb-ha:pg16",
            "supabase/postgres",
            "bitnami/postgresql:16",
        ] {
            assert_eq!(
                postgres(vec![service("a", image, &[], "")])
                    .unwrap()
                    .as_deref(),
                Some("a"),
                "{image}"
            );
        }
        for image in [
            "redis:7.4-alpine",
            "valkey/valkey:8",
            "eqalpha/keydb",
            "redis/redis-stack-server",
            "bitnami/redis",
        ] {
            assert_eq!(
                redis(vec![service("a", image, &[], "")])
                    .unwrap()
                    .as_deref(),
                Some("a"),
                "{image}"
            );
        }
    }

    #[test]
    fn leaves_their_companions_alone() {
        for image in [
            "prometheuscommunity/postgres-exporter",
            "dpage/pgadmin4",
            "edoburu/pgbouncer",
            "prodrigestivill/postgres-backup-local:16",
        ] {
            let env = ["POSTGRES_PASSWORD", "PGDATA", "PG_MAJOR"];
            assert_eq!(
                postgres(vec![service("a", image, &env, "postgres")]).unwrap(),
                None,
                "{image}"
            );
        }
        for image in [
            "oliver006/redis_exporter",
            "rediscommander/redis-commander",
            "redis/redisinsight",
            "bitnami/redis-sentinel",
        ] {
            assert_eq!(
                redis(vec![service("a", image, &[], "")]).unwrap(),
                None,
                "{image}"
            );
        }
        assert_eq!(
            redis(vec![service(
                "a",
                "acme/cache",
                &[],
                "redis-server /etc/sentinel.conf --sentinel"
            )])
            .unwrap(),
            None
        );
    }

    #[test]
    fn knows_builds_by_what_they_run() {
        let api = || {
            service(
                "api",
                "shop_api",
                &["POSTGRES_PASSWORD", "PGDATA"],
                "node server.js",
            )
        };
        let db = service(
            "store",
            "shop_store",
            &["PG_MAJOR"],
            "docker-entrypoint.sh postgres -c fsync=off",
        );
        assert_eq!(postgres(vec![api(), db]).unwrap().as_deref(), Some("store"));
        assert_eq!(postgres(vec![api()]).unwrap(), None);
        let unbuilt = service("shop-db", "", &["POSTGRES_PASSWORD"], "");
        assert_eq!(
            postgres(vec![api(), unbuilt]).unwrap().as_deref(),
            Some("shop-db")
        );
        let cache = service(
            "c",
            "shop_c",
            &[],
            "sh -c 'exec /usr/bin/redis-server --port 7000'",
        );
        assert_eq!(redis(vec![api(), cache]).unwrap().as_deref(), Some("c"));
    }

    #[test]
    fn prefers_a_server_to_a_job_with_its_image() {
        let job = service(
            "dump",
            "postgres:17",
            &["PGDATA"],
            "docker-entrypoint.sh sh -c 'pg_dump -h db'",
        );
        let db = service(
            "db",
            "postgres:17",
            &["PGDATA"],
            "docker-entrypoint.sh postgres",
        );
        assert_eq!(postgres(vec![job, db]).unwrap().as_deref(), Some("db"));
    }

    #[test]
    fn asks_when_several_are_possible() {
        let services = || {
            vec![
                service("cache", "redis:7", &[], ""),
                service("queue", "redis:7", &[], ""),
            ]
        };
        let failure = redis(services()).unwrap_err();
        assert_eq!(failure.reason, "several_services");
        assert_eq!(
            failure.message,
            "several services look like Redis: `cache`, `queue`"
        );
        assert_eq!(
            failure.hint.as_deref(),
            Some("name one in sextant.toml: `service = \"cache\"` under `[redis]`")
        );
        let stack = stack(services());
        assert_eq!(stack.redis(Some("queue")).unwrap().unwrap().name, "queue");
        let failure = stack.redis(Some("cash")).unwrap_err();
        assert_eq!(
            failure.message,
            "there is no service `cash`: the stack has `cache`, `queue`"
        );
    }

    #[test]
    fn the_application_is_what_is_neither_a_server_nor_a_proxy() {
        let services = vec![
            running("api", "shop-api", "node server.js"),
            running("web", "registry.example/nginx/web:1", "node server.js"),
            running(
                "front",
                "docker.io/library/traefik:v3.1",
                "--providers.docker",
            ),
            running("nginx", "nginx:1.27-alpine", "nginx -g 'daemon off;'"),
            running("built", "shop-nginx", "nginx -g 'daemon off;'"),
            running("edge", "registry.example:5000/caddy@sha256:0a", "caddy run"),
            running("db", "postgres:17", "docker-entrypoint.sh postgres"),
            running("cache", "redis:7", "redis-server"),
            running("queue", "valkey/valkey:8", "valkey-server"),
            running("search", "typesense/typesense:27", ""),
            service("never-started", "acme/job", &[], ""),
        ];
        let stack = stack(services);
        let names = |named: &[&str]| -> Vec<String> {
            let services = stack.application(named).into_iter();
            services.map(|service| service.name.clone()).collect()
        };
        assert_eq!(names(&[]), ["api", "web", "built", "search"]);
        assert_eq!(names(&["search", "built"]), ["api", "web"]);
    }
}
