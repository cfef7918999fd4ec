//! Names and values as SQL text, and names as keys of counts.

use std::fmt::Write;

/// Settings whose value is a list of names, each quoted by itself; see
/// `variable_is_guc_list_quote` in PostgreSQL's `src/fe_utils`.
const LISTS: &[&str] = &[
    "local_preload_libraries",
    "search_path",
    "session_preload_libraries",
    "shared_preload_libraries",
    "temp_tablespaces",
    "unix_socket_directories",
];

/// A name as SQL, always quoted: right for `select`, `Users` and `a"b`.
///
/// ```
/// assert_eq!(toolkit::postgres::quote::identifier("a\"b"), "\"a\"\"b\"");
/// ```
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value as an SQL string, under any setting of `standard_conforming_strings`.
///
/// ```
/// use toolkit::postgres::quote::literal;
/// assert_eq!(literal("it's"), "'it''s'");
/// assert_eq!(literal(r"a\b"), r"E'a\\b'");
/// ```
pub fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// `SET`'s argument for a setting as `pg_db_role_setting` stores it: `name TO
/// value`, lists of names kept as lists.
///
/// ```
/// use toolkit::postgres::quote::setting;
/// assert_eq!(setting("work_mem", "64MB"), "\"work_mem\" TO '64MB'");
/// assert_eq!(setting("search_path", "app, \"My\""), "\"search_path\" TO 'app', 'My'");
/// ```
pub fn setting(name: &str, value: &str) -> String {
    // An extension's setting has two parts: `auto_explain.log_min_duration`.
    let name: Vec<_> = name.split('.').map(identifier).collect();
    let name = name.join(".");
    let bare = name.replace('"', "").to_lowercase();
    let value = if LISTS.contains(&bare.as_str()) {
        let names: Vec<_> = list(value).iter().map(|name| literal(name)).collect();
        if names.is_empty() {
            literal("")
        } else {
            names.join(", ")
        }
    } else {
        literal(value)
    };
    format!("{name} TO {value}")
}

/// The names of `a, "B c"`.
fn list(value: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut name = String::new();
    let mut quoted = false;
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                name.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(std::mem::take(&mut name)),
            c if c.is_whitespace() && !quoted => {}
            c => name.push(c),
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// The key that a table's count is found under: `schema.table` from the bytes
/// of both names in the database's encoding.
///
/// A part of lower-case letters, digits and `_` stands as it is, another in
/// double quotes, whatever the list of reserved words of the program that
/// wrote it. Bytes that are no UTF-8 are written `\xe9`.
///
/// ```
/// use toolkit::postgres::quote::key;
/// assert_eq!(key(b"public", b"users"), "public.users");
/// assert_eq!(key(b"public", b"Caf\xe9"), r#"public."Caf\xe9""#);
/// ```
pub fn key(schema: &[u8], table: &[u8]) -> String {
    format!("{}.{}", part(schema), part(table))
}

/// The key of a qualified name as `pg_dump` writes it, such as
/// `public."select"`; none when it is no such name.
///
/// ```
/// use toolkit::postgres::quote::key_of;
/// assert_eq!(key_of(br#"public."select""#).as_deref(), Some("public.select"));
/// assert_eq!(key_of(br#""a.b"."x""y""#).as_deref(), Some(r#""a.b"."x""y""#));
/// ```
pub fn key_of(qualified: &[u8]) -> Option<String> {
    let (schema, rest) = split_part(qualified)?;
    let (table, rest) = split_part(rest.strip_prefix(b".")?)?;
    rest.is_empty().then(|| key(&schema, &table))
}

/// The first name of the text, unquoted, and what follows it.
fn split_part(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(mut rest) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|byte| *byte == b'.');
        let (name, rest) = text.split_at(end.unwrap_or(text.len()));
        let plain = !name.is_empty() && !name.contains(&b'"') && !name.contains(&b' ');
        return plain.then(|| (name.to_vec(), rest));
    };
    let mut name = Vec::new();
    loop {
        let end = rest.iter().position(|byte| *byte == b'"')?;
        name.extend_from_slice(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix(b"\"") {
            Some(after) => {
                name.push(b'"');
                rest = after;
            }
            None => return Some((name, rest)),
        }
    }
}

fn part(name: &[u8]) -> String {
    let starts = name
        .first()
        .is_some_and(|byte| byte.is_ascii_lowercase() || *byte == b'_');
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let text = text(name).replace('"', "\"\"");
    if starts && name.iter().all(plain) {
        text
    } else {
        format!("\"{text}\"")
    }
}

/// Bytes as text; those that are no UTF-8 are written `\xe9`.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Writing to a string cannot fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}
