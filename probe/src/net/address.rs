//! A host and a port.

use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A host, by name or number, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The host; an IPv6 address is without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// A host and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
        }
    }
}

impl Address {
    /// Reads a host with or without a port, which is `port` unless it is given.
    ///
    /// # Errors
    /// What is wrong with `text`, in words.
    pub fn with_default(text: &str, port: u16) -> Result<Self, String> {
        if text.parse::<IpAddr>().is_ok() {
            return Ok(Self::new(text, port));
        }
        text.parse()
            .or_else(|_| format!("{text}:{port}").parse())
            .map_err(|_| format!("`{text}` is no host, nor one with a port"))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no address; write it like `db.example.org:5432` or `[::1]:25`");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let numeric = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        let host = numeric.unwrap_or(host);
        if host.is_empty() || (numeric.is_none() && host.contains([':', '/', ' ', '@'])) {
            return Err(wrong());
        }
        match port.parse() {
            Ok(port @ 1..) => Ok(Self::new(host, port)),
            _ => Err(wrong()),
        }
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_numbers() {
        for text in ["db.example.org:5432", "127.0.0.1:1", "[::1]:25"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        for (text, read) in [
            ("9.9.9.9", "9.9.9.9:53"),
            ("::1", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
            ("ns.example", "ns.example:53"),
            ("ns.example:5353", "ns.example:5353"),
        ] {
            assert_eq!(Address::with_default(text, 53).unwrap().to_string(), read);
        }
        for wrong in ["", "a b", "a:b:c", "a:0"] {
            assert!(Address::with_default(wrong, 53).is_err(), "{wrong}");
        }
        for wrong in [
            "db",
            ":25",
            "::1:25",
            "db:0",
            "db:65536",
            "http://a:80",
            "a b:1",
            "u@h:1",
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
