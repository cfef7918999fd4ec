//! Versions of servers and of client programs.

use super::place::Server;
use super::session::Session;
use crate::failure::Failure;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The oldest server whose catalogs are asked the right questions.
const OLDEST: u32 = 10;

/// A version such as 17.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// What decides whether programs fit together.
    pub major: u32,
    /// The patch level.
    pub minor: u32,
}

impl Version {
    /// The server's.
    ///
    /// # Errors
    /// `pg_too_old` before PostgreSQL 10.
    pub fn of_server(session: &mut Session) -> Result<Self> {
        let number = session.number("SELECT pg_catalog.current_setting('server_version_num')")?;
        let number = u32::try_from(number).unwrap_or_default();
        let version = Self {
            major: number / 10_000,
            minor: number % 10_000,
        };
        if version.major < OLDEST {
            let server = session.server();
            let message = format!(
                "{server} has version {}, older than {OLDEST}",
                version.major
            );
            return Err(Failure::not_started("pg_too_old", message).into());
        }
        Ok(version)
    }

    /// That of a client program beside `server`, such as `pg_dump`.
    ///
    /// # Errors
    /// `missing_program`, `command_failed`.
    pub fn of_program(server: &Server, name: &str) -> Result<Self> {
        // Programs answer this only as their first argument.
        let output = server.run(&[], name, "").arg("--version").read()?;
        let text = String::from_utf8_lossy(&output);
        Self::parse(&text).ok_or_else(|| {
            let text = text.trim();
            Failure::new("command_failed", format!("`{name}` says it is `{text}`")).into()
        })
    }

    /// `pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`, or a version
    /// under development: `18beta1`, `18devel`.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once("(PostgreSQL) ")?;
        let digits =
            |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
        let major = digits(rest);
        let minor = rest[major.len()..].strip_prefix('.').map(digits);
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.and_then(|minor| minor.parse().ok()).unwrap_or(0),
        })
    }

    /// Whether a `pg_dump` of this version can dump a server of `server`.
    ///
    /// # Errors
    /// `pg_dump_too_old`: it would refuse, after the snapshot was taken.
    pub fn can_dump(self, server: Self) -> Result<(), Failure> {
        if self.major >= server.major {
            return Ok(());
        }
        let major = server.major;
        Err(Failure::not_started(
            "pg_dump_too_old",
            format!("`pg_dump` {self} cannot dump a server of version {server}"),
        )
        .hint(format!(
            "install `postgresql-client-{major}`, or let the server's own container run it"
        )))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_programs_say() {
        for (text, major, minor) in [
            (
                "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n",
                15,
                14,
            ),
            ("psql (PostgreSQL) 17.0\n", 17, 0),
            ("pg_dump (PostgreSQL) 18beta1\n", 18, 0),
        ] {
            assert_eq!(Version::parse(text), Some(Version { major, minor }));
        }
        assert_eq!(Version::parse("pg_dump"), None);
    }

    #[test]
    fn an_older_dump_program_is_refused() {
        let version = |major| Version { major, minor: 1 };
        assert!(version(17).can_dump(version(15)).is_ok());
        let failure = version(15).can_dump(version(17)).unwrap_err();
        assert_eq!(failure.reason, "pg_dump_too_old");
        assert!(failure.hint.unwrap().contains("postgresql-client-17"));
    }
}
