//! The secrets in a container's variables and arguments, which are masked from
//! then on in all that the tools write.

use crate::redact;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// Learns each value whose name says that it is secret, and each password
/// inside a URL.
pub(super) fn learn_environment(variables: &BTreeMap<String, String>) {
    for (name, value) in variables {
        if is_secret(name) {
            redact::learn(value);
        }
        learn_url(value);
    }
}

/// Learns the values of arguments such as `--requirepass`, and the passwords
/// in URLs.
pub(super) fn learn_command(words: &[String]) {
    learn_arguments(words.iter().map(String::as_str));
    for script in words
        .iter()
        .filter(|word| word.contains(char::is_whitespace))
    {
        let unquoted = |part: &'_ str| part.trim_matches(['"', '\'']).to_owned();
        let parts: Vec<_> = script.split_whitespace().map(unquoted).collect();
        learn_arguments(parts.iter().map(String::as_str));
    }
}

fn learn_arguments<'a>(words: impl Iterator<Item = &'a str>) {
    let mut expected = false;
    for word in words {
        learn_url(word);
        // `$NAME` is no secret; the variable's value is learned by its name.
        if expected && !word.starts_with('$') {
            redact::learn(word);
        }
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let secret = name.strip_prefix("--").is_some_and(is_secret);
        if secret {
            redact::learn(value);
        }
        expected = secret && value.is_empty();
    }
}

/// Whether a variable or an argument of this name holds a secret itself, not
/// where one lies (`…_FILE`) or how long it is valid (`TOKEN_EXPIRES_IN`).
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let last = name.rsplit(['_', '-']).next().unwrap_or(&name);
    let endings = [
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "PASS",
    ];
    endings.iter().any(|ending| last.ends_with(ending))
        || matches!(last, "KEY" | "PW" | "CREDENTIAL" | "CREDENTIALS")
        || (last == "PWD" && name != "PWD")
        || matches!(&*name, "SECRET_KEY_BASE" | "REDISCLI_AUTH" | "MASTERAUTH")
}

/// Learns the password of `scheme://user:password@host`, even when it has
/// characters that a URL may not have.
fn learn_url(value: &str) {
    let authority = value
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'));
    if let Some((_, password)) = authority.and_then(|(userinfo, _)| userinfo.split_once(':')) {
        redact::learn(password);
        redact::learn(&percent_decode_str(password).decode_utf8_lossy());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn knows_a_secret_by_its_name() {
        for name in [
            "POSTGRES_PASSWORD",
            "PGPASSWORD",
            "JWT_SECRET",
            "api_key",
            "DB_PASS",
            "requirepass",
            "masterauth",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "POSTGRES_PASSWORD_FILE",
            "TOKEN_EXPIRES_IN",
            "KEYBOARD",
            "POSTGRES_USER",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn masks_variables_and_urls() {
        learn_environment(&environment(&[
            ("STACK_PASSWORD", "kestrel-one"),
            ("BROKER", "redis://:kestrel%2Dtwo@redis:6379/0"),
            ("TOKEN_EXPIRES_IN", "kestrel-days"),
        ]));
        let shown = redact::text("kestrel-one kestrel-two kestrel-days");
        assert_eq!(shown, "*** *** kestrel-days");
    }

    #[test]
    fn masks_arguments_also_inside_a_script() {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        learn_command(&words(&[
            "redis-server",
            "--requirepass",
            "merlin-one",
            "--port",
            "6390",
        ]));
        learn_command(&words(&[
            "sh",
            "-c",
            "exec redis-server --requirepass 'merlin-two' --save ''",
        ]));
        learn_command(&words(&["exporter", "--redis.password=merlin-three"]));
        let shown = redact::text("merlin-one merlin-two merlin-three 6390");
        assert_eq!(shown, "*** *** *** 6390");
    }
}
