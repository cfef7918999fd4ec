//! Which Compose is installed, and the configuration that it resolves.

use super::secrets;
use super::shell;
use super::yaml;
use crate::command::Command;
use crate::failure::Failure;
use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A generation of Compose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComposeVersion {
    /// `docker compose`, 2.0 and later, whatever its executable is called.
    V2,
    /// `docker-compose` 1.x, in Python.
    V1,
    /// None is installed.
    Absent,
}

/// An installed Compose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tool {
    program: &'static [&'static str],
    pub(super) version: ComposeVersion,
}

const PLUGIN: &[&str] = &["docker", "compose"];
const STANDALONE: &[&str] = &["docker-compose"];

impl Tool {
    /// Finds an installed Compose, of the wanted generation if there is one.
    pub(super) fn detect(wanted: ComposeVersion) -> Result<Option<Self>> {
        let candidates = match wanted {
            ComposeVersion::V1 => [STANDALONE, PLUGIN],
            _ => [PLUGIN, STANDALONE],
        };
        let mut other = None;
        for program in candidates {
            let version = version(program)?;
            let found = Self { program, version };
            if version == wanted {
                return Ok(Some(found));
            }
            if version != ComposeVersion::Absent {
                other = other.or(Some(found));
            }
        }
        Ok(other)
    }

    /// Its name, without arguments.
    pub(super) fn command(&self) -> Command {
        Command::new(self.program[0]).args(&self.program[1..])
    }
}

/// Names deceive: `docker-compose` may be a v2. What it says of itself counts.
fn version(program: &[&str]) -> Result<ComposeVersion> {
    let command = Command::new(program[0])
        .args(&program[1..])
        .args(["version", "--short"]);
    match command.read() {
        Ok(bytes) => Ok(generation(&String::from_utf8_lossy(&bytes))),
        Err(error) => match Failure::of(&error).reason {
            "missing_program" | "command_failed" => Ok(ComposeVersion::Absent),
            _ => Err(error),
        },
    }
}

/// A docker without the plugin may write its help, and succeed.
pub(super) fn generation(version: &str) -> ComposeVersion {
    let major = version.trim().trim_start_matches('v').split('.').next();
    match major.and_then(|major| major.parse::<u32>().ok()) {
        Some(1) => ComposeVersion::V1,
        Some(2..) => ComposeVersion::V2,
        _ => ComposeVersion::Absent,
    }
}

/// The failure of a machine without Compose.
pub(super) fn missing() -> Failure {
    Failure::not_started("missing_program", "neither `docker compose` nor `docker-compose` is installed")
        .hint("install the Compose plugin: the package `docker-compose-plugin`, or `docker-compose-v2` on Ubuntu")
}

fn refused(error: anyhow::Error, command: &Command) -> anyhow::Error {
    let failure = Failure::of(&error);
    if failure.reason != "command_failed" {
        return error;
    }
    let message = format!("Compose refuses its configuration: {}", failure.message);
    Failure::not_started("compose_config", message)
        .hint(format!("{command} shows what is wrong"))
        .into()
}

/// A resolved Compose configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Configuration {
    /// The project's name; 1.29 does not tell it.
    pub(super) project: Option<String>,
    /// SHA-256 in hexadecimal, independent of the order of its keys.
    pub(super) hash: String,
    pub(super) services: BTreeMap<String, Declared>,
}

/// A service as the configuration declares it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Declared {
    pub(super) image: Option<String>,
    pub(super) environment: BTreeMap<String, String>,
    /// Entrypoint and command, where they are not the image's.
    pub(super) command: Vec<String>,
    /// The folder that it is built from, where it is.
    pub(super) build: Option<PathBuf>,
}

impl Configuration {
    /// Asks `compose`, which names project and files, for it.
    ///
    /// # Errors
    /// `compose_config` when Compose refuses it.
    pub(super) fn ask(tool: &Tool, compose: &Command) -> Result<Self> {
        let command = compose.clone().arg("config");
        let command = match tool.version {
            ComposeVersion::V1 => command,
            _ => command.args(["--format", "json"]),
        };
        let bytes = command.read().map_err(|error| refused(error, &command))?;
        let value = match tool.version {
            ComposeVersion::V1 => yaml::parse(&bytes),
            _ => serde_json::from_slice(&bytes).context("it is no JSON"),
        };
        value
            .map(Self::read)
            .with_context(|| format!("cannot read what {command} wrote"))
    }

    fn read(mut value: Value) -> Self {
        value.sort_all_objects();
        let services = value["services"].as_object().into_iter().flatten();
        let services = services.map(|(name, service)| (name.clone(), Declared::read(service)));
        Self {
            project: value["name"].as_str().map(str::to_owned),
            hash: hex(&Sha256::digest(value.to_string())),
            services: services.collect(),
        }
    }
}

impl Declared {
    fn read(service: &Value) -> Self {
        let environment = service["environment"].as_object().into_iter().flatten();
        let environment = environment.map(|(name, value)| (name.clone(), scalar(value)));
        let declared = Self {
            image: service["image"].as_str().map(str::to_owned),
            environment: environment.collect(),
            command: [words(&service["entrypoint"]), words(&service["command"])].concat(),
            build: match &service["build"] {
                Value::String(folder) => Some(folder.into()),
                build => build["context"].as_str().map(PathBuf::from),
            },
        };
        secrets::learn_environment(&declared.environment);
        secrets::learn_command(&declared.command);
        declared
    }
}

fn words(command: &Value) -> Vec<String> {
    match command {
        Value::String(line) => shell::split(&unescape(line)),
        Value::Array(words) => words.iter().map(scalar).collect(),
        _ => Vec::new(),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => unescape(text),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// `config` writes a file that would mean the same again: a dollar is doubled.
fn unescape(text: &str) -> String {
    text.replace("$$", "$")
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
impl Tool {
    pub(super) fn v2() -> Self {
        Self {
            program: PLUGIN,
            version: ComposeVersion::V2,
        }
    }

    pub(super) fn v1() -> Self {
        Self {
            program: STANDALONE,
            version: ComposeVersion::V1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_generation_by_its_version() {
        assert_eq!(generation("1.29.2\n"), ComposeVersion::V1);
        for version in ["2.26.1-4\n", "v2.0.0", "5.5.0"] {
            assert_eq!(generation(version), ComposeVersion::V2);
        }
        assert_eq!(
            generation("Usage:  docker [OPTIONS] COMMAND"),
            ComposeVersion::Absent
        );
    }

    #[test]
    fn reads_either_output() {
        let yaml = b"services:\n  cache:\n    command: sh -c 'exec redis-server --requirepass\n      \"$$PW\"'\n    environment:\n      PW: a$$b\n    image: redis:8\nversion: '3.8'\n";
        let json =
            br#"{"name":"shop","services":{"cache":{"image":"redis:8","environment":{"PW":"a$$b"},
            "entrypoint":null,"command":["sh","-c","exec redis-server --requirepass \"$$PW\""]}}}"#;
        let v1 = Configuration::read(yaml::parse(yaml).unwrap());
        let v2 = Configuration::read(serde_json::from_slice(json).unwrap());
        assert_eq!(v1.services, v2.services);
        let cache = &v2.services["cache"];
        assert_eq!(
            cache.command,
            ["sh", "-c", "exec redis-server --requirepass \"$PW\""]
        );
        assert_eq!(cache.environment["PW"], "a$b");
        assert_eq!(v2.project.as_deref(), Some("shop"));
    }

    #[test]
    fn the_hash_does_not_depend_on_order() {
        let hash = |text: &str| Configuration::read(serde_json::from_str(text).unwrap()).hash;
        let one = hash(r#"{"services":{"a":{"image":"x"},"b":{}}}"#);
        assert_eq!(one, hash(r#"{"services":{"b":{},"a":{"image":"x"}}}"#));
        assert_ne!(one, hash(r#"{"services":{"b":{},"a":{"image":"y"}}}"#));
        assert_eq!(one.len(), 64);
    }
}
