//! How to reach a Redis container.

use super::inspect::Container;
use super::redis_options::Options;
use super::{Service, postgres};
use crate::redact;
use anyhow::Result;
use percent_encoding::percent_decode_str;
use std::net::SocketAddr;
use url::Url;

/// A Redis container, and how to log in there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisAt {
    /// The container.
    pub container: Container,
    /// The ACL user; none is the default one.
    pub user: Option<String>,
    /// Their password.
    pub password: Option<String>,
    /// The port that it listens on inside the container.
    pub port: u16,
    /// Where this host reaches that port, the container's own address first.
    pub addresses: Vec<SocketAddr>,
    /// Whether that port speaks TLS.
    pub tls: bool,
}

impl RedisAt {
    /// Reads the server's command line and the configuration file that it
    /// names; else the variables that images know; else the URL by which
    /// another of the `services` reaches it. Files are read inside the
    /// container while it runs.
    ///
    /// # Errors
    /// `command_failed` when the file of a `REDIS_PASSWORD_FILE` cannot be read.
    pub fn of(container: &Container, services: &[Service]) -> Result<Self> {
        let options = Options::of(container);
        let mut login = (None, options.password.clone());
        if login.1.is_none() && !options.complete {
            login.1 = variable(
                container,
                &["REDIS_PASSWORD", "VALKEY_PASSWORD", "KEYDB_PASSWORD"],
            )?;
        }
        if login.1.is_none() {
            login = login_of_siblings(container, services).unwrap_or_default();
        }
        let (user, password) = login;
        let password = password.filter(|password| !password.is_empty());
        if let Some(password) = &password {
            redact::learn(password);
        }
        let (port, tls) = options.port(container);
        Ok(Self {
            addresses: container.reachable(port),
            container: container.clone(),
            user,
            password,
            port,
            tls,
        })
    }
}

fn variable(container: &Container, names: &[&str]) -> Result<Option<String>> {
    for name in names {
        if let Some(value) = postgres::value(container, name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// User and password in a URL by which another service reaches the container.
fn login_of_siblings(
    container: &Container,
    services: &[Service],
) -> Option<(Option<String>, Option<String>)> {
    let siblings = services
        .iter()
        .filter(|service| service.name != container.service);
    let values = siblings.flat_map(|service| service.environment().values());
    let urls = values.filter_map(|value| Url::parse(value).ok());
    urls.filter(|url| matches!(url.scheme(), "redis" | "rediss" | "valkey" | "valkeys"))
        .filter(|url| {
            url.host_str()
                .is_some_and(|host| answers_to(container, host))
        })
        .find_map(|url| {
            let password = decoded(url.password()?);
            let user = Some(decoded(url.username())).filter(|user| !user.is_empty());
            Some((user, Some(password)))
        })
}

fn answers_to(container: &Container, host: &str) -> bool {
    container.service == host
        || container.name == host
        || container.aliases.iter().any(|alias| alias == host)
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::compose::Declared;

    fn container(command: &[&str], env: &[(&str, &str)]) -> Container {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Container {
            service: "cache".to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            env: env.collect(),
            addresses: vec!["172.21.0.2".parse().unwrap()],
            ..Container::default()
        }
    }

    fn at(command: &[&str], env: &[(&str, &str)]) -> RedisAt {
        RedisAt::of(&container(command, env), &[]).unwrap()
    }

    #[test]
    fn reads_the_command_line() {
        let at = at(
            &[
                "docker-entrypoint.sh",
                "redis-server",
                "--requirepass",
                "pw-one",
                "--port",
                "7000",
            ],
            &[],
        );
        assert_eq!(at.password.as_deref(), Some("pw-one"));
        assert_eq!((at.port, at.tls), (7000, false));
        assert_eq!(at.addresses, ["172.21.0.2:7000".parse().unwrap()]);
        assert_eq!(at.user, None);
    }

    #[test]
    fn reads_a_script_with_variables() {
        let script = "exec redis-server --appendonly yes --requirepass \"${REDIS_PASSWORD:?}\"";
        let at = at(
            &["docker-entrypoint.sh", "sh", "-c", script],
            &[("REDIS_PASSWORD", "pw two")],
        );
        assert_eq!(at.password.as_deref(), Some("pw two"));
    }

    #[test]
    fn a_plain_server_has_no_password_whatever_its_variables() {
        let env = [("REDIS_PASSWORD", "shared-by-env-file")];
        assert_eq!(
            at(&["docker-entrypoint.sh", "redis-server"], &env).password,
            None
        );
        let empty = ["redis-server", "--requirepass", ""];
        assert_eq!(at(&empty, &env).password, None);
        let bitnami = [
            "/opt/bitnami/scripts/redis/entrypoint.sh",
            "/opt/bitnami/scripts/redis/run.sh",
        ];
        assert_eq!(
            at(&bitnami, &env).password.as_deref(),
            Some("shared-by-env-file")
        );
        let own = ["/start.sh", "redis-server"];
        assert_eq!(
            at(&own, &env).password.as_deref(),
            Some("shared-by-env-file")
        );
    }

    #[test]
    fn reads_the_variables_of_images() {
        let env = [("REDIS_ARGS", "--requirepass 'pw three' --port 7001")];
        let stack = at(&["/entrypoint.sh"], &env);
        assert_eq!(
            (stack.password.as_deref(), stack.port),
            (Some("pw three"), 7001)
        );
        let bare = at(&["docker-entrypoint.sh", "--requirepass", "pw-four"], &[]);
        assert_eq!(bare.password.as_deref(), Some("pw-four"));
    }

    #[test]
    fn tells_a_tls_port() {
        let at = |words: &[&str], env: &[(&str, &str)]| {
            let at = at(words, env);
            (at.port, at.tls)
        };
        assert_eq!(
            at(&["redis-server", "--port", "0", "--tls-port", "6380"], &[]),
            (6380, true)
        );
        assert_eq!(
            at(&["redis-server", "--tls-port", "6380"], &[]),
            (6379, false)
        );
        assert_eq!(
            at(&["/run.sh"], &[("REDIS_TLS_ENABLED", "yes")]),
            (6379, true)
        );
        assert_eq!(at(&["redis-server", "--port", "99999"], &[]), (6379, false));
    }

    #[test]
    fn asks_the_siblings_last() {
        let sibling = |url: &str| {
            let environment = [("QUEUE_URL".to_owned(), url.to_owned())].into();
            Service::new(
                "api",
                Vec::new(),
                Declared {
                    environment,
                    ..Declared::default()
                },
            )
        };
        let server = container(&["redis-server", "/etc/redis.conf"], &[]);
        let of = |url: &str| {
            let at = RedisAt::of(&server, &[sibling(url)]).unwrap();
            (at.user, at.password)
        };
        assert_eq!(
            of("redis://:p%40ss%2Fw@cache:6379/0"),
            (None, Some("p@ss/w".into()))
        );
        assert_eq!(
            of("rediss://app:pw-six@cache"),
            (Some("app".into()), Some("pw-six".into()))
        );
        assert_eq!(of("redis://:pw@elsewhere:6379"), (None, None));
        assert_eq!(of("redis://cache:6379/0"), (None, None));
        assert_eq!(of("redis://:@@@["), (None, None));
    }
}
