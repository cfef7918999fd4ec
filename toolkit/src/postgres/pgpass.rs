//! The password file, `~/.pgpass`, as libpq reads it
//! (<https://www.postgresql.org/docs/current/libpq-pgpass.html>).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What a password is looked up for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// `localhost` for the default socket folder.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password of the first line of `file` that matches; none when there is
/// no such file or line.
///
/// # Errors
/// Why the file is ignored, in words: like libpq, a file that others may read
/// is not trusted.
pub(super) fn find(file: &Path, wanted: Wanted<'_>) -> Result<Option<String>, String> {
    let Ok(metadata) = fs::metadata(file) else {
        return Ok(None);
    };
    let shown = file.display();
    if !metadata.is_file() {
        return Err(format!("`{shown}` is ignored: it is no plain file"));
    }
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "`{shown}` is ignored: others may read it (chmod 0600 {shown})"
        ));
    }
    let bytes = fs::read(file).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().find_map(|line| password(line, wanted)))
}

/// The line's password, when its first four fields match.
fn password(line: &str, wanted: Wanted<'_>) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let port = wanted.port.to_string();
    let mut rest = line.trim_end_matches('\r');
    for expected in [wanted.host, &port, wanted.database, wanted.user] {
        let (field, after) = field(rest)?;
        // A star is a wildcard only when it is the whole field and unescaped.
        let any = rest.starts_with("*:");
        if !any && field != expected {
            return None;
        }
        rest = after;
    }
    Some(unescape(rest))
}

/// The text up to the first unescaped colon, unescaped, and what follows it.
fn field(text: &str) -> Option<(String, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ':' => return Some((unescape(&text[..at]), &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            plain.extend(characters.next());
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted<'_> = Wanted {
        host: "db.example",
        port: 5432,
        database: "shop",
        user: "a:b",
    };

    #[test]
    fn takes_the_password_of_a_matching_line() {
        for (line, expected) in [
            (r"db.example:5432:shop:a\:b:s3:cr\\et", Some(r"s3:cr\et")),
            (r"*:*:*:a\:b:x", Some("x")),
            (r"*:*:*:*:", Some("")),
            (r"\*:*:*:*:x", None),
            (r"db.example:5433:*:*:x", None),
            (r"# db.example:5432:shop:a\:b:x", None),
            ("db.example:5432:shop", None),
            ("", None),
        ] {
            assert_eq!(password(line, WANTED).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn ignores_a_file_that_others_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".pgpass");
        crate::durable::write(&file, b"*:*:*:*:s3cr3t\n").unwrap();
        assert_eq!(find(&file, WANTED), Ok(Some("s3cr3t".into())));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(find(&file, WANTED).unwrap_err().contains("chmod 0600"));
        assert_eq!(find(&folder.path().join("none"), WANTED), Ok(None));
    }
}
