//! The body of a request, as configuration writes it.

use super::Http;
use crate::secret;
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// The type of what is sent where nothing else is said.
const JSON: &str = "application/json";

/// A body, and the `Content-Type` that goes with it.
pub(super) struct Sent {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: &'static str,
}

/// What `expected` sends, or what is wrong with which key.
///
/// # Errors
/// More than one body; a form's field that is no text, number or boolean.
pub(super) fn body(http: &Http) -> Result<Option<Sent>, (&'static str, String)> {
    let given = [
        ("body", http.body.is_some()),
        ("json", http.json.is_some()),
        ("form", http.form.is_some()),
    ];
    let mut given = given.iter().filter(|(_, is_given)| *is_given);
    if let (Some((first, _)), Some((second, _))) = (given.next(), given.next()) {
        return Err((
            second,
            format!("`{second}` goes without `{first}`: a request has one body"),
        ));
    }
    if let Some(text) = &http.body {
        let bytes = text.clone().into_bytes();
        // Keys within a text are none of the configuration's own.
        secret::learn_sent(&bytes);
        return Ok(Some(Sent { bytes, kind: JSON }));
    }
    if let Some(value) = &http.json {
        let bytes = value.to_string().into_bytes();
        return Ok(Some(Sent { bytes, kind: JSON }));
    }
    let Some(fields) = &http.form else {
        return Ok(None);
    };
    let mut form = Serializer::new(String::new());
    for (name, value) in fields {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => {
                return Err((
                    "form",
                    format!("`{name}` in `form` must be a text, a number, `true` or `false`"),
                ));
            }
        };
        form.append_pair(name, &value);
    }
    Ok(Some(Sent {
        bytes: form.finish().into_bytes(),
        kind: "application/x-www-form-urlencoded",
    }))
}
