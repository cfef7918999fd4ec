//! A TOML document with the place of everything in it, so that each fault is
//! told with file and line.

use super::entries::SECTIONS;
use super::nearest;
use crate::failure::Failure;
use crate::redact;
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use toml::de::{DeArray, DeTable, DeValue, Error};

/// The names of the keys whose values are secret.
pub(super) const SECRET_KEYS: [&str; 3] = ["password", "token", "url"];

/// A message that quotes more characters than this of the file is cut.
const LONGEST: usize = 400;

/// A parsed file, before anything is laid over it or filled in.
pub(super) struct Document<'t> {
    /// Where it was read from.
    pub(super) path: &'t Path,
    text: &'t str,
    /// Its content.
    pub(super) table: DeTable<'t>,
}

impl<'t> Document<'t> {
    /// Parses `bytes`, the content of the file at `path`.
    pub(super) fn parse(path: &'t Path, bytes: &'t [u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = line_at(bytes, error.valid_up_to());
            Failure::not_started(
                "config",
                format!("{}:{line}: it is not UTF-8", path.display()),
            )
        })?;
        let mut document = Self {
            path,
            text,
            table: DeTable::new(),
        };
        match DeTable::parse(text) {
            Ok(table) => document.table = table.into_inner(),
            Err(error) => return Err(document.syntax(&error)),
        }
        Ok(document)
    }

    /// A fault at `span`.
    pub(super) fn fault(&self, span: &Range<usize>, message: impl Display) -> Failure {
        let line = self.line(span);
        let message = message.to_string();
        let mut message = redact::text(&message).into_owned();
        if let Some((end, _)) = message.char_indices().nth(LONGEST) {
            message.truncate(end);
            message.push('…');
        }
        Failure::not_started(
            "config",
            format!("{}:{line}: {message}", self.path.display()),
        )
    }

    /// The number of the line, from 1, that `span` begins on.
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        line_at(self.text.as_bytes(), span.start)
    }

    /// What is written at `span`.
    pub(super) fn written(&self, span: &Range<usize>) -> &str {
        self.text.get(span.clone()).unwrap_or_default()
    }

    fn syntax(&self, error: &Error) -> Failure {
        let span = error.span().unwrap_or_default();
        // The parser's words for this one are short; its place is the key.
        if error.message() == "duplicate key" {
            let key = self.written(&span);
            return self
                .fault(&span, format!("the key `{key}` is repeated"))
                .hint("keep one of the two");
        }
        self.fault(&span, error.message())
    }

    /// What deserialising found wrong, in words for people. The keys `taken`
    /// are right in that place too.
    pub(super) fn explain(&self, error: &Error, taken: &[&str]) -> Failure {
        let span = error.span().unwrap_or_default();
        let place = Place::of(&self.table, &span);
        let message = error.message();
        if let Some((key, mut known)) = unknown_field(message) {
            if place.parents.is_empty() {
                known.push("env");
                known.extend(SECTIONS);
            }
            known.extend(taken);
            let section = place.section();
            return self
                .fault(&span, format!("unknown key `{key}` {section}"))
                .hint(nearest::hint(key, &known));
        }
        let key = place.key();
        if place.is_secret() {
            return self.fault(&span, format!("{key} must be a string"));
        }
        if let Some(field) = message.strip_prefix("missing field ") {
            return self.fault(&span, format!("{key} lacks {field}"));
        }
        let mismatch = ["invalid type: ", "invalid value: "]
            .iter()
            .find_map(|start| message.strip_prefix(start)?.rsplit_once(", expected "));
        if let Some((found, expected)) = mismatch {
            let (found, expected) = (plain(found), plain(expected));
            return self.fault(&span, format!("{key} must be {expected}, not {found}"));
        }
        self.fault(&span, format!("{key}: {message}"))
    }
}

/// The number of the line, from 1, that the byte `at` of `bytes` is on.
pub(super) fn line_at(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or(bytes);
    before.split(|byte| *byte == b'\n').count()
}

/// The key, and the ones known in its place, of serde's message "unknown field
/// `a`, expected one of `b`, `c`". The only way to learn both, and the tests
/// hold the wording.
fn unknown_field(message: &str) -> Option<(&str, Vec<&str>)> {
    let (key, known) = message
        .strip_prefix("unknown field `")?
        .rsplit_once("`, expected ")?;
    let known = known.split('`').skip(1).step_by(2).collect();
    Some((key, known))
}

/// Serde's names of types, as people know them.
fn plain(name: &str) -> &str {
    match name {
        "map" => "a table",
        "sequence" | "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        "u32" | "i64" => "a whole number",
        "f64" => "a number",
        _ if name.starts_with("struct ") || name == "a map" => "a table",
        _ => name,
    }
}

/// Where in a document something stands.
struct Place {
    parents: Vec<String>,
    key: String,
}

impl Place {
    /// Where `span` is: it is that of a key or of a value.
    fn of(table: &DeTable<'_>, span: &Range<usize>) -> Self {
        let mut keys = Vec::new();
        find(table, span, &mut keys);
        let key = keys.pop().unwrap_or_default();
        Self { parents: keys, key }
    }

    fn section(&self) -> String {
        match self.parents.join(".") {
            name if name.is_empty() => "at the top".into(),
            // A table of a list is `[check]`, within an environment too.
            name if name.contains('[') => format!("in `[[{}]`", name.replacen('[', "", 1)),
            name => format!("in `[{name}]`"),
        }
    }

    fn key(&self) -> String {
        let key = &self.key;
        if self.parents.is_empty() {
            return format!("`{key}`");
        }
        format!("`{key}` {}", self.section())
    }

    fn is_secret(&self) -> bool {
        SECRET_KEYS.contains(&self.key.as_str())
    }
}

/// Whether `span` is in `table`; leaves the keys that lead there in `keys`.
fn find(table: &DeTable<'_>, span: &Range<usize>, keys: &mut Vec<String>) -> bool {
    for (key, value) in table {
        keys.push(key.get_ref().to_string());
        let is_here = match value.get_ref() {
            DeValue::Table(inner) => find(inner, span, keys),
            DeValue::Array(items) => in_tables(items, span, keys) || holds(&value.span(), span),
            _ => holds(&value.span(), span),
        };
        if is_here || key.span() == *span || value.span() == *span {
            return true;
        }
        keys.pop();
    }
    false
}

/// Whether `span` is in one of the tables among `items`, as in `[[check]]`.
fn in_tables(items: &DeArray<'_>, span: &Range<usize>, keys: &mut Vec<String>) -> bool {
    let section = keys.len().saturating_sub(1);
    for item in items {
        if let DeValue::Table(table) = item.get_ref()
            && find(table, span, keys)
        {
            if let Some(name) = keys.get_mut(section) {
                *name = format!("[{name}]");
            }
            return true;
        }
    }
    false
}

fn holds(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
