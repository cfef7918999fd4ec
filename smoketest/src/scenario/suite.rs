//! What the steps of one file share.

use super::step::{self, Step};
use crate::scope::Scope;
use anyhow::Result;
use probe::several::several;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use toolkit::config::{Config, Entry, Template};
use toolkit::failure::Failure;
use url::Url;

/// The keys that each call of the file has where it has none of its own.
pub(super) const DEFAULTS: [&str; 8] = [
    "send_header",
    "user",
    "password",
    "token",
    "ca",
    "socket",
    "follow",
    "seconds",
];
/// Those of them that say as whom is asked.
pub(super) const AUTH: [&str; 3] = ["user", "password", "token"];

/// How long a step may take where nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The keys of a file, its steps aside.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    base: Option<String>,
    #[serde(default, rename = "use", deserialize_with = "several")]
    uses: Vec<String>,
    #[serde(default)]
    parallel: bool,
    cookies: Option<bool>,
    #[serde(default, deserialize_with = "toolkit::config::some_duration")]
    timeout: Option<Duration>,
}

/// A file, or `[smoke]`.
#[derive(Debug)]
pub(super) struct Suite {
    /// The files whose steps come first, as they are named.
    pub(super) uses: Vec<String>,
    /// Its steps, as far as they can be read one by one.
    pub(super) steps: Vec<Step>,
}

/// What each step knows of its file.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Its variables, `base` among them.
    pub(crate) vars: BTreeMap<String, String>,
    /// Its variables as they are written.
    written: Option<Template>,
    /// Each of its defaults.
    pub(super) defaults: Vec<Template>,
    /// Whether its groups run side by side.
    pub(super) is_parallel: bool,
    /// Whether its calls send and keep cookies.
    pub(super) has_cookies: bool,
    /// How long a step may take.
    pub(super) timeout: Duration,
}

impl Shared {
    /// Whether a URL, as it is written, is one of the application's own server.
    pub(super) fn is_at(&self, url: &str) -> bool {
        let origin = |url: &str| Url::parse(url).ok().map(|url| url.origin());
        let own = self.vars.get("base").and_then(|base| origin(base));
        url.starts_with("${base}/") || (own.is_some() && origin(url) == own)
    }

    /// What one of its variables stands for, with what is within it from
    /// `lookup`; none where it has no such variable.
    pub(crate) fn var(
        &self,
        name: &str,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let written = self.written.as_ref().filter(|_| name != "base");
        let again = written.and_then(|written| written.only(name).try_fill(lookup).ok());
        let again = again.and_then(|entry| values(entry).ok());
        let again = again.and_then(|mut again| again.remove(name));
        again.or_else(|| self.vars.get(name).cloned())
    }
}

/// Reads a file, or `[smoke]`; `base` counts before its own, and `default_base`
/// where it has none.
///
/// # Errors
/// `config`, with file, line and key.
pub(super) fn read(
    mut template: Template,
    (base, default_base): (Option<&str>, Option<&str>),
    scope: &Scope,
    config: &Config,
) -> Result<Suite> {
    let steps = template.take_tables("step")?;
    let vars = template.take_table("vars")?;
    let defaults = DEFAULTS
        .iter()
        .filter(|key| template.has(key))
        .map(|key| template.only(key))
        .collect();
    let _ = template.take(&DEFAULTS);
    let written = vars;
    let mut vars = match &written {
        None => BTreeMap::new(),
        Some(written) => variables(written, &|name| scope.value(name, &BTreeMap::new(), config))?,
    };
    let mut entry = template
        .fill(&|name| scope.value(name, &vars, config))?
        .knowing(&["step", "vars"])
        .knowing(&DEFAULTS);
    let head: Head = entry.rest()?;
    let base = base.or(head.base.as_deref()).or(default_base);
    if let Some(base) = base {
        let url = at(base).map_err(|why| entry.fault("base", format!("`base`: {why}")))?;
        vars.insert("base".into(), url);
    }
    let shared = Arc::new(Shared {
        vars,
        written,
        defaults,
        is_parallel: head.parallel,
        has_cookies: head.cookies.unwrap_or(true),
        timeout: head.timeout.unwrap_or(TIMEOUT),
    });
    let mut read = Vec::new();
    for step in steps {
        read.extend(step::read(step, &shared)?);
    }
    Ok(Suite {
        uses: head.uses,
        steps: read,
    })
}

/// The `base` of a file, where it has one.
///
/// # Errors
/// `config`, with file and line.
pub(super) fn base(
    template: &Template,
    scope: &Scope,
    config: &Config,
) -> Result<Option<String>, Failure> {
    #[derive(Deserialize)]
    struct Base {
        base: Option<String>,
    }
    let only = template.only("base");
    let mut entry = only.fill(&|name| scope.value(name, &BTreeMap::new(), config))?;
    let Base { base } = entry.rest()?;
    Ok(base)
}

fn variables(
    template: &Template,
    lookup: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<String, String>, Failure> {
    let vars = values(template.fill(lookup)?)?;
    for (name, value) in &vars {
        toolkit::config::learn_variable(name, value);
    }
    Ok(vars)
}

fn values(mut entry: Entry<'_, '_>) -> Result<BTreeMap<String, String>, Failure> {
    let vars: Map<String, Value> = entry.rest()?;
    vars.into_iter()
        .map(|(name, value)| {
            let value = match value {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                _ => return Err(entry.fault(&name, format!("`{name}` must be a text or a number"))),
            };
            Ok((name, value))
        })
        .collect()
}

/// Where the application is, from a URL or `host:port`, without a `/` at its
/// end.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn at(base: &str) -> Result<String, String> {
    let base = if base.contains("://") {
        base.to_owned()
    } else {
        format!("http://{base}")
    };
    toolkit::config::learn_variable("base", &base);
    let wrong = |why: &str| format!("`{base}` is no URL of a server ({why})");
    let url = Url::parse(&base).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("its scheme is neither `http` nor `https`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it has a `?` or a `#`"));
    }
    Ok(base.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_server_is_told_from_others() {
        let shared = |base: &str| Shared {
            vars: [("base".to_owned(), base.to_owned())].into(),
            written: None,
            defaults: Vec::new(),
            is_parallel: false,
            has_cookies: true,
            timeout: TIMEOUT,
        };
        let at = shared("https://a.example/v1");
        for own in ["${base}/x", "https://a.example/y", "https://a.example:443/"] {
            assert!(at.is_at(own), "{own}");
        }
        for other in [
            "${base}.evil.example/",
            "${elsewhere}/x",
            "http://a.example/",
            "https://a.example:8443/",
            "https://b.example/",
        ] {
            assert!(!at.is_at(other), "{other}");
        }
    }

    #[test]
    fn a_host_and_port_are_a_base() {
        assert_eq!(at("localhost:3001").unwrap(), "http://localhost:3001");
        assert_eq!(at("https://a.example/v1/").unwrap(), "https://a.example/v1");
        for wrong in ["ftp://a.example", "http://", "a.example?b", "a b"] {
            let told = at(wrong).unwrap_err();
            assert!(told.contains("is no URL of a server"), "{told}");
        }
    }
}
