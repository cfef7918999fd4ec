//! Words, numbers, sizes, durations and dates in the reader's language.

mod messages;
mod number;
mod time;

pub(crate) use messages::Messages;
pub(crate) use time::Zone;

use clap::ValueEnum;
use std::env;

/// A language that reports are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// French
    Fr,
    /// English
    En,
}

/// A language with all that is needed to write it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Language {
    pub(crate) lang: Lang,
    messages: &'static Messages,
}

impl Lang {
    /// Its code, as HTML's `lang` has it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// Of a locale's name, such as `fr_FR.UTF-8`.
    fn of_locale(name: &str) -> Self {
        if name == "fr" || name.starts_with("fr_") || name.starts_with("fr.") {
            Self::Fr
        } else {
            Self::En
        }
    }

    /// That of the environment: locale(7).
    fn of_environment() -> Self {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let mut set = names.into_iter().filter_map(|name| env::var(name).ok());
        let set = set.find(|value| !value.is_empty());
        set.map_or(Self::En, |name| Self::of_locale(&name))
    }
}

impl Language {
    /// The one that was asked for, else that of the environment.
    pub(crate) fn of(asked: Option<Lang>) -> Self {
        let lang = asked.unwrap_or_else(Lang::of_environment);
        Self {
            lang,
            messages: Messages::of(lang),
        }
    }

    /// The message `key`, filled in; none when there is none.
    ///
    /// `count` chooses between singular and plural.
    pub(crate) fn message(
        &self,
        key: &str,
        count: Option<f64>,
        values: &[(&str, String)],
    ) -> Option<String> {
        let is_one = count.is_some_and(|count| self.is_one(count));
        let mut rest = self.messages.get(key, is_one)?;
        let mut text = String::new();
        // In one pass: what is filled in may hold braces itself.
        while let Some((before, name, after)) = placeholder(rest) {
            text.push_str(before);
            let value = values.iter().find(|(known, _)| *known == name);
            text.push_str(value.map_or("", |(_, value)| value));
            rest = after;
        }
        text.push_str(rest);
        Some(text)
    }

    /// Whether a count takes the singular: CLDR's rules, without compact numbers.
    fn is_one(&self, count: f64) -> bool {
        match self.lang {
            Lang::Fr => count.abs() < 2.0,
            Lang::En => (count - 1.0).abs() < f64::EPSILON,
        }
    }

    /// One word of a list of words, such as the months, from zero.
    fn word(&self, list: &str, at: usize) -> &'static str {
        self.messages.word(list, at)
    }
}

/// What stands before the first `{name}`, the name, and what stands after it.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_name_languages() {
        for (name, lang) in [
            ("fr_FR.UTF-8", Lang::Fr),
            ("fr", Lang::Fr),
            ("fr_CA", Lang::Fr),
            ("C", Lang::En),
            ("frr_DE", Lang::En),
            ("de_DE.UTF-8", Lang::En),
        ] {
            assert_eq!(Lang::of_locale(name), lang, "{name}");
        }
    }

    #[test]
    fn plurals_follow_the_language() {
        let (fr, en) = (Language::of(Some(Lang::Fr)), Language::of(Some(Lang::En)));
        assert!(fr.is_one(0.0) && fr.is_one(1.5) && !fr.is_one(2.0));
        assert!(!en.is_one(0.0) && en.is_one(1.0) && !en.is_one(1.5));
    }
}
