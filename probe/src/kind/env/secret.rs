//! Whether a value is a secret at all, and one that is hard to guess.

use std::collections::BTreeSet;

/// What examples and templates hold where a value has to be filled in, in
/// lower case, `-` and spaces written `_`.
const PLACEHOLDERS: [&str; 10] = [
    "changeme",
    "change_me",
    "change_this",
    "changez_moi",
    "a_changer",
    "à_changer",
    "replace_me",
    "replace_with",
    "your_",
    "votre_",
];
/// The same, where they are the whole value.
const BLANKS: [&str; 5] = ["todo", "xxx", "xxxx", "placeholder", "fixme"];

/// Values that everybody tries first.
const USUAL: [&str; 12] = [
    "password",
    "motdepasse",
    "mot_de_passe",
    "secret",
    "admin",
    "root",
    "postgres",
    "redis",
    "123456",
    "12345678",
    "azerty",
    "qwerty",
];

/// How many different characters a secret has at the least.
const DIFFERENT: usize = 8;

/// Whether a value stands for one that is still to be filled in.
pub(super) fn is_placeholder(value: &str) -> bool {
    let plain = plain(value);
    let bracketed = |open, close| value.starts_with(open) && value.ends_with(close);
    PLACEHOLDERS
        .iter()
        .any(|placeholder| plain.contains(placeholder))
        || BLANKS.contains(&plain.as_str())
        || bracketed('<', '>')
        || bracketed('[', ']')
}

/// Whether a secret of at least `length` characters is hard to guess.
pub(super) fn strength(value: &str, length: usize) -> Result<(), String> {
    let characters = value.chars().count();
    if characters < length {
        return Err(format!("has {characters} characters, fewer than {length}"));
    }
    let different = value.chars().collect::<BTreeSet<_>>().len();
    if different < DIFFERENT.min(length) {
        return Err("repeats few characters".into());
    }
    let plain = plain(value);
    let rest = USUAL
        .iter()
        .fold(plain, |rest, word| rest.replace(word, ""));
    if rest.chars().count() < length / 2 {
        return Err("is made of words that everybody tries first".into());
    }
    Ok(())
}

fn plain(value: &str) -> String {
    value.to_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_not_values() {
        // `TODO` among them: what people leave where a value has to come.
        for value in [
            "changeme",
            "CHANGE-ME-please",
            "<mot-de-passe-staging>",
            "your_jwt_secret_here",
            "à changer",
            "TODO",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["9f1c7b0d55aa41e2", "shop", "postgres://app@db/app"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }

    #[test]
    fn weak_secrets_are_told_why() {
        let told = |value| strength(value, 16).unwrap_err();
        assert_eq!(told("short"), "has 5 characters, fewer than 16");
        assert_eq!(told("abababababababababab"), "repeats few characters");
        assert_eq!(
            told("passwordsecretadmin1"),
            "is made of words that everybody tries first"
        );
        assert_eq!(strength("9f1c7b0d55aa41e2b7c8", 16), Ok(()));
    }
}
