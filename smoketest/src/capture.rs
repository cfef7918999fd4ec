//! What a step takes out of its response, for the steps after it.

use anyhow::Result;
use probe::Deadline;
use probe::http::Response;
use probe::jq::Jq;
use probe::text::Pattern;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use shell_words::quote;
use std::fmt;
use toolkit::failure::Failure;
use toolkit::redact;

/// Where a value is taken from: `".token"`, or one of its longer forms.
#[derive(Debug, Clone)]
pub(crate) struct Capture {
    from: From,
    /// What of it is taken: the first group, or all that matches.
    matches: Option<Pattern>,
    is_secret: bool,
}

#[derive(Debug, Clone)]
enum From {
    Jq(Jq),
    Header(String),
    Cookie(String),
    Body,
}

/// The longer form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    jq: Option<Jq>,
    header: Option<String>,
    cookie: Option<String>,
    matches: Option<Pattern>,
    #[serde(default)]
    secret: bool,
}

impl Capture {
    /// The shell command that takes the same out of `$_body` and `$_head`; it
    /// fails where that is not there.
    pub(crate) fn shell(&self) -> String {
        let found = match &self.from {
            From::Jq(jq) => format!("jq -er {} <\"$_body\"", quote(jq.text())),
            From::Header(name) => format!(
                "tr -d '\\r' <\"$_head\" | sed -n {} | grep -m 1 .",
                quote(&format!("s/^{name}: *//Ip"))
            ),
            From::Cookie(name) => format!(
                "tr -d '\\r' <\"$_head\" | sed -n {} | grep -m 1 .",
                quote(&format!("s/^set-cookie: *{name}=\\([^;]*\\).*/\\1/Ip"))
            ),
            From::Body => "cat \"$_body\"".into(),
        };
        match &self.matches {
            None => found,
            Some(pattern) => {
                let filter = format!("capture({}; \"\").string", pattern_of(pattern));
                format!("{found} | jq -Rser {}", quote(&filter))
            }
        }
    }

    /// The value for the variable `name`; a secret one is known as such from
    /// then on.
    ///
    /// # Errors
    /// `capture_failed` where it is not there; `json_invalid`; `timeout`.
    pub(crate) fn take(
        &self,
        name: &str,
        response: &Response,
        deadline: Deadline,
    ) -> Result<String> {
        let found = match &self.from {
            From::Jq(jq) => jq.capture(&response.body, deadline)?,
            From::Header(header) => {
                let value = response.header(header).next();
                value
                    .ok_or_else(|| failed(format!("there is no header `{header}`")))?
                    .to_owned()
            }
            From::Cookie(cookie) => cookie_of(response, cookie)
                .ok_or_else(|| failed(format!("no cookie `{cookie}` is set")))?,
            From::Body => String::from_utf8_lossy(&response.body).into_owned(),
        };
        let value = match &self.matches {
            None => found,
            Some(pattern) => pattern
                .capture(&found)
                .ok_or_else(|| failed(format!("`{pattern}` is found nowhere")))?
                .to_owned(),
        };
        let is_cookie = matches!(self.from, From::Cookie(_));
        if self.is_secret || is_cookie {
            redact::learn(&value);
        }
        learn(name, &value);
        Ok(value)
    }
}

/// Learns what was found out, where its name or its form is that of a secret.
pub(crate) fn learn(name: &str, value: &str) {
    if probe::secret::is_name(name) || is_jwt(value) {
        redact::learn(value);
    }
}

/// The pattern as a string of jq, its first group or all of it called `string`.
fn pattern_of(pattern: &Pattern) -> String {
    let text = pattern.to_string();
    let named = match text.find('(') {
        Some(at) if !text[at..].starts_with("(?") => {
            format!("{}(?<string>{}", &text[..at], &text[at + 1..])
        }
        _ => format!("(?<string>{text})"),
    };
    serde_json::Value::from(named).to_string()
}

fn failed(why: String) -> Failure {
    Failure::new("capture_failed", why)
}

/// The value that a `Set-Cookie` gives the cookie called `name`.
fn cookie_of(response: &Response, name: &str) -> Option<String> {
    response.header("set-cookie").find_map(|line| {
        let (known, value) = line.split(';').next()?.split_once('=')?;
        (known.trim() == name).then(|| value.trim().to_owned())
    })
}

/// Whether it looks like a JSON Web Token: RFC 7519, three parts in base64url,
/// the first of which begins a JSON object.
fn is_jwt(value: &str) -> bool {
    value.starts_with("eyJ") && value.split('.').count() == 3
}

impl<'de> Deserialize<'de> for Capture {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(JqOrTable)
    }
}

struct JqOrTable;

impl<'de> Visitor<'de> for JqOrTable {
    type Value = Capture;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a jq expression, or a table with `jq`, `header`, `cookie` or `matches`")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Capture, E> {
        Ok(Capture {
            from: From::Jq(Jq::deserialize(StrDeserializer::new(text))?),
            matches: None,
            is_secret: false,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Capture, A::Error> {
        let written = Written::deserialize(MapAccessDeserializer::new(map))?;
        let from = match (written.jq, written.header, written.cookie) {
            (Some(jq), None, None) => From::Jq(jq),
            (None, Some(header), None) => From::Header(header),
            (None, None, Some(cookie)) => From::Cookie(cookie),
            (None, None, None) if written.matches.is_some() => From::Body,
            _ => {
                let why = "it takes one of `jq`, `header` and `cookie`, or `matches` alone";
                return Err(A::Error::custom(why));
            }
        };
        Ok(Capture {
            from,
            matches: written.matches,
            is_secret: written.secret,
        })
    }
}
