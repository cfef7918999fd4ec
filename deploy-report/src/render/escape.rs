//! What records hold, as text: no markup, no control characters, no end of line,
//! and not more than can be read.

use crate::language::Language;
use minijinja::Value;
use minijinja::value::ValueKind;
use std::fmt::Write;

/// What the text is put into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Markup {
    Text,
    Markdown,
    Html,
}

/// How many characters of one value are shown.
const LONGEST: usize = 1000;
/// What stands for a value that no record has.
const NONE: &str = "—";

/// A template's value as the format shows it.
pub(crate) fn value(value: &Value, markup: Markup, language: &Language) -> String {
    if value.is_none() || value.is_undefined() {
        return NONE.to_owned();
    }
    let text = value.to_string();
    if value.is_safe() || value.kind() == ValueKind::Number {
        return text;
    }
    let text = visible(&cut(&text, language));
    match markup {
        Markup::Text => text,
        Markup::Markdown => markdown(&text),
        Markup::Html => html(&text),
    }
}

/// What a tool said, which sets names and commands in backticks: these are code.
pub(crate) fn said(value: &Value, markup: Markup, language: &Language) -> Value {
    let text = value.as_str().filter(|_| markup == Markup::Html);
    let Some(text) = text.filter(|text| text.matches('`').count().is_multiple_of(2)) else {
        return value.clone();
    };
    let text = visible(&cut(text, language));
    let pieces = text.split('`').enumerate();
    let pieces = pieces.map(|(at, piece)| match at % 2 {
        0 => html(piece),
        _ => format!("<code>{}</code>", html(piece)),
    });
    Value::from_safe_string(pieces.collect())
}

/// The beginning of a text that is too long, with a word about it.
fn cut<'t>(text: &'t str, language: &Language) -> std::borrow::Cow<'t, str> {
    let Some((end, _)) = text.char_indices().nth(LONGEST) else {
        return text.into();
    };
    #[allow(clippy::cast_precision_loss)] // Three digits are shown.
    let whole = language.size(text.len() as f64);
    let more = language.message("text.cut", None, &[("size", whole)]);
    format!("{}… {}", &text[..end], more.unwrap_or_default()).into()
}

/// Ends of lines and tabs as spaces; other control characters, and those that
/// turn the direction of a text around, as their numbers.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\t' | '\r' => shown.push(' '),
            _ if is_invisible(letter) => {
                // Writing to a `String` does not fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
            }
            _ => shown.push(letter),
        }
    }
    shown
}

/// Control characters; marks, embeddings, overrides and isolates of direction
/// (UAX #9); ends of lines and marks that nobody sees.
pub(crate) fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // In a message, backticks mark code.
            '`' => escaped.push_str("&#96;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// As little as possible is escaped, for Markdown is read as it is, too:
/// whatever is markup in the middle of a line of GitHub's Markdown
/// (<https://github.github.com/gfm/>), and at the beginning of one.
fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let letters: Vec<char> = text.chars().collect();
    let is_word = |at: Option<usize>| {
        let letter = at.and_then(|at| letters.get(at));
        letter.is_some_and(|letter| letter.is_alphanumeric())
    };
    for (at, letter) in letters.iter().copied().enumerate() {
        let follows = |text: &str| {
            letters[at + 1..]
                .iter()
                .copied()
                .take(text.len())
                .eq(text.chars())
        };
        let is_inside = is_word(at.checked_sub(1)) && is_word(Some(at + 1));
        let is_markup = match letter {
            '\\' | '`' | '*' | '[' | ']' | '|' | '~' | '$' => true,
            '_' => !is_inside,
            // Addresses become links by themselves.
            ':' => follows("//"),
            '.' => {
                at >= 3
                    && letters[at - 3..at]
                        .iter()
                        .all(|letter| matches!(letter, 'w' | 'W'))
            }
            '#' | '+' | '-' | '=' => at == 0,
            _ => false,
        };
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            _ if is_markup => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    ordinal(&escaped)
}

/// A text that begins as an item of a numbered list does.
fn ordinal(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let rest = &text[digits..];
    let is_item = (rest.starts_with(['.', ')']) && digits > 0) && rest[1..].starts_with(' ');
    if is_item {
        format!("{}\\{rest}", &text[..digits])
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Lang;

    fn shown(text: &str, markup: Markup) -> String {
        value(&Value::from(text), markup, &Language::of(Some(Lang::En)))
    }

    #[test]
    fn nothing_in_a_text_is_markup() {
        for (text, expected) in [
            ("a | b", "a \\| b"),
            ("*x* _y_ snake_case", "\\*x\\* \\_y\\_ snake_case"),
            ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
            ("[a](http://b)", "\\[a\\](http\\://b)"),
            ("www.example.fr", "www\\.example.fr"),
            ("# title", "\\# title"),
            ("1. first", "1\\. first"),
            ("1.5 GB", "1.5 GB"),
            ("`code`\\", "\\`code\\`\\\\"),
            ("one\ntwo", "one two"),
        ] {
            assert_eq!(shown(text, Markup::Markdown), expected);
        }
        assert_eq!(
            shown("<a href='x' title=\"y\">&", Markup::Html),
            "&lt;a href=&#39;x&#39; title=&quot;y&quot;&gt;&amp;"
        );
    }

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        for markup in [Markup::Text, Markup::Html] {
            assert_eq!(
                shown("\u{1b}[31mred\u{7}\u{202e}\u{9b}", markup),
                "\\u{1b}[31mred\\u{7}\\u{202e}\\u{9b}"
            );
        }
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let long = "é".repeat(5_000_000);
        let text = shown(&long, Markup::Text);
        assert!(
            text.ends_with("… (cut; 10.0\u{a0}MB in all)"),
            "{}",
            &text[1990..]
        );
        assert!(text.chars().count() < LONGEST + 40);
    }

    #[test]
    fn what_tools_set_in_backticks_is_code() {
        let language = Language::of(Some(Lang::En));
        let shown = |text: &str| {
            let said = said(&Value::from(text), Markup::Html, &language);
            value(&said, Markup::Html, &language)
        };
        assert_eq!(shown("run `a < b`, now"), "run <code>a &lt; b</code>, now");
        assert_eq!(shown("one ` <b>"), "one &#96; &lt;b&gt;");
        let long = format!("`{}`", "x".repeat(2000));
        assert_eq!(shown(&long).matches("code>").count(), 2);
    }

    #[test]
    fn what_is_missing_is_a_dash() {
        let language = Language::of(Some(Lang::En));
        assert_eq!(value(&Value::from(()), Markup::Html, &language), "—");
    }
}
