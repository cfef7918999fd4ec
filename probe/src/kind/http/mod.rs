//! `http`: what a URL answers.

mod asked;
mod connection;
mod expected;
mod judge;
mod schema;
mod sent;

use connection::Version;
use expected::{Header, Status};
use schema::Schema;

use super::{Probe, Written};
use crate::http::{self, Request, Response};
use crate::jq::Jq;
use crate::several::several;
use crate::text::{Pattern, Read};
use crate::{Amount, Around, Limits, Measure, Report, Unit, secret, size, text};
use anyhow::Result;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use toolkit::config::{Config, Secret};
use toolkit::failure::Failure;
use url::Url;

/// How much is read where nothing else is said: of many servers at once, that
/// have no end.
const READ: usize = 128 << 10;

/// A request, and what its response must be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// What is asked: `https://example.org/health`.
    pub url: String,
    /// The unix socket that is connected to instead of the URL's host.
    pub socket: Option<PathBuf>,
    /// How it is asked: `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or
    /// `OPTIONS` (`GET`).
    pub method: Option<String>,
    /// The headers that are sent, by name.
    #[serde(default)]
    pub send_header: BTreeMap<String, String>,
    /// The body that is sent with `POST`, `PUT`, `PATCH` or `DELETE`: JSON
    /// unless `send_header` has a `Content-Type`.
    pub body: Option<String>,
    /// The body, as a table that is sent as JSON.
    pub json: Option<Value>,
    /// The body, as the fields of a form.
    pub form: Option<Map<String, Value>>,
    /// The body, as the parts of a form: each a text, a file
    /// (`{ file = "a.png", type = "image/png", name = "b.png" }`, of which the
    /// first says enough), or a list of these.
    pub multipart: Option<Map<String, Value>>,
    /// The body, as a file holds it: at most 16 MiB, of the type that its name
    /// says.
    pub file: Option<PathBuf>,
    /// The user for basic authentication.
    pub user: Option<String>,
    /// The password for it.
    #[serde(default, deserialize_with = "secret::some")]
    pub password: Option<Secret>,
    /// The token for bearer authentication.
    #[serde(default, deserialize_with = "secret::some")]
    pub token: Option<Secret>,
    /// How many redirects are followed (0): what is judged is the last
    /// response.
    #[serde(default)]
    pub follow: u32,
    /// The PEM file of the authorities, or of the self-signed server, that is
    /// trusted instead of those that the machine trusts.
    pub ca: Option<PathBuf>,
    /// How many bytes of the body are read, decompressed (131072).
    pub read: Option<usize>,
    /// The status, or several of which one must be: `200`, `[200, 503]`,
    /// `"201|409"` or `"2xx"` (200 to 299; with `redirect`, that of a redirect).
    #[serde(default)]
    status: Status,
    /// The URL that it must redirect to; one that ends in `*` says how that
    /// begins.
    pub redirect: Option<String>,
    /// The headers of the response, by name: `true` where it must be there,
    /// `false` where it must not, else a regular expression of which one of its
    /// values must hold a match.
    #[serde(default)]
    header: BTreeMap<String, Header>,
    /// The regular expressions that must be found in the body.
    #[serde(default, deserialize_with = "several")]
    matches: Vec<Pattern>,
    /// The jq expressions that must be true of the body, which must be JSON.
    #[serde(default, deserialize_with = "several")]
    jq: Vec<Jq>,
    /// The JSON Schema that the body must fit: a file, which refers to no other.
    schema: Option<Schema>,
    /// The size of the body, decompressed: `"2 KiB"`, `{ min = 1 }`,
    /// `{ min = "1 KiB", max = "2 MiB" }`.
    #[serde(default, deserialize_with = "size::amount")]
    size: Option<Amount>,
    /// The version of HTTP: `"1.0"` or `"1.1"` as it is answered with, `"2"`
    /// where the server offers HTTP/2 by its TLS handshake.
    version: Option<Version>,
    /// Down to how many days before its end the server's certificate is a
    /// warning, and a failure.
    #[serde(default)]
    certificate_days: Limits,
    /// After how many seconds the whole response is a warning, and a failure.
    #[serde(default)]
    pub seconds: Limits,
}

impl Http {
    /// Whether `url` is answered by something that works: any status below
    /// 500.
    pub fn answers(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            socket: None,
            method: None,
            send_header: BTreeMap::new(),
            body: None,
            json: None,
            form: None,
            multipart: None,
            file: None,
            user: None,
            password: None,
            token: None,
            follow: 0,
            ca: None,
            read: None,
            status: Status::below(500),
            redirect: None,
            header: BTreeMap::new(),
            matches: Vec::new(),
            jq: Vec::new(),
            schema: None,
            size: None,
            version: None,
            certificate_days: Limits::default(),
            seconds: Limits::default(),
        }
    }

    /// The status that must be, given what else is expected.
    fn status(&self) -> Status {
        match &self.redirect {
            Some(_) => self.status.clone().or_redirect(),
            None => self.status.clone(),
        }
    }

    fn report(&self, response: &Response) -> Report {
        let size = text::size(response.body.len());
        let cut = if response.is_cut { "more than " } else { "" };
        let mut report = Report::new(format!(
            "{} in {} ms, {cut}{size}",
            response.status,
            response.took.as_millis()
        ));
        let seconds = response.took.as_secs_f64();
        report.measure(Measure::new("time", seconds, Unit::Seconds).limits(self.seconds));
        let first_byte = response.first_byte.as_secs_f64();
        report.measure(Measure::new("first_byte", first_byte, Unit::Seconds));
        #[allow(clippy::cast_precision_loss)] // At most 16 MiB.
        let bytes = response.body.len() as f64;
        report.measure(Measure::new("body", bytes, Unit::Bytes));
        report.fact("status", response.status);
        if response.hops.len() > 1 {
            let hops: Vec<_> = response.hops.iter().map(Url::as_str).collect();
            report.fact("redirects", hops);
        }
        if response.is_again {
            report.fact("asked_again", "the connection had been closed meanwhile");
        }
        report
    }
}

impl Written for Http {
    fn mistake(&self) -> Option<(&'static str, String)> {
        if let Err(mistake) = self.request() {
            return Some(mistake);
        }
        if self.redirect.is_some() && self.follow > 0 {
            let message = "`redirect` looks at the first redirect, which `follow` follows";
            return Some(("follow", message.into()));
        }
        if self
            .redirect
            .as_ref()
            .is_some_and(|url| Url::parse(url).is_err())
        {
            let message = "`redirect` is no URL; write all of it, from `https://` on";
            return Some(("redirect", message.into()));
        }
        if let Some(mistake) = self.unmet() {
            return Some(mistake);
        }
        let looks_at_body = !(self.matches.is_empty() && self.jq.is_empty())
            || self.schema.is_some()
            || self.size.is_some();
        if self.method() == "HEAD" && looks_at_body {
            return Some((
                "method",
                "the response to HEAD has no body to look at".into(),
            ));
        }
        let mut names = self.header.keys();
        let wrong = names.find_map(|name| http::check_header(name, "").err());
        wrong.map(|why| ("header", why))
    }
}

impl Probe for Http {
    fn expects(&self) -> String {
        let url = Request::get(&self.url).map_or_else(|_| String::new(), |get| get.url.to_string());
        let to = self.redirect.as_ref();
        let to = to.map_or_else(String::new, |to| format!(" to {to}"));
        format!("{} from {} {url}{to}", self.status(), self.method())
    }

    fn look(&self, around: &Around<'_>) -> Result<Report> {
        let request = self.asked(around)?;
        let response = request.send(around.deadline)?;
        self.judge(&response, around)
    }
}

impl Http {
    /// What is wrong with its files, as far as they are there: the key, and why.
    ///
    /// # Errors
    /// `schema`, that is no JSON Schema.
    pub fn check_files(&self, config: &Config) -> Result<(), (&'static str, Failure)> {
        let schema = self.schema.as_ref();
        schema.map_or(Ok(()), |schema| {
            schema.check(config).map_err(|why| ("schema", why))
        })
    }

    /// What can never hold, and at which key.
    fn unmet(&self) -> Option<(&'static str, String)> {
        let read = self.read.unwrap_or(http::MOST);
        #[allow(clippy::cast_precision_loss)] // At most 16 MiB.
        let is_read = |bytes: f64| bytes < read as f64;
        if let Some(size) = &self.size
            && ![size.min, size.max].into_iter().flatten().all(is_read)
        {
            let message = format!("`size` goes up to what is not read; raise `read` ({read})");
            return Some(("size", message));
        }
        let is_plain = self.url.starts_with("http://") && self.follow == 0;
        if self.version == Some(Version::Two) && (is_plain || self.socket.is_some()) {
            let message =
                "`version = \"2\"` is agreed on over TLS; write `https://`, without `socket`";
            return Some(("version", message.into()));
        }
        if !self.certificate_days.is_none() && is_plain {
            return Some((
                "certificate_days",
                "`certificate_days` goes with `https://`".into(),
            ));
        }
        None
    }

    /// The extended regular expression that all of an expected status matches.
    pub fn status_pattern(&self) -> String {
        self.status().pattern()
    }

    /// The jq expressions that must be true of the body.
    pub fn jq(&self) -> impl Iterator<Item = &str> {
        self.jq.iter().map(Jq::text)
    }

    /// What of a response is not as expected.
    ///
    /// # Errors
    /// `timeout`.
    pub fn judge(&self, response: &Response, around: &Around<'_>) -> Result<Report> {
        let mut report = self.report(response);
        judge::head(self, response, &mut report);
        let body = Read {
            what: "the body",
            bytes: &response.body,
            is_cut: response.is_cut,
        };
        body.judge(&self.matches, &self.jq, &mut report, around.deadline)?;
        judge::size(self, response, &mut report);
        if let Some(schema) = &self.schema {
            schema.judge(response, &mut report, around)?;
        }
        connection::judge(self, response, &mut report, around)?;
        judge::seconds(self, response, &mut report);
        Ok(report)
    }
}
