//! Secrets never show: one list of all that the tool knows, one filter for all
//! that it writes.
//!
//! Whoever reads a password calls [`learn`]; everything that leaves the tool
//! (records, messages, progress, a child's output) passes through [`text`] or
//! [`value`]. The forms a secret takes on its way into a URL, a header or a
//! quoted string are known too.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Shorter values would mask ordinary words, and protect nothing.
const SHORTEST: usize = 4;

/// Words every record and message is made of. A password that is one of them
/// is no secret, and masking it would break paths and names that later tools
/// of a pipeline read.
const PUBLIC_WORDS: &[&str] = &[
    "postgres",
    "postgresql",
    "redis",
    "database",
    "globals",
    "config",
    "backup",
    "restore",
    "healthcheck",
    "step",
    "true",
    "false",
    "localhost",
    "default",
    "root",
    // What mail servers offer: `AUTH=PLAIN`.
    "PLAIN",
    "LOGIN",
    // What stands before a token.
    "Bearer",
    "Basic",
    "admin",
    "production",
    "staging",
    "public",
    "null",
];

/// What `encodeURIComponent` leaves as it is, beyond letters and digits.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What is encoded of a query that stands in a URL as it was written: the
/// WHATWG's special-query percent-encode set.
const QUERY: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'\'')
    .add(b'<')
    .add(b'>');

/// The same of a path.
const PATH: &AsciiSet = &QUERY
    .remove(b'\'')
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}');

struct Known {
    forms: BTreeSet<String>,
    matcher: Option<AhoCorasick>,
    /// The length of the longest form, in bytes.
    longest: usize,
    /// Whether the matcher lacks forms. It is built when it is needed, not with
    /// each secret: thirty of them would take longer than a tool's start may.
    is_stale: bool,
}

static KNOWN: RwLock<Known> = RwLock::new(Known {
    forms: BTreeSet::new(),
    matcher: None,
    longest: 0,
    is_stale: false,
});

/// Adds a secret, in all its forms, to what is masked from now on.
///
/// Values of fewer than four characters and the words that records are made
/// of (`postgres`, `redis`…) are not taken: they are no secrets.
pub fn learn(secret: &str) {
    if secret.chars().count() < SHORTEST || PUBLIC_WORDS.contains(&secret) {
        return;
    }
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    let before = known.forms.len();
    known.forms.extend(forms(secret));
    known.is_stale |= known.forms.len() > before;
}

/// All that is known, with a matcher for all of it.
fn known() -> RwLockReadGuard<'static, Known> {
    loop {
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        if !known.is_stale {
            return known;
        }
        drop(known);
        let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
        // Longest first, so that a secret that contains another goes whole.
        known.matcher = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(&known.forms)
            .ok();
        known.longest = known.forms.iter().map(String::len).max().unwrap_or(0);
        known.is_stale = false;
    }
}

/// The text with every known secret masked.
pub fn text(text: &str) -> Cow<'_, str> {
    let known = known();
    match &known.matcher {
        Some(matcher) if matcher.is_match(text) => {
            let masks = vec![MASK; known.forms.len()];
            Cow::Owned(matcher.replace_all(text, &masks))
        }
        _ => Cow::Borrowed(text),
    }
}

/// How many bytes the longest form of a known secret has.
pub fn longest() -> usize {
    known().longest
}

/// Where a text of bytes may be cut, at `at` or soon after, so that no known
/// secret is in two pieces. At least [`longest`] bytes of it stand after `at`,
/// or it ends there.
pub fn cut(bytes: &[u8], at: usize) -> usize {
    let known = known();
    let mut found = known
        .matcher
        .iter()
        .flat_map(|matcher| matcher.find_iter(bytes));
    let across = found.find(|found| found.end() > at);
    let across = across.filter(|found| found.start() < at);
    across.map_or(at, |found| found.end())
}

/// The JSON value with every known secret masked in its strings and keys.
pub fn value(value: &mut Value) {
    match value {
        Value::String(string) => {
            if let Cow::Owned(masked) = text(string) {
                *string = masked;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(self::value),
        Value::Object(fields) => {
            *fields = std::mem::take(fields)
                .into_iter()
                .map(|(key, mut inner)| {
                    self::value(&mut inner);
                    (text(&key).into_owned(), inner)
                })
                .collect();
        }
        _ => {}
    }
}

/// The ways a secret may appear: as it is; inside JSON and SQL strings;
/// URL-encoded; and in base64, at each of the three positions that it can have
/// within a longer encoded text, such as a `Basic` header's `user:password`.
fn forms(secret: &str) -> Vec<String> {
    let json = Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        secret.replace('\'', "''"),
    ];
    for set in [NON_ALPHANUMERIC, COMPONENT, PATH, QUERY] {
        let encoded = utf8_percent_encode(secret, set).to_string();
        forms.push(lower_case_escapes(&encoded));
        forms.push(encoded.replace("%20", "+"));
        forms.push(encoded);
    }
    for offset in 0..3 {
        forms.extend(base64_at(secret, offset));
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// The characters of a base64 text that depend on the secret alone, when the
/// secret begins `offset` bytes into a group of three.
fn base64_at(secret: &str, offset: usize) -> [String; 2] {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(secret.as_bytes());
    let whole_bits = bytes.len() * 8;
    let first = (offset * 8).div_ceil(6);
    let last = whole_bits / 6;
    [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|engine| {
        let encoded = engine.encode(&bytes);
        encoded.get(first..last).unwrap_or_default().to_owned()
    })
}

fn lower_case_escapes(encoded: &str) -> String {
    let mut lowered = String::with_capacity(encoded.len());
    let mut escape = 0;
    for character in encoded.chars() {
        if character == '%' {
            escape = 3;
        }
        lowered.push(if escape > 0 {
            character.to_ascii_lowercase()
        } else {
            character
        });
        escape = escape.max(1) - 1;
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn masks_every_form_of_a_secret() {
        let secret = "s3cr/t p+ss'\"word";
        learn(secret);
        for shown in [
            format!("password {secret} refused"),
            format!(
                "url postgres://app:{}@db",
                utf8_percent_encode(secret, NON_ALPHANUMERIC)
            ),
            format!("form p={}", utf8_percent_encode(secret, COMPONENT)),
            url::Url::parse(&format!("http://a/{secret}"))
                .unwrap()
                .into(),
            url::Url::parse(&format!("http://a/?b={secret}"))
                .unwrap()
                .into(),
            "lower s3cr%2ft%20p%2bss".replace("ss", "ss'%22word"),
            format!("sql '{}'", secret.replace('\'', "''")),
            format!("json {}", Value::from(secret)),
        ] {
            let masked = text(&shown);
            assert!(masked.contains(MASK), "{shown} became {masked}");
            assert!(
                !masked.contains("word") || shown.starts_with("password"),
                "{masked}"
            );
        }
        for user in ["u", "ab", "abc", "root"] {
            let header = STANDARD.encode(format!("{user}:{secret}"));
            let masked = text(&header);
            assert!(masked.contains(MASK), "{header} became {masked}");
            let left = masked.replace(MASK, "").len();
            assert!(left < 14, "{masked} shows too much of {header}");
        }
    }

    #[test]
    fn masks_strings_and_keys_of_a_value() {
        learn("hunter-two");
        let mut data = serde_json::json!({"a": ["x hunter-two y", 5], "hunter-two": null});
        value(&mut data);
        assert_eq!(data.to_string(), r#"{"a":["x *** y",5],"***":null}"#);
    }

    #[test]
    fn leaves_ordinary_words_alone() {
        learn("abc");
        learn("postgres");
        assert_eq!(text("abc postgres"), "abc postgres");
    }
}
