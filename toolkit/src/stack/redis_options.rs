//! What a Redis server was started with.

use super::docker;
use super::inspect::Container;
use super::shell::{self, Scope};

/// The port of Redis when nothing says otherwise.
const PORT: u16 = 6379;
const SERVERS: [&str; 4] = [
    "redis-server",
    "valkey-server",
    "keydb-server",
    "redis-stack-server",
];

/// What a start command has before the server without adding a password to it.
const WRAPPERS: [&str; 9] = [
    "docker-entrypoint.sh",
    "exec",
    "tini",
    "dumb-init",
    "gosu",
    "su-exec",
    "setpriv",
    "redis",
    "--",
];

/// What a server's command line and configuration file say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// An empty one is none, and asked for.
    pub(super) password: Option<String>,
    port: Option<u16>,
    tls_port: Option<u16>,
    /// Nothing else could have set a password.
    pub(super) complete: bool,
}

impl Options {
    pub(super) fn of(container: &Container) -> Self {
        let mut options = Self::default();
        for name in ["REDIS_ARGS", "VALKEY_EXTRA_FLAGS"] {
            let given = container.env.get(name).map(|line| shell::split(line));
            options.take_arguments(&given.unwrap_or_default());
        }
        for command in shell::commands(&container.command, &Inside(container)) {
            let server = command
                .iter()
                .position(|word| SERVERS.contains(&shell::basename(word)));
            // The images' entrypoint puts the server before bare options.
            let (before, arguments) = match server {
                Some(at) => (&command[..at], &command[at + 1..]),
                None => (&command[..], &command[..]),
            };
            let file = arguments
                .first()
                .filter(|word| server.is_some() && !word.starts_with('-'));
            if let Some(content) = file.and_then(|path| Inside(container).file(path)) {
                options.take_file(&content);
            }
            options.take_arguments(arguments);
            let wrapped = before
                .iter()
                .all(|word| WRAPPERS.contains(&shell::basename(word)));
            options.complete |= server.is_some() && file.is_none() && wrapped;
        }
        options
    }

    fn take_arguments(&mut self, words: &[String]) {
        for pair in words.windows(2) {
            if let Some(name) = pair[0].strip_prefix("--") {
                self.take(name, &pair[1]);
            }
        }
    }

    /// Source: redis.conf; one directive a line, in which quotes may be used.
    fn take_file(&mut self, content: &str) {
        for line in content
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            if let [name, value] = &shell::split(line)[..] {
                self.take(name, value);
            }
        }
    }

    fn take(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "requirepass" => self.password = Some(value.to_owned()),
            "port" => self.port = value.parse().ok(),
            "tls-port" => self.tls_port = value.parse().ok(),
            _ => {}
        }
    }

    /// The port to use, and whether it speaks TLS: the plain one if there is
    /// one. Port 0 is none.
    pub(super) fn port(&self, container: &Container) -> (u16, bool) {
        let bitnami = |name: &str| container.env.get(name).and_then(|value| value.parse().ok());
        let plain = self.port.or_else(|| bitnami("REDIS_PORT_NUMBER"));
        let tls_on = container
            .env
            .get("REDIS_TLS_ENABLED")
            .is_some_and(|value| value == "yes");
        // Bitnami's image closes the plain port when TLS is on.
        let tls = self
            .tls_port
            .or_else(|| bitnami("REDIS_TLS_PORT_NUMBER"))
            .filter(|port| *port != 0);
        match (plain, tls) {
            (_, tls) if tls_on => (tls.unwrap_or(PORT), true),
            (Some(0), Some(tls)) => (tls, true),
            (Some(0), None) => (PORT, false),
            (plain, _) => (plain.unwrap_or(PORT), false),
        }
    }
}

/// What a start script sees inside a container.
struct Inside<'a>(&'a Container);

impl Scope for Inside<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.env.get(name).cloned()
    }

    /// Without the file there may still be another way to the password.
    fn file(&self, path: &str) -> Option<String> {
        let Self(container) = self;
        container
            .running
            .then(|| docker::read_file(&container.id, path).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_configuration_file() {
        let mut options = Options::default();
        options
            .take_file("# requirepass foobared\nrequirepass \"pw five\"\nport 7002\nsave 900 1\n");
        assert_eq!(
            (options.password.as_deref(), options.port),
            (Some("pw five"), Some(7002))
        );
    }
}
