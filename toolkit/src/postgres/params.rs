//! How to connect from here: libpq's rules for parameters, variables, service
//! and password files.

use super::conninfo::{self, Keywords};
use super::error::UNREACHABLE_HINT;
use super::hosts::{self, Host};
use super::place::Server;
use super::session::Session;
use super::tls::Tls;
use super::{pgpass, service};
use crate::failure::Failure;
use crate::redact;
use anyhow::Result;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Where Debian's libpq looks for `pg_service.conf`.
const SYSTEM_FOLDER: &str = "/etc/postgresql-common";
/// libpq waits for ever; nobody watches a nightly job do that.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// libpq's variables and the keywords they stand for
/// (<https://www.postgresql.org/docs/current/libpq-envars.html>).
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGSERVICEFILE", "servicefile"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
];

/// Everything needed to connect from here.
#[derive(Clone, PartialEq)]
pub struct Params {
    /// The servers in the order they are tried; at least one.
    pub hosts: Vec<Host>,
    /// The role.
    pub user: String,
    /// The password of each host, from the parameters or a password file.
    passwords: Vec<Option<String>>,
    /// The database named, else one named like the user.
    pub database: String,
    /// Encryption.
    pub tls: Tls,
    /// Settings for the server's process (`-c name=value`).
    pub options: Option<String>,
    /// The name shown in `pg_stat_activity`.
    pub application_name: Option<String>,
    /// How long one host may take to let us in.
    pub connect_timeout: Duration,
    /// Why a password file was not used, for when a password is missing.
    pub(super) ignored: Option<String>,
}

impl Params {
    /// From `url` (a URL or `key=value` text) and the environment; without
    /// `url`, from the environment alone.
    ///
    /// # Errors
    /// `pg_url`, `pg_service`, `pg_params`: with what is wrong where.
    pub fn from_environment(url: Option<&str>) -> Result<Self, Failure> {
        Self::resolve(url, &|name| {
            std::env::var(name).ok().filter(|value| !value.is_empty())
        })
    }

    /// The same with `variable` in the environment's place.
    pub fn resolve(
        url: Option<&str>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let mut keywords = url.map(conninfo::parse).transpose()?.unwrap_or_default();
        // The string, then the service, then the variables.
        let service = keywords.get("service").cloned();
        if let Some(name) = service.or_else(|| variable("PGSERVICE")) {
            let files = service_files(&keywords, variable);
            fill(&mut keywords, service::find(&name, &files)?);
        }
        let variables = VARIABLES
            .iter()
            .filter_map(|(name, keyword)| Some(((*keyword).to_owned(), variable(name)?)));
        fill(&mut keywords, variables.collect());
        keywords.retain(|_, value| !value.is_empty());
        Self::from_keywords(&keywords, variable)
    }

    fn from_keywords(
        keywords: &Keywords,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let get = |name: &str| keywords.get(name).cloned();
        let home = variable("HOME").map(PathBuf::from);
        let hosts = hosts::read(keywords)?;
        let user = match get("user") {
            Some(user) => user,
            None => whoami::username()
                .map_err(|_| bad("nobody is named to connect as").hint("set PGUSER"))?,
        };
        let mut params = Self {
            passwords: vec![get("password"); hosts.len()],
            database: get("dbname").unwrap_or_else(|| user.clone()),
            tls: Tls::from_keywords(keywords, home.as_deref(), variable)?,
            options: get("options"),
            application_name: get("application_name"),
            connect_timeout: timeout(keywords)?,
            ignored: None,
            hosts,
            user,
        };
        if get("password").is_none() {
            let file = get("passfile").map(PathBuf::from);
            if let Some(file) = file.or_else(|| Some(home?.join(".pgpass"))) {
                params.look_up_passwords(&file);
            }
        }
        for password in params.passwords.iter().flatten() {
            redact::learn(password);
        }
        Ok(params)
    }

    fn look_up_passwords(&mut self, file: &std::path::Path) {
        for (host, password) in self.hosts.iter().zip(&mut self.passwords) {
            let wanted = pgpass::Wanted {
                host: host.name_in_password_file(),
                port: host.port,
                database: &self.database,
                user: &self.user,
            };
            match pgpass::find(file, wanted) {
                Ok(found) => *password = found,
                Err(why) => self.ignored = Some(why),
            }
        }
    }

    /// The same parameters with the first host alone that lets us in.
    ///
    /// As in libpq, a host that refuses us ends the search; one that cannot be
    /// reached, or is still starting, does not.
    ///
    /// # Errors
    /// `pg_unreachable` with each host's own words, or what one host refused.
    pub fn reached(&self) -> Result<Self> {
        if self.hosts.len() == 1 {
            return Ok(self.clone());
        }
        let mut words = Vec::new();
        for at in 0..self.hosts.len() {
            let alone = Self {
                hosts: vec![self.hosts[at].clone()],
                passwords: vec![self.passwords[at].clone()],
                ..self.clone()
            };
            let server = Server::direct(alone.clone()).bounded();
            match Session::open(&server, &self.database) {
                Ok(_) => return Ok(alone),
                Err(error) => {
                    let failure = Failure::of(&error);
                    if !["pg_unreachable", "pg_starting"].contains(&failure.reason) {
                        return Err(error);
                    }
                    words.push(failure.message);
                }
            }
        }
        Err(Failure::new(
            "pg_unreachable",
            format!("none of the hosts can be reached: {}", words.join("; ")),
        )
        .hint(UNREACHABLE_HINT)
        .into())
    }

    /// The first host.
    pub fn host(&self) -> &Host {
        // Every constructor makes at least one.
        &self.hosts[0]
    }

    /// The first host's password.
    pub(super) fn password(&self) -> Option<&str> {
        self.passwords.first()?.as_deref()
    }

    /// How messages name the first host.
    pub(super) fn place(&self) -> String {
        self.host().place()
    }

    /// libpq's variables that make a local program connect to the first host;
    /// the database is the caller's to add.
    pub(super) fn environment(&self) -> Vec<(&'static str, String)> {
        let host = self.host();
        let mut env = vec![
            ("PGHOST", host.name.clone()),
            ("PGPORT", host.port.to_string()),
            ("PGUSER", self.user.clone()),
            (
                "PGCONNECT_TIMEOUT",
                self.connect_timeout.as_secs().to_string(),
            ),
        ];
        env.extend(self.tls.environment());
        let optional = [
            ("PGHOSTADDR", host.address.clone()),
            ("PGPASSWORD", self.password().map(str::to_owned)),
            ("PGOPTIONS", self.options.clone()),
        ];
        env.extend(
            optional
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?))),
        );
        env
    }
}

/// Without passwords.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Params")
            .field("hosts", &self.hosts)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Adds what is not there yet.
fn fill(keywords: &mut Keywords, more: Keywords) {
    for (name, value) in more {
        keywords.entry(name).or_insert(value);
    }
}

fn service_files(keywords: &Keywords, variable: &dyn Fn(&str) -> Option<String>) -> Vec<PathBuf> {
    let named = keywords.get("servicefile").cloned();
    let own = named
        .or_else(|| variable("PGSERVICEFILE"))
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".pg_service.conf")));
    let system = variable("PGSYSCONFDIR").unwrap_or_else(|| SYSTEM_FOLDER.to_owned());
    let mut files: Vec<_> = own.into_iter().collect();
    files.push(PathBuf::from(system).join("pg_service.conf"));
    files
}

/// `connect_timeout` in seconds; 0 and less mean no limit.
fn timeout(keywords: &Keywords) -> Result<Duration, Failure> {
    let Some(text) = keywords.get("connect_timeout") else {
        return Ok(CONNECT_TIMEOUT);
    };
    let seconds: i64 = text.trim().parse().map_err(|_| {
        bad(format!(
            "`connect_timeout` is `{text}`, not a number of seconds"
        ))
    })?;
    Ok(match u64::try_from(seconds) {
        Ok(seconds @ 1..) => Duration::from_secs(seconds),
        _ => Duration::from_secs(24 * 60 * 60),
    })
}

pub(super) fn bad(message: impl Into<String>) -> Failure {
    Failure::not_started("pg_params", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::SslMode;

    fn resolve(url: Option<&str>, variables: &[(&str, &str)]) -> Result<Params, Failure> {
        Params::resolve(url, &|name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_string_comes_before_a_service_before_variables() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        crate::durable::write(&file, b"[shop]\nhost=service\nuser=service\nport=1\n").unwrap();
        let file = file.to_str().unwrap();
        let params = resolve(
            Some("postgres://url/d"),
            &[
                ("PGSERVICE", "shop"),
                ("PGSERVICEFILE", file),
                ("PGHOST", "variable"),
                ("PGUSER", "variable"),
                ("PGPASSWORD", "variable"),
            ],
        )
        .unwrap();
        assert_eq!(params.host().name, "url");
        assert_eq!(params.host().port, 1);
        assert_eq!(params.user, "service");
        assert_eq!(params.password(), Some("variable"));
        assert_eq!(params.database, "d");
    }

    #[test]
    fn defaults_are_those_of_libpq() {
        let params = resolve(None, &[("PGUSER", "app")]).unwrap();
        assert_eq!(params.host().name, "/var/run/postgresql");
        assert_eq!(params.host().port, 5432);
        assert_eq!(params.database, "app");
        assert_eq!(params.tls.mode, SslMode::Prefer);
    }

    #[test]
    fn a_password_file_answers_for_each_host() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pass");
        let lines = b"a:5432:d:u:for-a\nlocalhost:5432:d:u:for-socket\n";
        crate::durable::write(&file, lines).unwrap();
        let variables = [("PGPASSFILE", file.to_str().unwrap()), ("PGUSER", "u")];
        let params = resolve(Some("postgres://a,b/d"), &variables).unwrap();
        assert_eq!(params.passwords, [Some("for-a".into()), None]);
        let params = resolve(Some("postgres:///d"), &variables).unwrap();
        assert_eq!(params.password(), Some("for-socket"));
    }

    #[test]
    fn a_child_is_told_all_but_never_by_argument() {
        let params = resolve(
            Some("postgres://u:s3cr3t@h:7/d?options=-c%20a%3Db"),
            &[("HOME", "/nowhere")],
        )
        .unwrap();
        let env = params.environment();
        for expected in [
            ("PGHOST", "h"),
            ("PGPORT", "7"),
            ("PGUSER", "u"),
            ("PGPASSWORD", "s3cr3t"),
            ("PGOPTIONS", "-c a=b"),
            ("PGSSLMODE", "prefer"),
        ] {
            assert!(env.iter().any(|(n, v)| (*n, v.as_str()) == expected));
        }
        let command = Server::direct(params.clone()).program("pg_dump", "d");
        assert_eq!(command.argv(), ["pg_dump", "--no-password"]);
        assert!(!format!("{params:?} {command:?}").contains("s3cr3t"));
    }

    #[test]
    fn says_what_is_wrong() {
        for (url, expected) in [
            ("postgres://h:99999/d", "`99999` is no port"),
            ("postgres://h:1,h:2/d?host=x", "2 ports for 1 hosts"),
            ("postgres://h/d?sslmode=never", "`never`"),
            (
                "postgres://h/d?connect_timeout=x",
                "`connect_timeout` is `x`",
            ),
        ] {
            let error = resolve(Some(url), &[]).unwrap_err();
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }
}
