//! Where a Redis server is, and as whom it is spoken to.

use super::tls::Tls;
use crate::failure::Failure;
use crate::redact;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::{Host, Url};

/// The port that Redis listens on by default.
const PORT: u16 = 6379;

/// A Redis server: its address, the user and password, and TLS.
///
/// ```
/// use toolkit::redis::Server;
/// let server = Server::from_url("rediss://app:p%40ss@cache.example:6380/2")?;
/// assert_eq!(server.to_string(), "rediss://cache.example:6380");
/// # Ok::<(), toolkit::failure::Failure>(())
/// ```
#[derive(Clone)]
pub struct Server {
    address: Address,
    user: Option<String>,
    password: Option<String>,
    tls: Option<Tls>,
}

/// How the socket is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A host's name or address, and a port.
    Tcp(String, u16),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Server {
    /// The server at this address, without a password.
    pub fn tcp(address: SocketAddr) -> Self {
        Self::at(Address::Tcp(address.ip().to_string(), address.port()))
    }

    /// The server behind this Unix socket, without a password.
    pub fn unix(socket: impl Into<PathBuf>) -> Self {
        Self::at(Address::Unix(socket.into()))
    }

    fn at(address: Address) -> Self {
        Self {
            address,
            user: None,
            password: None,
            tls: None,
        }
    }

    /// The server that a URL names: `redis://`, `rediss://` (TLS),
    /// `unix://` or `redis+unix://`, with user and password percent-encoded.
    /// The database number and options are ignored: what is done to a server
    /// concerns all its databases.
    ///
    /// # Errors
    /// `redis_url`; its message does not repeat the URL, which may hold the
    /// password where no one expects it.
    pub fn from_url(text: &str) -> Result<Self, Failure> {
        let url = Url::parse(text).map_err(|error| invalid(&error))?;
        let server = match url.scheme() {
            "redis" | "valkey" => Self::at(tcp(&url)?),
            "rediss" | "valkeys" => Self::at(tcp(&url)?).tls(Tls::default()),
            "unix" | "redis+unix" | "valkey+unix" => return Self::from_unix_url(&url),
            other => return Err(invalid(&format!("`{other}` is no scheme of Redis"))),
        };
        let user = Some(url.username()).filter(|user| !user.is_empty());
        let user = user.map(decoded).transpose()?;
        let password = url.password().map(decoded).transpose()?;
        Ok(server.credentials(user, password))
    }

    fn from_unix_url(url: &Url) -> Result<Self, Failure> {
        let option = |names: [&str; 2]| {
            let mut options = url.query_pairs();
            let found = options.find(|(name, _)| names.contains(&&**name));
            found.map(|(_, value)| value.into_owned())
        };
        let path = decoded(url.path())?;
        if path.is_empty() {
            return Err(invalid(&"it has no path"));
        }
        let user = option(["user", "username"]);
        Ok(Self::unix(path).credentials(user, option(["pass", "password"])))
    }

    fn credentials(mut self, user: Option<String>, password: Option<String>) -> Self {
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            self = self.password(password);
        }
        self.user = user;
        self
    }

    /// Speaks as this ACL user instead of the default one.
    #[must_use]
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// Authenticates by this password, which is never shown from here on.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        let password = password.into();
        redact::learn(&password);
        self.password = Some(password);
        self
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// TLS, for servers that are not behind a Unix socket.
    pub(super) fn security(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// The words of `AUTH`; none without a password.
    pub(super) fn auth(&self) -> Option<Vec<&str>> {
        let password = self.password.as_deref()?;
        let user = self.user.as_deref();
        Some(["AUTH"].into_iter().chain(user).chain([password]).collect())
    }
}

fn tcp(url: &Url) -> Result<Address, Failure> {
    let host = match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => decoded(name)?,
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        _ => return Err(invalid(&"it names no host")),
    };
    Ok(Address::Tcp(host, url.port().unwrap_or(PORT)))
}

fn decoded(text: &str) -> Result<String, Failure> {
    let bytes = percent_decode_str(text).decode_utf8();
    let text = bytes.map_err(|_| invalid(&"it is not UTF-8 once percent-decoded"))?;
    Ok(text.into_owned())
}

fn invalid(why: &dyn fmt::Display) -> Failure {
    Failure::not_started("redis_url", format!("the URL of Redis is not valid: {why}"))
        .hint("write `redis://user:password@host:port`, special characters percent-encoded")
}

/// The URL without user and password.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() {
            "rediss"
        } else {
            "redis"
        };
        match &self.address {
            Address::Tcp(host, port) if host.contains(':') => {
                write!(f, "{scheme}://[{host}]:{port}")
            }
            Address::Tcp(host, port) => write!(f, "{scheme}://{host}:{port}"),
            Address::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> (String, Option<Vec<String>>) {
        let server = Server::from_url(url).unwrap();
        let auth = server.auth();
        let auth = auth.map(|words| words.into_iter().map(str::to_owned).collect());
        (server.to_string(), auth)
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn reads_every_kind_of_url() {
        let auth = Some(words(&["AUTH", "app", "p@ss:word/é"]));
        for (url, shown, auth) in [
            ("redis://cache", "redis://cache:6379", None),
            ("redis://cache:1/7", "redis://cache:1", None),
            (
                "redis://app:p%40ss%3Aword%2F%C3%A9@10.0.0.1:6380/0?timeout=1",
                "redis://10.0.0.1:6380",
                auth.clone(),
            ),
            (
                "rediss://:hunter2@[::1]:7",
                "rediss://[::1]:7",
                Some(words(&["AUTH", "hunter2"])),
            ),
            (
                "redis+unix:///run/redis.sock?db=1&user=app&pass=p%40ss:word/é",
                "unix:///run/redis.sock",
                auth.clone(),
            ),
            ("unix:///run/r%20s", "unix:///run/r s", None),
        ] {
            assert_eq!(parsed(url), (shown.to_owned(), auth), "{url}");
        }
    }

    #[test]
    fn an_invalid_url_is_not_repeated() {
        for url in [
            "hunter-seven",
            "redis://:hunter-seven@",
            "redis://:hunter-seven#@host",
            "http://:hunter-seven@host",
            "redis://:hunter-seven%FF@host",
            "unix:",
        ] {
            let failure = Server::from_url(url).unwrap_err();
            assert_eq!(failure.reason, "redis_url", "{url}");
            assert!(!failure.message.contains("hunter"), "{}", failure.message);
        }
    }

    #[test]
    fn never_shows_the_password() {
        let server = Server::from_url("redis://app:hunter-eight@host").unwrap();
        assert_eq!(format!("{server:?}"), "Server(redis://host:6379)");
        assert_eq!(redact::text("is hunter-eight"), "is ***");
    }
}
