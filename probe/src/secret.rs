//! Secrets of checks, and of what answers them, learnt before anything can show
//! them.

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use toolkit::config::{self, Secret};
use toolkit::redact;

/// What a server calls secret may be any word, to have it masked wherever it
/// stands: only what is as long as a secret is taken for one.
const SHORTEST: usize = 16;
/// How many secrets one answer may have.
const MOST: usize = 64;

/// Reads a password or token; an empty one is none.
///
/// # Errors
/// What is no text.
pub(crate) fn some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Secret>, D::Error> {
    let secret = String::deserialize(from)?;
    Ok((!secret.is_empty()).then(|| Secret::password(secret)))
}

/// Whether something of this name is secret: a header, a field.
pub fn is_name(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "password",
        "passwd",
        "secret",
        "token",
        "authorization",
        "cookie",
        "credential",
        "api-key",
        "api_key",
    ];
    let name = name.to_ascii_lowercase();
    name == "apikey" || WORDS.iter().any(|word| name.contains(word))
}

/// Learns the secrets of a body that is sent.
pub(crate) fn learn_sent(body: &[u8]) {
    each_field(body, &mut config::learn_variable);
}

/// Learns the value of a header that is sent, where its name says that it is
/// secret: each of its words, as `Bearer` stands before a token.
pub(crate) fn learn_header(name: &str, value: &str) {
    if is_name(name) {
        value.split(' ').for_each(redact::learn);
    }
}

/// Learns the secrets of a body that was received, such as the token of a
/// session.
pub(crate) fn learn_received(body: &[u8]) {
    let mut learnt = 0;
    each_field(body, &mut |name, value| {
        let is_word = value.contains(char::is_whitespace);
        if learnt < MOST && is_name(name) && value.len() >= SHORTEST && !is_word {
            redact::learn(value);
            learnt += 1;
        }
    });
}

/// Learns the value of a `Set-Cookie`, such as the number of a session.
pub(crate) fn learn_cookie(line: &str) {
    let pair = line.split(';').next().unwrap_or_default();
    let value = pair.split_once('=').map_or("", |(_, value)| value.trim());
    if value.len() >= SHORTEST && !value.contains(char::is_whitespace) {
        redact::learn(value);
    }
}

fn each_field(body: &[u8], each: &mut dyn FnMut(&str, &str)) {
    if matches!(body.trim_ascii_start(), [b'{' | b'[', ..])
        && let Ok(value) = serde_json::from_slice(body)
    {
        fields(&value, each);
    }
}

/// Nested no deeper than `serde_json` reads: 128 levels.
fn fields(value: &Value, each: &mut dyn FnMut(&str, &str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| fields(item, each)),
        Value::Object(inner) => {
            for (name, value) in inner {
                if let Value::String(text) = value {
                    each(name, text);
                }
                fields(value, each);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_and_received_is_learnt() {
        learn_sent(br#"{"email": "sent-mail", "password": "sent-pw-1"}"#);
        assert_eq!(redact::text("sent-mail sent-pw-1"), "sent-mail ***");
        let body = br#"[{"user": {"access_token": "received-token-0123"}}]"#;
        learn_received(body);
        assert_eq!(redact::text("received-token-0123"), "***");
    }

    #[test]
    fn a_session_is_learnt() {
        learn_cookie("sid=cookie-secret-0123; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT");
        learn_cookie("lang=fr-cookie; Path=/a-long-path-of-cookies");
        let shown = redact::text("cookie-secret-0123 fr-cookie /a-long-path-of-cookies");
        assert_eq!(shown, "*** fr-cookie /a-long-path-of-cookies");
    }

    #[test]
    fn a_server_masks_no_words() {
        learn_received(br#"{"token": "healthcheck", "key": "received-key-0123456789"}"#);
        let shown = "healthcheck received-key-0123456789";
        assert_eq!(redact::text(shown), shown);
    }
}
