//! Text that something wrote: what must be in it, and how it is shown.

use crate::jq::{self, Jq};
use crate::report::Fault;
use crate::{Deadline, Report};
use anyhow::Result;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::fmt;
use toolkit::redact;

/// A text that is shown is cut after this many characters.
const LONGEST: usize = 100;
/// How much is searched for secrets before it is cut: more than a secret has.
const LOOKED_AT: usize = 16 << 10;

/// A regular expression, compiled when configuration is read.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a regular expression. `^` and `$` are those of a line, as for
    /// `grep`: what a command writes ends with one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn compile(text: &str) -> Result<Self, String> {
        let regex = RegexBuilder::new(text).multi_line(true).crlf(true).build();
        regex.map(Self).map_err(|error| {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            format!("`{text}` is no regular expression: {why}")
        })
    }

    /// What its first group matches in `text`, or all of it where it has none.
    pub fn capture<'t>(&self, text: &'t str) -> Option<&'t str> {
        let found = self.0.captures(text)?;
        let group = found.get(1).or_else(|| found.get(0))?;
        Some(group.as_str())
    }

    /// Whether it is found anywhere in `text`.
    pub fn is_in(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::compile(&text).map_err(de::Error::custom)
    }
}

/// What was read of something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read<'a> {
    /// What it is called: `the body`.
    pub(crate) what: &'a str,
    /// Its bytes, as far as they were read.
    pub(crate) bytes: &'a [u8],
    /// Whether there is more than that.
    pub(crate) is_cut: bool,
}

impl Read<'_> {
    /// Adds a fault for each of `patterns` that is not found, and of `jq` that
    /// is not true.
    ///
    /// # Errors
    /// `timeout`.
    pub(crate) fn judge(
        &self,
        patterns: &[Pattern],
        jq: &[Jq],
        report: &mut Report,
        deadline: Deadline,
    ) -> Result<()> {
        let text = String::from_utf8_lossy(self.bytes);
        for pattern in patterns.iter().filter(|pattern| !pattern.is_in(&text)) {
            let observed = match (self.bytes, self.is_cut) {
                ([], _) => format!("{} is empty", self.what),
                (bytes, false) => format!("{} is {}", self.what, quoted(bytes)),
                (bytes, true) => format!(
                    "the first {} of {} begin with {}",
                    size(bytes.len()),
                    self.what,
                    quoted(bytes)
                ),
            };
            let expected = format!("`{pattern}` in {}", self.what);
            report.fault(Fault::fail("no_match", observed, expected));
        }
        if self.is_cut && !jq.is_empty() {
            let observed = format!("{} is longer than {}", self.what, size(self.bytes.len()));
            let expected = "JSON, whole, for `jq` to look at";
            report.fault(Fault::fail("too_long", observed, expected));
            return Ok(());
        }
        for fault in jq::judge(jq, self.bytes, deadline)? {
            report.fault(fault);
        }
        Ok(())
    }
}

/// The first characters of a text, without the secrets in it: what is cut is
/// no longer known as one.
pub fn first(text: &str) -> Cow<'_, str> {
    let text = redact::text(text);
    match text.char_indices().nth(LONGEST) {
        None => text,
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// The first characters of bytes, in quotes, on one line, without the secrets
/// in them.
pub fn quoted(bytes: &[u8]) -> String {
    let start = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    let text = redact::text(text.trim());
    let end = text.char_indices().nth(LONGEST);
    let shown = end.map_or(&*text, |(end, _)| &text[..end]);
    let is_cut = shown.len() < text.len() || start.len() < bytes.len();
    let more = if is_cut { "…" } else { "" };
    format!("{shown:?}{more}")
}

/// The first `most` characters of bytes, without the secrets in them.
pub fn start(bytes: &[u8], most: usize) -> String {
    let start = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start);
    let text = redact::text(&text);
    match text.char_indices().nth(most) {
        None => text.into_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// A number of bytes, for people: `3.4 KiB`.
pub fn size(bytes: usize) -> String {
    toolkit::render::size(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn faults(bytes: &[u8], is_cut: bool, pattern: &str, jq: &str) -> Vec<(&'static str, String)> {
        let patterns = [Pattern::compile(pattern).unwrap()];
        let jq = [Jq::compile(jq).unwrap()];
        let read = Read {
            what: "the body",
            bytes,
            is_cut,
        };
        let mut report = Report::default();
        let deadline = Deadline::after(Duration::from_secs(60));
        read.judge(&patterns, &jq, &mut report, deadline).unwrap();
        report
            .faults
            .into_iter()
            .map(|fault| (fault.reason, fault.observed))
            .collect()
    }

    #[test]
    fn a_pattern_is_anchored_to_lines() {
        let lines = "a\r\nb\nc\n";
        for pattern in ["^a$", "^b$", "^c$"] {
            assert!(Pattern::compile(pattern).unwrap().is_in(lines), "{pattern}");
        }
        assert!(!Pattern::compile("^bc$").unwrap().is_in(lines));
    }

    #[test]
    fn all_of_it_must_hold() {
        assert_eq!(faults(b"{\"a\": 1}", false, "a", ".a"), []);
        let found = faults(b"{\"a\": 1}", false, "^a$", ".b");
        let expected = [
            ("no_match", "the body is \"{\\\"a\\\": 1}\"".to_owned()),
            ("jq_false", "`.b` is null".to_owned()),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_was_cut_is_judged_as_far_as_it_can_be() {
        let long = "a".repeat(2048);
        let found = faults(long.as_bytes(), true, "a", ".a");
        assert_eq!(
            found,
            [("too_long", "the body is longer than 2.0 KiB".to_owned())]
        );
        let (reason, observed) = faults(long.as_bytes(), true, "b", ".a").swap_remove(0);
        assert_eq!(reason, "no_match");
        assert!(
            observed.starts_with("the first 2.0 KiB of the body begin with \"aaa"),
            "{observed}"
        );
    }

    #[test]
    fn a_wrong_expression_is_told() {
        let told = Pattern::compile("a(b").unwrap_err();
        assert_eq!(told, "`a(b` is no regular expression: unclosed group");
    }

    #[test]
    fn what_is_shown_is_cut_between_characters() {
        assert_eq!(quoted(b" a\n\xff "), "\"a\\n\u{fffd}\"");
        let long = "é".repeat(1000);
        assert_eq!(quoted(long.as_bytes()), format!("\"{}\"…", "é".repeat(100)));
        assert_eq!(first(&long), format!("{}…", "é".repeat(100)));
        let secret = "cut-secret-".repeat(20);
        redact::learn(&secret);
        assert_eq!(quoted(secret.as_bytes()), "\"***\"");
        assert_eq!(first(&secret), "***");
    }
}
