//! The servers that a connection may go to.

use super::conninfo::Keywords;
use super::params::bad;
use crate::failure::Failure;

/// Where Debian's, and most others', server has its socket.
const SOCKET_FOLDER: &str = "/var/run/postgresql";
const PORT: u16 = 5432;

/// One server of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// Its name or address, or the folder of its socket.
    pub name: String,
    /// Its address, when the name is only for its certificate.
    pub address: Option<String>,
    /// Its TCP port, or the number of its socket.
    pub port: u16,
}

impl Host {
    /// Whether it is a socket's folder; `@` is Linux's abstract namespace.
    pub fn is_socket(&self) -> bool {
        self.name.starts_with(['/', '@'])
    }

    /// Its name in `~/.pgpass`, where the default socket is `localhost`.
    pub(super) fn name_in_password_file(&self) -> &str {
        if self.name == SOCKET_FOLDER {
            "localhost"
        } else {
            &self.name
        }
    }

    /// How messages name it.
    pub(super) fn place(&self) -> String {
        if self.is_socket() {
            format!("`{}/.s.PGSQL.{}`", self.name, self.port)
        } else if self.name.contains(':') {
            format!("`[{}]:{}`", self.name, self.port)
        } else {
            format!("`{}:{}`", self.name, self.port)
        }
    }
}

/// The lists `host`, `hostaddr` and `port`, which run side by side.
pub(super) fn read(keywords: &Keywords) -> Result<Vec<Host>, Failure> {
    let list = |name: &str| -> Vec<String> {
        let text = keywords.get(name);
        text.map(|text| text.split(',').map(|item| item.trim().to_owned()).collect())
            .unwrap_or_default()
    };
    let (names, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = names.len().max(addresses.len()).max(1);
    for (name, items) in [("host", &names), ("hostaddr", &addresses)] {
        if !items.is_empty() && items.len() != count {
            return Err(bad(format!(
                "there are {} values of `{name}` for {count} hosts",
                items.len()
            )));
        }
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(bad(format!(
            "there are {} ports for {count} hosts",
            ports.len()
        )));
    }
    let item = |items: &[String], at: usize| -> Option<String> {
        items.get(at).cloned().filter(|item| !item.is_empty())
    };
    (0..count)
        .map(|at| {
            let address = item(&addresses, at);
            let name = item(&names, at)
                .or_else(|| address.clone())
                .unwrap_or_else(|| SOCKET_FOLDER.to_owned());
            let text = item(&ports, if ports.len() == 1 { 0 } else { at });
            Ok(Host {
                name,
                address,
                port: text.map_or(Ok(PORT), |text| port(&text))?,
            })
        })
        .collect()
}

fn port(text: &str) -> Result<u16, Failure> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(bad(format!("`{text}` is no port")).hint("ports are 1 to 65535")),
    }
}
