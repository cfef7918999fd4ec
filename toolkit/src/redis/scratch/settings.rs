//! What a throwaway Redis is told before it starts.

use super::super::link::Link;
use super::super::server::Server;
use anyhow::{Context, Result, anyhow};
use redis::Value;
use std::fmt::Write;
use std::ops::RangeInclusive;

/// Where a port is picked: below Linux's range of outgoing connections.
const PORTS: RangeInclusive<u16> = 20_000..=32_000;

/// A module that a server has loaded from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    path: String,
    arguments: Vec<String>,
}

/// The modules that a server has loaded from files; none where it does not
/// tell (before Redis 7).
///
/// # Errors
/// What [`Link::open`] and [`Link::command`] return.
pub fn modules(server: &Server) -> Result<Vec<Module>> {
    loaded(&mut Link::open(server)?)
}

pub(in super::super) fn loaded(link: &mut Link) -> Result<Vec<Module>> {
    let Value::Array(modules) = link.command(&["MODULE", "LIST"])? else {
        return Ok(Vec::new());
    };
    Ok(modules.into_iter().filter_map(module).collect())
}

/// One from its list of names and values. Those that are part of the server
/// have no path.
fn module(fields: Value) -> Option<Module> {
    let Value::Array(fields) = fields else {
        return None;
    };
    let value = |wanted: &str| {
        let pairs = fields.chunks_exact(2);
        let mut values = pairs.filter_map(|pair| {
            let name: String = redis::from_redis_value(pair[0].clone()).ok()?;
            (name == wanted).then(|| pair[1].clone())
        });
        values.next()
    };
    let path: String = redis::from_redis_value(value("path")?).ok()?;
    let arguments = value("args").and_then(|args| redis::from_redis_value(args).ok());
    (!path.is_empty()).then(|| Module {
        path,
        arguments: arguments.unwrap_or_default(),
    })
}

/// The configuration file of one that works in `folder` on its `dump.rdb`.
pub(super) fn configuration(
    folder: &str,
    port: u16,
    password: &str,
    databases: u32,
    modules: &[Module],
) -> String {
    let folder = folder.trim_end_matches('/');
    let mut text = format!(
        "bind 127.0.0.1\n\
         port {port}\n\
         unixsocket {}\n\
         unixsocketperm 700\n\
         requirepass {}\n\
         dir {}\n\
         dbfilename dump.rdb\n\
         databases {databases}\n\
         save \"\"\n\
         appendonly no\n\
         repl-diskless-sync yes\n\
         repl-diskless-sync-delay 0\n",
        quoted(&format!("{folder}/redis.sock")),
        quoted(password),
        quoted(folder),
    );
    for module in modules {
        let words = std::iter::once(&module.path).chain(&module.arguments);
        let words: Vec<_> = words.map(|word| quoted(word)).collect();
        text.push_str("loadmodule ");
        text.push_str(&words.join(" "));
        text.push('\n');
    }
    text
}

/// The word as Redis reads it in configuration files and `redis-cli` in lines:
/// what might mean something else is written as `\xHH`.
pub(super) fn quoted(word: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in word.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./:=,+@~*&>".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    quoted
}

/// 128 random bits.
pub(super) fn random_password() -> Result<String> {
    let bytes: [u8; 16] = random()?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

pub(super) fn random_port() -> Result<u16> {
    let number = u16::from_ne_bytes(random()?);
    let many = PORTS.end() - PORTS.start() + 1;
    Ok(PORTS.start() + number % many)
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source
        .fill(&mut bytes)
        .map_err(|_| anyhow!("the system has no random numbers"))
        .context("cannot make a password")?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_word_escapes_its_quotes() {
        assert_eq!(quoted("/run/a-b.sock"), r#""/run/a-b.sock""#);
        assert_eq!(quoted("a \"b\\\n#é"), r#""a\x20\x22b\x5c\x0a\x23\xc3\xa9""#);
    }

    #[test]
    fn modules_are_loaded_with_their_arguments() {
        let module = Module {
            path: "/opt/a module.so".into(),
            arguments: vec!["x".into(), "1".into()],
        };
        let text = configuration("/sextant", 7, "secret", 16, &[module]);
        assert!(
            text.ends_with("loadmodule \"/opt/a\\x20module.so\" \"x\" \"1\"\n"),
            "{text}"
        );
    }
}
