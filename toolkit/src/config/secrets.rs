//! What is secret among the values that a tool reads, so that
//! [`redact`] learns it before anything can show it.

use crate::redact;
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::Path;

/// A value that debug output does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a password, and learns it.
    pub fn password(value: impl Into<String>) -> Self {
        let value = value.into();
        redact::learn(&value);
        Self(value)
    }

    /// Takes a URL or connection string, and learns the passwords in it.
    pub fn url(value: impl Into<String>) -> Self {
        let value = value.into();
        learn_url(&value);
        Self(value)
    }

    /// The value itself, for where it is used.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(redact::MASK)
    }
}

/// Learns the value of the environment variable `name`, if its name says that
/// it is secret, and the passwords of any URL in it.
pub fn learn_variable(name: &str, value: &str) {
    if is_secret(name) && !is_file(value) {
        redact::learn(value);
    }
    learn_url(value);
}

/// Learns every password in `text`, which may be a URL (`postgres://u:p@h`, a
/// `?password=` in it) or a libpq connection string (`host=h password=p`).
///
/// Written by hand, as URL parsers refuse what libpq and Redis clients accept
/// (several hosts, a password that was not percent-encoded), and a secret in
/// such a URL is to be masked all the same.
pub fn learn_url(text: &str) {
    if let Some((scheme, rest)) = text.split_once("://") {
        learn_user_info(scheme, rest);
    }
    for part in text.split(['?', '&', ' ', ';', '#', '\n']) {
        if let Some((name, value)) = part.split_once('=')
            && is_secret(name)
        {
            learn_forms(value.trim_matches(['\'', '"']));
        }
    }
}

fn learn_user_info(scheme: &str, rest: &str) {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let Some((user_info, _)) = authority.rsplit_once('@').or_else(|| {
        // A `/`, `?` or `#` in the password ends the authority too early; what
        // looks like a port is one.
        let (_, port) = authority.rsplit_once(':')?;
        let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
        (!is_port).then(|| rest.rsplit_once('@')).flatten()
    }) else {
        return;
    };
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    learn_forms(password);
    // `https://TOKEN@host`, as Git servers take it.
    if scheme.ends_with("http") || scheme.ends_with("https") {
        const SHORTEST_TOKEN: usize = 16;
        if user.len() >= SHORTEST_TOKEN {
            learn_forms(user);
        }
    }
}

fn learn_forms(secret: &str) {
    // `PGPASSWORD=$PASSWORD` in a script only names where the secret is.
    if secret.starts_with('$') {
        return;
    }
    redact::learn(secret);
    redact::learn(&percent_decode_str(secret).decode_utf8_lossy());
}

/// Whether a variable of this name holds a secret: one of its words says so,
/// and the last one does not say that it is only about a secret
/// (`JWT_SECRET_FILE`, `TOKEN_TTL`).
fn is_secret(name: &str) -> bool {
    const SAYS_SO: &[&str] = &[
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "SECRET",
        "TOKEN",
        "PRIVATE",
        "CREDENTIAL",
        "APIKEY",
        "AUTHORIZATION",
    ];
    const SAYS_SO_AT_THE_END: &[&str] = &["KEY", "KEYS", "AUTH", "PASS", "PWD", "PW", "SALT"];
    const ABOUT: &[&str] = &[
        "ALGORITHM",
        "AUDIENCE",
        "COUNT",
        "DIR",
        "ENABLED",
        "ENDPOINT",
        "EXPIRATION",
        "EXPIRES",
        "EXPIRY",
        "FILE",
        "HOST",
        "ID",
        "IN",
        "ISSUER",
        "LENGTH",
        "LIFETIME",
        "MINUTES",
        "NAME",
        "PATH",
        "PORT",
        "SECONDS",
        "TTL",
        "TYPE",
        "URI",
        "URL",
        "USER",
    ];
    let name = name.trim().to_ascii_uppercase();
    let words: Vec<_> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let Some(last) = words.last() else {
        return false;
    };
    let is_public = words.contains(&"PUBLIC") || ABOUT.contains(last);
    // The shell's working folder is no password.
    let is_folder = matches!(name.as_str(), "PWD" | "OLDPWD");
    let says_so = SAYS_SO.iter().any(|word| name.contains(word));
    (says_so || SAYS_SO_AT_THE_END.contains(last)) && !is_public && !is_folder
}

/// Whether the value names a file that holds the secret, such as
/// `TLS_KEY=/etc/ssl/key.pem`. Base64 may begin with `/` but has no dots.
fn is_file(value: &str) -> bool {
    let path = Path::new(value);
    let is_written_so = ["/", "./", "../", "~/"]
        .iter()
        .any(|start| value.starts_with(start));
    is_written_so && (path.extension().is_some() || path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets_from_what_is_about_them() {
        for name in [
            "POSTGRES_PASSWORD",
            "PGPASSWORD",
            "DB_PASS",
            "DB_PWD",
            "redis_password",
            "JWT_SECRET",
            "SECRET_KEY_BASE",
            "GITHUB_TOKEN",
            "STRIPE_KEY",
            "API_KEY",
            "PRIVATE_KEY",
            "APP_SALT",
            "AWS_SECRET_ACCESS_KEY",
            "GCP_CREDENTIALS",
            "BASIC_AUTH",
            "MYSQL_ROOT_PASSWD",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "PWD",
            "OLDPWD",
            "HOME",
            "POSTGRES_USER",
            "POSTGRES_PASSWORD_FILE",
            "JWT_KEY_PATH",
            "TOKEN_TTL",
            "JWT_SECRET_EXPIRES_IN",
            "SSH_AUTH_SOCK",
            "NEXTAUTH_URL",
            "KEYBOARD",
            "VAPID_PUBLIC_KEY",
            "AWS_ACCESS_KEY_ID",
            "MONKEY_NAME",
            "",
            "_",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }

    fn masks(learn: &dyn Fn(), shown: &str) {
        assert_eq!(redact::text(shown), shown, "known too early");
        learn();
        assert_eq!(redact::text(&format!("<{shown}>")), "<***>");
    }

    #[test]
    fn learns_the_passwords_of_urls() {
        for (url, password) in [
            ("postgres://app:url-pw-1@db:5432/app", "url-pw-1"),
            ("postgres://app:url%2Fpw%202@h1:1,h2:2/app", "url/pw 2"),
            ("redis://:url-pw-3@cache", "url-pw-3"),
            ("redis://default:url/pw?4#@cache:6379/0", "url/pw?4#"),
            ("postgres://app:url@pw-5@db/app", "url@pw-5"),
            ("postgres://db/app?user=a&password=url-pw-6&x=1", "url-pw-6"),
            ("host=db password='url-pw-7' user=a", "url-pw-7"),
            (
                "https://url-token-0123456789@git.example/x",
                "url-token-0123456789",
            ),
            ("https://hook.example/?access_token=url-pw-8", "url-pw-8"),
            ("jdbc:postgresql://db/app?password=url-pw-9", "url-pw-9"),
        ] {
            masks(&|| learn_url(url), password);
        }
    }

    #[test]
    fn leaves_hosts_ports_and_files_alone() {
        learn_url("https://registry.example:4873/@plain-scope");
        learn_url("postgres://plain-user@plain-host:5432/plain-name?sslmode=plain-mode");
        learn_variable("PLAIN_TLS_KEY", "/plain-folder/key.pem");
        learn_variable("PLAIN_KEY", "/");
        learn_url("PGPASSWORD=$PLAIN_VARIABLE psql");
        let shown = "4873/ plain-scope plain-user plain-host plain-name plain-mode /plain-folder/key.pem $PLAIN_VARIABLE";
        assert_eq!(redact::text(shown), shown);
        masks(
            &|| learn_variable("SOME_API_KEY", "/base64+begins/so=="),
            "/base64+begins/so==",
        );
    }

    #[test]
    fn debug_output_hides_it() {
        assert_eq!(format!("{:?}", Secret::password("debug-pw")), "***");
    }
}
