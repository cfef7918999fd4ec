//! The tables of messages, one file a language.

use super::Lang;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use toml::Value;

/// A language's messages by their keys, such as `verdict.failed`.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    texts: BTreeMap<String, Text>,
    words: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
struct Text {
    one: String,
    other: String,
}

static EN: LazyLock<Messages> =
    LazyLock::new(|| Messages::read(include_str!("../../lang/en.toml")));
static FR: LazyLock<Messages> =
    LazyLock::new(|| Messages::read(include_str!("../../lang/fr.toml")));

impl Messages {
    /// Those of a language.
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::En => &EN,
            Lang::Fr => &FR,
        }
    }

    /// The message `key`, in singular or plural.
    pub(super) fn get(&self, key: &str, is_one: bool) -> Option<&str> {
        let text = self.texts.get(key)?;
        Some(if is_one { &text.one } else { &text.other })
    }

    /// A word of the list `key`, from zero.
    pub(super) fn word(&self, key: &str, at: usize) -> &str {
        let words = self.words.get(key);
        words
            .and_then(|words| words.get(at))
            .map_or("", String::as_str)
    }

    /// Reads a table. It is part of the program: a test reads both.
    fn read(source: &str) -> Self {
        let mut messages = Self::default();
        if let Ok(table) = source.parse::<toml::Table>() {
            messages.add("", &Value::Table(table));
        }
        messages
    }

    fn add(&mut self, key: &str, value: &Value) {
        match value {
            Value::String(text) => self.text(key, text, text),
            Value::Array(words) => {
                let words = words.iter().filter_map(Value::as_str);
                let words = words.map(str::to_owned).collect();
                self.words.insert(key.to_owned(), words);
            }
            Value::Table(table) => match (table.get("one"), table.get("other")) {
                (Some(Value::String(one)), Some(Value::String(other))) => {
                    self.text(key, one, other);
                }
                _ => {
                    for (name, value) in table {
                        let dot = if key.is_empty() { "" } else { "." };
                        self.add(&format!("{key}{dot}{name}"), value);
                    }
                }
            },
            _ => {}
        }
    }

    fn text(&mut self, key: &str, one: &str, other: &str) {
        let (one, other) = (one.to_owned(), other.to_owned());
        self.texts.insert(key.to_owned(), Text { one, other });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that can ask for a message.
    const ASKING: [&str; 11] = [
        include_str!("../../templates/period.txt"),
        include_str!("../../templates/period.md"),
        include_str!("../../templates/period.html"),
        include_str!("../render/trend.rs"),
        include_str!("../../templates/deployment.txt"),
        include_str!("../../templates/deployment.md"),
        include_str!("../../templates/deployment.html"),
        include_str!("number.rs"),
        include_str!("time.rs"),
        include_str!("../render/escape.rs"),
        include_str!("../render/shown.rs"),
    ];

    fn names(text: &str) -> Vec<&str> {
        let pieces = text.split('{').skip(1);
        let mut names: Vec<_> = pieces.filter_map(|piece| piece.split('}').next()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn both_languages_have_the_same_messages() {
        let keys = |messages: &Messages| {
            let texts: Vec<_> = messages.texts.keys().cloned().collect();
            let words = messages.words.iter();
            let words: Vec<_> = words
                .map(|(key, words)| (key.clone(), words.len()))
                .collect();
            (texts, words)
        };
        assert!(EN.texts.len() > 100, "the tables can be read");
        assert_eq!(keys(&EN), keys(&FR));
        for (key, en) in &EN.texts {
            let fr = &FR.texts[key];
            assert_eq!(names(&en.other), names(&fr.other), "{key}");
        }
    }

    #[test]
    fn every_message_is_used() {
        let asking = ASKING.concat();
        let lists = EN.words.keys();
        for key in EN.texts.keys().chain(lists) {
            let section = key.rsplit_once('.').map_or("", |(section, _)| section);
            let is_used = asking.contains(&format!("\"{key}\""))
                || asking.contains(&format!("\"{section}.\" ~"))
                || asking.contains(&format!("word(\"{section}\""))
                || key
                    .rsplit_once('_')
                    .is_some_and(|(stem, _)| asking.contains(&format!("\"{stem}_\" ~")));
            assert!(is_used, "nothing asks for `{key}`");
        }
    }

    #[test]
    fn every_message_that_is_asked_for_is_there() {
        for source in &ASKING[..3] {
            for piece in source.split("t(\"").skip(1) {
                let (key, rest) = piece.split_once('"').unwrap();
                let is_prefix = rest.trim_start().starts_with('~');
                let mut keys = EN.texts.keys();
                let is_there = if is_prefix {
                    keys.any(|known| known.starts_with(key))
                } else {
                    EN.texts.contains_key(key)
                };
                assert!(is_there, "`{key}` is no message");
            }
        }
    }

    #[test]
    fn french_is_set_as_the_french_set_it() {
        for (key, text) in &FR.texts {
            for text in [&text.one, &text.other] {
                for mark in [" :", " ;", " !", " ?", " »", "« ", "'"] {
                    assert!(!text.contains(mark), "`{key}` holds `{mark}`: {text}");
                }
            }
        }
    }
}
