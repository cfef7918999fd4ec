//! `env`: whether the variables that the application needs are there and sound.

mod secret;

use super::{Probe, Written};
use crate::report::Fault;
use crate::{Around, Report};
use anyhow::{Context, Result};
use regex::Regex;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use toolkit::failure::Failure;
use toolkit::redact;

/// Variables: those that Compose would see, or those of a file or a service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Env {
    /// The file that holds them, instead of `.env` and the environment.
    file: Option<PathBuf>,
    /// The Compose service whose running container has them.
    service: Option<String>,
    /// Those that must be set, and not empty or a placeholder.
    set: Vec<String>,
    /// Those that must match a regular expression.
    matches: BTreeMap<String, String>,
    /// Those that must be set and hard to guess.
    secrets: Vec<String>,
    /// How many characters a secret has at the least (16).
    length: Option<usize>,
    /// The mode that the file may have at the most, such as `0600`.
    mode: Option<String>,
}

/// How many characters a secret has at the least.
const LENGTH: usize = 16;

impl Written for Env {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if self.file.is_some() && self.service.is_some() {
            return Some(("service", "`file` and `service` exclude each other".into()));
        }
        if self.mode.is_some() && self.file.is_none() {
            return Some(("mode", "`mode` is that of a `file`: name it".into()));
        }
        if let Some(Err(message)) = self.mode.as_deref().map(mode) {
            return Some(("mode", message));
        }
        for (name, pattern) in &self.matches {
            if let Err(error) = Regex::new(pattern) {
                return Some(("matches", format!("`{name}` in `matches`: {error}")));
            }
        }
        let nothing = self.set.is_empty() && self.matches.is_empty() && self.secrets.is_empty();
        let message = "the check expects nothing: give `set`, `matches`, `secrets` or `mode`";
        (nothing && self.mode.is_none()).then(|| ("set", message.into()))
    }
}

/// A file's mode, in octal digits.
fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o7777);
    mode.ok_or_else(|| format!("`{text}` is no mode; write it like `0600`"))
}

impl Probe for Env {
    fn expects(&self) -> String {
        let names = self
            .set
            .iter()
            .chain(self.matches.keys())
            .chain(&self.secrets);
        let names: Vec<_> = names.map(String::as_str).collect();
        match (names.is_empty(), &self.mode) {
            (true, Some(mode)) => format!("mode {mode}"),
            _ => format!("{} set and sound", names.join(", ")),
        }
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let mut report = self.judge(&self.variables(around)?);
        if let (Some(file), Some(wanted)) = (&self.file, &self.mode) {
            let path = around.config.resolve(file);
            let metadata = fs::metadata(&path);
            let metadata =
                metadata.with_context(|| format!("cannot look at `{}`", path.display()))?;
            let (found, wanted) = (metadata.permissions().mode() & 0o7777, mode(wanted));
            let wanted = wanted.map_err(|message| Failure::new("config", message))?;
            if found & !wanted != 0 {
                let observed = format!("`{}` has the mode {found:04o}", path.display());
                let fault = Fault::fail("env_mode", observed, format!("{wanted:04o} or less"));
                report.fault(fault.hint(format!("chmod {wanted:04o} {}", path.display())));
            }
        }
        Ok(report)
    }
}

impl Env {
    fn variables(&self, around: &Around<'_>) -> Result<BTreeMap<String, String>> {
        if let Some(name) = &self.service {
            let name = name.clone();
            return around.find(move |application| {
                let stack = &application.stack;
                let service = stack.services.iter().find(|service| service.name == name);
                let missing =
                    || Failure::new("no_service", format!("there is no service `{name}`"));
                Ok(stack.running(service.ok_or_else(missing)?)?.env.clone())
            });
        }
        let Some(file) = &self.file else {
            return Ok(around.config.vars());
        };
        let path = around.config.resolve(file);
        around.config.variables_of(&path)
    }

    /// No value is ever shown.
    fn judge(&self, vars: &BTreeMap<String, String>) -> Report {
        let names = self
            .set
            .iter()
            .chain(self.matches.keys())
            .chain(&self.secrets);
        let mut report = Report::new(match names.count() {
            1 => "1 variable is set and sound".to_owned(),
            count => format!("{count} variables are set and sound"),
        });
        let wanted = self
            .set
            .iter()
            .chain(&self.secrets)
            .chain(self.matches.keys());
        let mut absent = Vec::new();
        for name in wanted {
            let why = match vars.get(name).map(String::as_str) {
                None => "is not set",
                Some("") => "is empty",
                Some(value) if secret::is_placeholder(value) => "is a placeholder",
                Some(_) => continue,
            };
            if !absent.contains(&name) {
                absent.push(name);
                let fault = Fault::fail("env_unset", format!("`{name}` {why}"), "a value");
                report.fault(fault.hint("set it in `.env`"));
            }
        }
        for (name, pattern) in &self.matches {
            let value = vars.get(name).filter(|_| !absent.contains(&name));
            let is_match =
                |value: &String| Regex::new(pattern).is_ok_and(|regex| regex.is_match(value));
            if value.is_some_and(|value| !is_match(value)) {
                let observed = format!("`{name}` has another value");
                report.fault(Fault::fail(
                    "env_value",
                    observed,
                    format!("one that matches `{pattern}`"),
                ));
            }
        }
        for name in &self.secrets {
            let value = vars.get(name).filter(|_| !absent.contains(&name));
            let Some(value) = value else { continue };
            redact::learn(value);
            if let Err(why) = secret::strength(value, self.length.unwrap_or(LENGTH)) {
                let fault = Fault::fail(
                    "env_weak",
                    format!("`{name}` {why}"),
                    "a secret that is hard to guess",
                );
                report.fault(fault.hint("`openssl rand -hex 32` makes one"));
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(env: &Env, vars: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let vars = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let report = env.judge(&vars.collect());
        report
            .faults
            .into_iter()
            .map(|fault| (fault.reason, fault.observed))
            .collect()
    }

    #[test]
    fn each_variable_is_judged_once() {
        let env = Env {
            set: vec!["HOST".into(), "MAIL".into(), "NAME".into()],
            secrets: vec!["JWT_SECRET".into(), "KEY".into(), "MAIL".into()],
            matches: [("NODE_ENV".into(), "^production$".into())].into(),
            ..Env::default()
        };
        let vars = [
            ("HOST", "<votre-domaine>"),
            ("NAME", "shop"),
            ("JWT_SECRET", "zyzyzyzyzyzyzyzyzyzy"),
            ("KEY", "9f1c7b0d55aa41e2b7c86d3e"),
            ("NODE_ENV", "development"),
        ];
        let told = |reason, text: &str| (reason, text.to_owned());
        assert_eq!(
            judged(&env, &vars),
            [
                told("env_unset", "`HOST` is a placeholder"),
                told("env_unset", "`MAIL` is not set"),
                told("env_value", "`NODE_ENV` has another value"),
                told("env_weak", "`JWT_SECRET` repeats few characters"),
            ]
        );
    }

    #[test]
    fn a_check_of_nothing_is_refused() {
        assert_eq!(Env::default().mistake().map(|(key, _)| key), Some("set"));
    }
}
