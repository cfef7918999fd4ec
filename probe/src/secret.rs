//! Secrets of checks, and of what answers them, learnt before anything can show
//! them.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
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
    if matches!(body.trim_ascii_start(), [b'{' | b'[', ..]) {
        // What was cut off had fields before.
        let mut json = serde_json::Deserializer::from_slice(body);
        let _ = Fields { name: "", each }.deserialize(&mut json);
    }
}

/// The texts of a value, with their names, as they are met: what a server can
/// send of small values would take many times its length if it were kept.
///
/// Nested no deeper than `serde_json` reads: 128 levels.
struct Fields<'a> {
    name: &'a str,
    each: &'a mut dyn FnMut(&str, &str),
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !self.name.is_empty() {
            (self.each)(self.name, text);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let each = self.each;
        let (name, mut is_more) = ("", Some(()));
        while is_more.is_some() {
            is_more = items.next_element_seed(Fields { name, each })?;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let each = self.each;
        while let Some(name) = fields.next_key::<Cow<'de, str>>()? {
            fields.next_value_seed(Fields { name: &name, each })?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
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
        let cut = br#"{"ok": [true, null, 1, -1, 1.5], "token": "received-token-0456", "m": [{"#;
        learn_received(cut);
        assert_eq!(redact::text("received-token-0456"), "***");
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
