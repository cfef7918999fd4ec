//! The body of a request, as configuration writes it.

use super::Http;
use crate::http::body::{self, Body, Part};
use crate::secret;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::PathBuf;
use url::form_urlencoded::Serializer;

/// The type of what is sent where nothing else is said.
const JSON: &str = "application/json";

/// A body, and the `Content-Type` that goes with it: that of several parts is
/// known once they are put together.
pub(super) struct Sent {
    pub(super) body: Body,
    pub(super) kind: Option<String>,
}

/// A file within a form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InForm {
    file: PathBuf,
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
}

/// What `http` sends, its files not yet read, its secrets known from then on, or
/// what is wrong with which key.
///
/// # Errors
/// More than one body; a field that cannot be sent.
pub(super) fn body(http: &Http) -> Result<Option<Sent>, (&'static str, String)> {
    let given = [
        ("body", http.body.is_some()),
        ("json", http.json.is_some()),
        ("form", http.form.is_some()),
        ("multipart", http.multipart.is_some()),
        ("file", http.file.is_some()),
    ];
    let mut given = given.iter().filter(|(_, is_given)| *is_given);
    if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
        return Err((
            second,
            format!("`{second}` goes without `{first}`: a request has one body"),
        ));
    }
    let sent = |body: Body, kind: &str| {
        let kind = Some(kind.to_owned());
        Ok(Some(Sent { body, kind }))
    };
    if let Some(text) = &http.body {
        secret::learn_sent(text.as_bytes());
        return sent(text.as_str().into(), JSON);
    }
    if let Some(value) = &http.json {
        let text = value.to_string();
        secret::learn_sent(text.as_bytes());
        return sent(text.as_str().into(), JSON);
    }
    if let Some(path) = &http.file {
        return sent(Body::file(path.clone()), &body::kind_of(path));
    }
    if let Some(fields) = &http.multipart {
        let body = Body::parts(parts(fields)?);
        return Ok(Some(Sent { body, kind: None }));
    }
    let Some(fields) = &http.form else {
        return Ok(None);
    };
    let mut form = Serializer::new(String::new());
    for (name, value) in fields {
        let text = text(value).ok_or_else(|| {
            let why = format!("`{name}` in `form` must be a text, a number, `true` or `false`");
            ("form", why)
        })?;
        toolkit::config::learn_variable(name, &text);
        form.append_pair(name, &text);
    }
    sent(form.finish().into(), "application/x-www-form-urlencoded")
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// The parts of a form, in their order; a list is several of one name.
fn parts(fields: &Map<String, Value>) -> Result<Vec<Part>, (&'static str, String)> {
    let mut parts = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Array(values) => values.as_slice(),
            one => std::slice::from_ref(one),
        };
        for value in values {
            let value = part(value)
                .map_err(|why| ("multipart", format!("`{name}` in `multipart`: {why}")))?;
            let name = name.clone();
            parts.push(Part { name, value });
        }
    }
    if parts.is_empty() {
        return Err(("multipart", "`multipart` has no part".into()));
    }
    Ok(parts)
}

fn part(value: &Value) -> Result<body::Value, String> {
    if let Some(text) = text(value) {
        return Ok(body::Value::Text(text));
    }
    if !value.is_object() {
        let usual = "it takes a text, a number, or a file: `{ file = \"a.png\" }`";
        return Err(usual.into());
    }
    let written = InForm::deserialize(value).map_err(|error| error.to_string())?;
    let kind = written.kind.unwrap_or_else(|| body::kind_of(&written.file));
    if !body::is_kind(&kind) {
        return Err(format!("`{kind}` is no type; write it like `image/png`"));
    }
    let own = written.file.file_name();
    let own = own.map(|name| name.to_string_lossy().into_owned());
    Ok(body::Value::File {
        name: written.name.or(own).unwrap_or_default(),
        path: written.file,
        kind,
    })
}
