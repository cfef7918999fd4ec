//! Variables within a text, as Compose fills them in.
//!
//! | written | becomes |
//! |---|---|
//! | `$NAME`, `${NAME}` | the value |
//! | `${NAME:-text}`, `${NAME-text}` | the value, or `text` when it is empty or unset, or unset |
//! | `${NAME:+text}`, `${NAME+text}` | `text` when it is neither empty nor unset, or is not unset |
//! | `${NAME:?text}`, `${NAME?text}` | the value, or an error when it is empty or unset, or unset |
//! | `$$` | `$` |
//!
//! `text` may hold variables itself. A `$` before anything else stays. These
//! are the rules of <https://docs.docker.com/reference/compose-file/interpolation/>
//! as Compose 2.26 was observed to apply them; what 1.29 accepts means the same
//! in both, save that its `text` ends at the first `}` and is taken as it is.

use std::fmt;

/// Texts within texts beyond this depth are refused: reading them takes stack.
const DEEPEST: usize = 16;

/// What a tool accepts from one file in all. A file that doubles a value on
/// each line would otherwise fill the memory in forty lines.
const MOST: usize = 4 << 20;

/// What a variable that is not set stands for, where no default is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    /// Nothing, as in Compose.
    Blank,
    /// An error.
    Refused,
}

/// Why a text cannot be filled in. None of them holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// `${NAME}`, where `NAME` is not set.
    Unset(String),
    /// `$NAME`, where `NAME` is not set: perhaps a `$` in a password.
    UnsetBare(String),
    /// `${NAME:?message}`, where `NAME` is not set.
    Required(String, String),
    /// `${` without a name, or without its `}`.
    Malformed,
    /// Texts within texts beyond reason.
    TooDeep,
    /// Values beyond reason.
    TooLong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset(name) => write!(f, "`${{{name}}}` is not set"),
            Self::UnsetBare(name) => write!(f, "`${name}` is not set"),
            Self::Required(name, why) if why.is_empty() => write!(f, "`{name}` must be set"),
            Self::Required(name, why) => write!(f, "`{name}` must be set: {why}"),
            Self::Malformed => write!(f, "`${{` begins no variable that can be read"),
            Self::TooDeep => write!(f, "variables are nested more than {DEEPEST} deep"),
            Self::TooLong => write!(f, "variables grow to more than {} MiB", MOST >> 20),
        }
    }
}

/// Where the value of a variable is looked up.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Fills in the texts of one file.
pub(super) struct Expander {
    unset: Unset,
    left: usize,
}

impl Expander {
    /// One that has not yet filled in anything.
    pub(super) fn new(unset: Unset) -> Self {
        Self { unset, left: MOST }
    }

    /// The text with its variables filled in from `lookup`.
    pub(super) fn expand(&mut self, text: &str, lookup: Lookup<'_>) -> Result<String, Fault> {
        self.expand_at(text, lookup, 0)
    }

    fn expand_at(&mut self, text: &str, lookup: Lookup<'_>, depth: usize) -> Result<String, Fault> {
        if depth > DEEPEST {
            return Err(Fault::TooDeep);
        }
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            rest = if let Some(after) = after.strip_prefix('$') {
                expanded.push('$');
                after
            } else if let Some(braced) = after.strip_prefix('{') {
                let (inner, after) = split_at_brace(braced).ok_or(Fault::Malformed)?;
                expanded.push_str(&self.braced(inner, lookup, depth)?);
                after
            } else {
                let (name, after) = split_name(after);
                expanded.push_str(&self.bare(name, lookup)?);
                after
            };
            if expanded.len() > self.left {
                return Err(Fault::TooLong);
            }
        }
        expanded.push_str(rest);
        self.left = self
            .left
            .checked_sub(expanded.len())
            .ok_or(Fault::TooLong)?;
        Ok(expanded)
    }

    fn bare(&self, name: &str, lookup: Lookup<'_>) -> Result<String, Fault> {
        if name.is_empty() {
            return Ok("$".into());
        }
        self.plain(lookup(name))
            .ok_or_else(|| Fault::UnsetBare(name.into()))
    }

    fn braced(&mut self, inner: &str, lookup: Lookup<'_>, depth: usize) -> Result<String, Fault> {
        let (name, operation) = split_name(inner);
        if name.is_empty() {
            return Err(Fault::Malformed);
        }
        let value = lookup(name);
        if operation.is_empty() {
            return self.plain(value).ok_or_else(|| Fault::Unset(name.into()));
        }
        let (operation, empty_is_unset) = match operation.strip_prefix(':') {
            Some(operation) => (operation, true),
            None => (operation, false),
        };
        let value = value.filter(|value| !(empty_is_unset && value.is_empty()));
        let mut operation = operation.chars();
        let operator = operation.next();
        let mut text = || self.expand_at(operation.as_str(), lookup, depth + 1);
        match (operator, value) {
            (Some('-' | '?'), Some(value)) => Ok(value),
            (Some('-'), None) | (Some('+'), Some(_)) => text(),
            (Some('+'), None) => Ok(String::new()),
            (Some('?'), None) => Err(Fault::Required(name.into(), text()?)),
            _ => Err(Fault::Malformed),
        }
    }

    fn plain(&self, value: Option<String>) -> Option<String> {
        match self.unset {
            Unset::Blank => Some(value.unwrap_or_default()),
            Unset::Refused => value,
        }
    }
}

/// The name that `text` begins with, and what follows it.
fn split_name(text: &str) -> (&str, &str) {
    let is_name = |(at, byte): (usize, u8)| {
        byte == b'_' || byte.is_ascii_alphabetic() || (at > 0 && byte.is_ascii_digit())
    };
    let end = text.bytes().enumerate().position(|byte| !is_name(byte));
    text.split_at(end.unwrap_or(text.len()))
}

/// What stands before the `}` that closes a variable, and what follows it.
///
/// Braces within count, so that a default may be JSON; where they do not
/// match, the last one closes.
fn split_at_brace(text: &str) -> Option<(&str, &str)> {
    let mut open = 1;
    let matching = text.bytes().position(|byte| {
        match byte {
            b'{' => open += 1,
            b'}' => open -= 1,
            _ => {}
        }
        open == 0
    });
    let end = matching.or_else(|| text.rfind('}'))?;
    Some((&text[..end], &text[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str, unset: Unset) -> Result<String, Fault> {
        let lookup = |name: &str| match name {
            "B" => Some("2".to_owned()),
            "E" => Some(String::new()),
            _ => None,
        };
        Expander::new(unset).expand(text, &lookup)
    }

    /// Each of these is what `docker compose config` 2.26 made of the text,
    /// with `B=2`, `E=` and neither `X` nor `Y` in the environment.
    #[test]
    fn fills_in_what_compose_fills_in() {
        for (text, expected) in [
            ("$B", "2"),
            ("${B}", "2"),
            ("$X", ""),
            ("${X}", ""),
            ("${E}", ""),
            ("${E:-d}", "d"),
            ("${E-d}", ""),
            ("${X:-d}", "d"),
            ("${X-d}", "d"),
            ("${B:-d}", "2"),
            ("${B:+alt}", "alt"),
            ("${E:+alt}", ""),
            ("${E+alt}", "alt"),
            ("${X+alt}", ""),
            ("$$", "$"),
            ("$$B", "$B"),
            ("$$$B", "$2"),
            ("$", "$"),
            ("a$", "a$"),
            ("$4", "$4"),
            ("$-", "$-"),
            ("$é", "$é"),
            ("$Bé", "2é"),
            ("${E?msg}|", "|"),
            ("${B:?msg}|${B?msg}", "2|2"),
            ("${X:-${Y:-deep}}", "deep"),
            ("${X:-$B}", "2"),
            ("${X:-a}b}", "ab}"),
            ("${X:-{a}}", "{a}"),
            ("${B:-{a}}", "2"),
            ("${B:-{a}b}|", "2|"),
            ("${B:-{a}|", "2|"),
            ("${B:+{\"k\":\"${B}\"}}|}", "{\"k\":\"2\"}|}"),
            ("{${B}}|{{$B}}", "{2}|{{2}}"),
            ("${X:-$$}", "$"),
            ("${X:-$}|", "$|"),
            ("${X:-a:-b}|${X-a:?b}|${X:-a?b-c}", "a:-b|a:?b|a?b-c"),
            ("${X:-a}-${X:-b}", "a-b"),
            ("$b$_${b}", ""),
            ("%B% `B` $(B)", "%B% `B` $(B)"),
        ] {
            assert_eq!(
                expand(text, Unset::Blank).as_deref(),
                Ok(expected),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_compose_refuses() {
        for text in [
            "${", "${}", "${B", "${1}", "${B:x}", "${ B}", "${B }", "${B/x/y}",
        ] {
            assert_eq!(expand(text, Unset::Blank), Err(Fault::Malformed), "{text}");
        }
        for text in ["${X:?must $$ be ${E:-set}}", "${X?must $$ be ${E:-set}}"] {
            let fault = expand(text, Unset::Blank).unwrap_err();
            assert_eq!(fault.to_string(), "`X` must be set: must $ be set");
        }
    }

    #[test]
    fn an_unset_variable_is_an_error_where_it_is_to_be_one() {
        let fault = |text| expand(text, Unset::Refused).unwrap_err().to_string();
        assert_eq!(fault("a${X}"), "`${X}` is not set");
        assert_eq!(fault("a$X"), "`$X` is not set");
        assert_eq!(fault("${Y:-${X}}"), "`${X}` is not set");
        assert_eq!(expand("${X:-}${E}$", Unset::Refused).as_deref(), Ok("$"));
    }

    #[test]
    fn hostile_texts_end_in_an_error() {
        let deep = "${X:-".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(expand(&deep, Unset::Blank), Err(Fault::TooDeep));
        let long = |_: &str| Some("x".repeat(1 << 16));
        let mut expander = Expander::new(Unset::Blank);
        assert_eq!(
            expander.expand(&"$B".repeat(100), &long),
            Err(Fault::TooLong)
        );
        assert!((0..100).any(|_| expander.expand("$B", &long) == Err(Fault::TooLong)));
    }
}
