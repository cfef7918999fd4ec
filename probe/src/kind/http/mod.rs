//! `http`: what a URL answers.

mod expected;
mod judge;

use expected::{Header, Status};

use super::{Probe, Written};
use crate::http::{self, Auth, Request, Response};
use crate::jq::Jq;
use crate::several::several;
use crate::text::{Pattern, Read};
use crate::{Around, Limits, Measure, Report, Unit, secret, text};
use anyhow::Result;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toolkit::config::Secret;
use toolkit::failure::Failure;
use url::Url;

/// The methods that there are, and whether they send a body.
const METHODS: [(&str, bool); 7] = [
    ("GET", false),
    ("HEAD", false),
    ("POST", true),
    ("PUT", true),
    ("PATCH", true),
    ("DELETE", false),
    ("OPTIONS", false),
];
/// The most of a body that `read` may ask for.
const LARGEST: usize = 16 << 20;
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
    /// The body that is sent with `POST`, `PUT` or `PATCH`: JSON unless
    /// `send_header` has a `Content-Type`.
    pub body: Option<String>,
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
    /// The status, or several of which one must be (200 to 299; with
    /// `redirect`, that of a redirect).
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
            seconds: Limits::default(),
        }
    }

    fn method(&self) -> &str {
        self.method.as_deref().unwrap_or("GET")
    }

    /// The request, or what is wrong with which key.
    fn request(&self) -> Result<Request, (&'static str, String)> {
        let mut request =
            Request::get(&self.url).map_err(|why| ("url", format!("`url`: {why}")))?;
        let method = self.method();
        let known = METHODS.iter().find(|(known, _)| *known == method);
        let Some((_, takes_body)) = known else {
            let all: Vec<_> = METHODS.iter().map(|(known, _)| *known).collect();
            let message = format!("unknown method `{method}`; there are {}", all.join(", "));
            return Err(("method", message));
        };
        if self.body.is_some() && !takes_body {
            let message = format!("a `body` is sent with POST, PUT or PATCH, not with {method}");
            return Err(("body", message));
        }
        method.clone_into(&mut request.method);
        request.auth = self.auth()?.or(request.auth);
        request.headers = self.headers()?;
        request.socket.clone_from(&self.socket);
        request.body.clone_from(&self.body);
        request.follow = self.follow;
        request.ca.clone_from(&self.ca);
        request.most = self.read.unwrap_or(READ);
        if !(1..=LARGEST).contains(&request.most) {
            return Err(("read", format!("`read` takes 1 to {LARGEST} bytes")));
        }
        Ok(request)
    }

    fn auth(&self) -> Result<Option<Auth>, (&'static str, String)> {
        http::auth(
            self.user.as_deref(),
            self.password.as_ref(),
            self.token.as_ref(),
        )
    }

    fn headers(&self) -> Result<Vec<(String, String)>, (&'static str, String)> {
        let mut headers = Vec::new();
        for (name, value) in &self.send_header {
            http::check_header(name, value).map_err(|why| ("send_header", why))?;
            headers.push((name.clone(), value.clone()));
        }
        let mut names = self.send_header.keys();
        if self.body.is_some() && !names.any(|name| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".into(), "application/json".into()));
        }
        Ok(headers)
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
        if self.method() == "HEAD" && !(self.matches.is_empty() && self.jq.is_empty()) {
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
        let request = self.request();
        let mut request = request.map_err(|(_, why)| Failure::new("http_request", why))?;
        request.socket = request.socket.map(|path| around.config.resolve(&path));
        request.ca = request.ca.map(|path| around.config.resolve(&path));
        let response = request.send(around.deadline)?;
        let mut report = self.report(&response);
        judge::head(self, &response, &mut report);
        let body = Read {
            what: "the body",
            bytes: &response.body,
            is_cut: response.is_cut,
        };
        body.judge(&self.matches, &self.jq, &mut report, around.deadline)?;
        judge::seconds(self, &response, &mut report);
        Ok(report)
    }
}
