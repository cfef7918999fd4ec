//! The service files, `~/.pg_service.conf` and `pg_service.conf`, as libpq
//! reads them (<https://www.postgresql.org/docs/current/libpq-pgservice.html>).

use super::conninfo::Keywords;
use crate::failure::Failure;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What `service` means in the first of `files` that has it.
pub(super) fn find(service: &str, files: &[PathBuf]) -> Result<Keywords, Failure> {
    for file in files {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(bad(format!("cannot read `{}`: {error}", file.display()))),
        };
        if let Some(found) = section(&String::from_utf8_lossy(&bytes), service, file)? {
            return Ok(found);
        }
    }
    let names: Vec<_> = files
        .iter()
        .map(|file| format!("`{}`", file.display()))
        .collect();
    Err(bad(format!(
        "PGSERVICE names `{service}`, which is not in {}",
        names.join(" or ")
    )))
}

fn section(text: &str, service: &str, file: &Path) -> Result<Option<Keywords>, Failure> {
    let mut found = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if name.strip_suffix(']') == Some(service) {
                found = Some(Keywords::new());
            }
            continue;
        }
        let Some(keywords) = &mut found else { continue };
        match line.split_once('=') {
            Some((name, value)) if !name.is_empty() && name != "service" => {
                // Like libpq, the first of repeated keys counts.
                keywords
                    .entry(name.to_owned())
                    .or_insert_with(|| value.to_owned());
            }
            _ => {
                return Err(bad(format!(
                    "`{}` line {}: expected `key=value`",
                    file.display(),
                    number + 1
                )));
            }
        }
    }
    Ok(found)
}

fn bad(message: String) -> Failure {
    Failure::not_started("pg_service", message)
        .hint("write `[name]` and `key=value` lines to `~/.pg_service.conf`")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# mine\n[a]\nhost=one\n\n[shop]\nhost=two\nport=5433\nhost=late\n[b]\nhost=three\n";

    #[test]
    fn takes_the_named_section_alone() {
        let found = section(TEXT, "shop", Path::new("f")).unwrap().unwrap();
        assert_eq!(found["host"], "two");
        assert_eq!(found["port"], "5433");
        assert_eq!(found.len(), 2);
        assert!(section(TEXT, "none", Path::new("f")).unwrap().is_none());
    }

    #[test]
    fn names_file_and_line_of_a_mistake() {
        let error = section("[a]\nhost two\n", "a", Path::new("f")).unwrap_err();
        assert_eq!(error.message, "`f` line 2: expected `key=value`");
    }
}
