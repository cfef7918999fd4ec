//! `prometheus`: the samples of a query.

mod answer;
mod judge;

use super::{Probe, Written};
use crate::http::{self, Request};
use crate::{Around, Limits, Report, secret};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::PathBuf;
use toolkit::config::Secret;
use toolkit::failure::Failure;
use url::form_urlencoded::Serializer;

/// How much of an answer is read: a thousand samples.
const MOST: usize = 256 << 10;

/// A `PromQL` query, and what each of its samples must be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prometheus {
    /// The server: `http://127.0.0.1:9090`, or what answers as it does.
    pub url: String,
    /// The query, in `PromQL`, whose result is one number or one for each set of
    /// labels.
    pub query: String,
    /// From where on a sample is a warning, and a failure, where more is worse.
    #[serde(default)]
    pub above: Limits,
    /// From where down a sample is a warning, and a failure, where less is
    /// worse.
    #[serde(default)]
    pub below: Limits,
    /// What it means that there is no sample: `fail`, `ok`, or `only` where
    /// there must be none (`fail`).
    #[serde(default)]
    pub empty: Empty,
    /// The user for basic authentication.
    pub user: Option<String>,
    /// The password for it.
    #[serde(default, deserialize_with = "secret::some")]
    pub password: Option<Secret>,
    /// The token for bearer authentication.
    #[serde(default, deserialize_with = "secret::some")]
    pub token: Option<Secret>,
    /// The PEM file of the authorities, or of the self-signed server, that is
    /// trusted instead of those that the machine trusts.
    pub ca: Option<PathBuf>,
}

/// What it means that there is no sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// That something is wrong: what does not report is not well.
    #[default]
    Fail,
    /// Nothing.
    Ok,
    /// That all is well: any sample is a fault.
    Only,
}

impl Prometheus {
    fn request(&self) -> Result<Request, (&'static str, String)> {
        let mut request =
            Request::get(&self.url).map_err(|why| ("url", format!("`url`: {why}")))?;
        let path = format!("{}/api/v1/query", request.url.path().trim_end_matches('/'));
        request.url.set_path(&path);
        let (user, password, token) = (&self.user, &self.password, &self.token);
        let auth = http::auth(user.as_deref(), password.as_ref(), token.as_ref())?;
        request.auth = auth.or(request.auth);
        // A query may be longer than a URL.
        request.method = "POST".into();
        let form = "application/x-www-form-urlencoded";
        request.headers = vec![("Content-Type".into(), form.into())];
        request.ca.clone_from(&self.ca);
        request.most = MOST;
        Ok(request)
    }

    fn expects_nothing(&self) -> bool {
        self.above.is_none() && self.below.is_none()
    }
}

impl Written for Prometheus {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if let Err(mistake) = self.request() {
            return Some(mistake);
        }
        if self.query.trim().is_empty() {
            return Some(("query", "the `query` is empty".into()));
        }
        match (self.empty, self.expects_nothing()) {
            (Empty::Only, false) => {
                let message = "`empty = \"only\"` wants no sample for `above` and `below` to judge";
                Some(("empty", message.into()))
            }
            (Empty::Fail | Empty::Ok, true) => {
                let message =
                    "the check expects nothing; give it `above`, `below` or `empty = \"only\"`";
                Some(("query", message.into()))
            }
            _ => None,
        }
    }
}

impl Probe for Prometheus {
    fn expects(&self) -> String {
        judge::expected(self)
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let request = self.request();
        let mut request = request.map_err(|(_, why)| Failure::new("http_request", why))?;
        request.ca = request.ca.map(|path| around.config.resolve(&path));
        let left = around.deadline.left()?.as_millis();
        let mut form = Serializer::new(String::new());
        form.append_pair("query", &self.query);
        form.append_pair("timeout", &format!("{left}ms"));
        request.body = Some(form.finish().into());
        let response = request.send(around.deadline)?;
        let answer = answer::read(&response).with_context(|| request.url.to_string())?;
        Ok(judge::report(self, answer))
    }
}
