//! Connection strings: URLs and `key=value` text, as libpq reads them
//! (<https://www.postgresql.org/docs/current/libpq-connect.html>).

use crate::failure::Failure;
use crate::redact;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// libpq's keywords (`host`, `sslmode`…) and their values.
pub(super) type Keywords = BTreeMap<String, String>;

/// The keywords of a URL or of `key=value` text. Keywords that libpq does not
/// know, such as Prisma's `schema` and `connection_limit`, are kept and have
/// no effect.
pub(super) fn parse(text: &str) -> Result<Keywords, Failure> {
    let text = text.trim();
    let keywords = match text.split_once("://") {
        Some((scheme, rest)) if is_postgres(scheme) => url(rest),
        Some((scheme, _)) if is_word(scheme) => Err(format!(
            "it begins with `{scheme}://` instead of `postgresql://`"
        )),
        _ => pairs(text),
    };
    let keywords = keywords.map_err(|why| {
        Failure::not_started("pg_url", format!("cannot read the database URL: {why}"))
            .hint("write `postgresql://user:password@host:5432/database`, with special characters percent-encoded")
    })?;
    if let Some(password) = keywords.get("password") {
        redact::learn(password);
    }
    Ok(keywords)
}

/// Whether a URL's scheme is PostgreSQL's; Python frameworks append a driver
/// (`postgresql+asyncpg`).
fn is_postgres(scheme: &str) -> bool {
    let name = scheme.split_once('+').map_or(scheme, |(name, _)| name);
    name == "postgresql" || name == "postgres"
}

fn is_word(scheme: &str) -> bool {
    scheme
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"+-.:".contains(&byte))
}

fn url(rest: &str) -> Result<Keywords, String> {
    let mut keywords = Keywords::new();
    let (main, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = main.split_once('/').unwrap_or((main, ""));
    // The last `@`: libpq takes the first, and fails on a password with one.
    let (credentials, hosts) = match authority.rsplit_once('@') {
        Some((credentials, hosts)) => (credentials, hosts),
        None => ("", authority),
    };
    let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
    redact::learn(password);
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = host_and_port(host)?;
        names.push(decode(name)?);
        ports.push(port.to_owned());
    }
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            keywords.insert(name.to_owned(), value);
        }
    };
    put("user", decode(user)?);
    put("password", decode(password)?);
    put("dbname", decode(path)?);
    if names.iter().any(|name| !name.is_empty()) {
        put("host", names.join(","));
    }
    if ports.iter().any(|port| !port.is_empty()) {
        put("port", ports.join(","));
    }
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match (decode(name)?.as_str(), decode(value)?) {
            // What JDBC writes, and libpq takes.
            ("ssl", value) if value == "true" => put("sslmode", "require".into()),
            (name, value) => put(name, value),
        }
    }
    Ok(keywords)
}

fn host_and_port(host: &str) -> Result<(&str, &str), String> {
    if let Some(rest) = host.strip_prefix('[') {
        let (name, after) = rest
            .split_once(']')
            .ok_or_else(|| format!("`{host}` lacks its `]`"))?;
        return match after.strip_prefix(':') {
            Some(port) => Ok((name, port)),
            None if after.is_empty() => Ok((name, "")),
            None => Err(format!("`{after}` follows the address `[{name}]`")),
        };
    }
    Ok(host.split_once(':').unwrap_or((host, "")))
}

fn decode(text: &str) -> Result<String, String> {
    for (at, _) in text.match_indices('%') {
        let digits = text.as_bytes().get(at + 1..at + 3);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err("a `%` in it is not followed by two hexadecimal digits".into());
        }
    }
    let decoded = percent_decode_str(text).decode_utf8();
    match decoded {
        Ok(decoded) if decoded.contains('\0') => Err("it contains `%00`".into()),
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err("it is not UTF-8".into()),
    }
}

/// `host=db dbname='my shop'`, with `\'` and `\\` inside and outside quotes.
fn pairs(text: &str) -> Result<Keywords, String> {
    let mut keywords = Keywords::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or("it is neither a URL nor `key=value` pairs")?;
        let (value, after) = value(after.trim_start())?;
        keywords.insert(name.trim().to_owned(), value);
        rest = after.trim_start();
    }
    Ok(keywords)
}

fn value(text: &str) -> Result<(String, &str), String> {
    let (quoted, text) = match text.strip_prefix('\'') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, next)| next)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if c.is_whitespace() && !quoted => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        return Err("a quote in it is not closed".into());
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse(text) {
            Ok(keywords) => keywords
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.message,
        }
    }

    #[test]
    fn reads_urls() {
        for (text, expected) in [
            (
                "postgresql://app:p%40ss@db:5433/shop",
                "dbname=shop host=db password=p@ss port=5433 user=app",
            ),
            ("postgres://", ""),
            (
                "postgres://u:a@b@db/d",
                "dbname=d host=db password=a@b user=u",
            ),
            (
                "postgresql://a,b:2,[::1]:3/d",
                "dbname=d host=a,b,::1 port=,2,3",
            ),
            (
                "postgresql://u@%2Fvar%2Frun/d",
                "dbname=d host=/var/run user=u",
            ),
            (
                "postgresql://u@h/d?host=/tmp&sslmode=verify-full",
                "dbname=d host=/tmp sslmode=verify-full user=u",
            ),
            (
                "postgres://h/d?schema=public&connection_limit=5&pgbouncer=true",
                "connection_limit=5 dbname=d host=h pgbouncer=true schema=public",
            ),
            ("postgres://h/d?ssl=true", "dbname=d host=h sslmode=require"),
            ("postgresql+asyncpg://h/d", "dbname=d host=h"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_pairs() {
        assert_eq!(
            shown(r"host = db dbname='my \'shop\\' user=a\ b"),
            r"dbname=my 'shop\ host=db user=a b"
        );
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, expected) in [
            ("mysql://h/d", "begins with `mysql://`"),
            ("postgres://h/%zz", "two hexadecimal digits"),
            ("postgres://h/%é", "two hexadecimal digits"),
            ("postgres://[::1/d", "lacks its `]`"),
            ("postgres://h/%00", "%00"),
            ("nonsense", "neither a URL"),
            ("host='a", "not closed"),
        ] {
            assert!(shown(text).contains(expected), "{text}: {}", shown(text));
        }
    }
}
