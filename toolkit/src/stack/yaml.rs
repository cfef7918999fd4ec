//! Compose files, as they are written.

use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// YAML as the JSON that it stands for.
pub(super) fn parse(bytes: &[u8]) -> Result<Value> {
    serde_saphyr::from_slice(bytes).context("it is no YAML")
}

/// The `env_file` entries of a Compose file. They are looked up in the file
/// itself, because Compose resolves them away. Relative ones start in `folder`.
pub(super) fn env_files_in(file: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || parse(&fs::read(file)?);
    let content = read().with_context(|| format!("cannot read `{}`", file.display()))?;
    let services = content["services"].as_object().into_iter().flatten();
    let entries = services.flat_map(|(_, service)| match &service["env_file"] {
        Value::Array(entries) => entries.iter().collect(),
        entry => vec![entry],
    });
    // Since 2.24 an entry may be a map with `path` and `required`.
    let paths = entries.filter_map(|entry| entry.as_str().or_else(|| entry["path"].as_str()));
    Ok(paths.map(|path| folder.join(path)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable;
    use std::fmt::Write;

    #[test]
    fn hostile_yaml_is_an_error() {
        let deep = "[".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_err());
        let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
        for (name, of) in ('b'..='z').zip('a'..='y') {
            let nine = vec![format!("*{of}"); 9].join(",");
            writeln!(bomb, "{name}: &{name} [{nine}]").unwrap();
        }
        assert!(parse(bomb.as_bytes()).is_err());
        assert!(parse(b"a: \xff").is_err());
    }

    #[test]
    fn finds_env_files_in_all_three_forms() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("compose.yaml");
        let text = "x: &all\n  env_file: [b.env, /etc/c.env]\nservices:\n  a: {env_file: a.env}\n  b:\n    <<: *all\n  c:\n    env_file:\n      - path: d.env\n        required: false\n  d: {ports: !reset []}\n  e:\n";
        durable::write(&file, text.as_bytes()).unwrap();
        let found = env_files_in(&file, Path::new("/srv")).unwrap();
        assert_eq!(
            found,
            ["/srv/a.env", "/srv/b.env", "/etc/c.env", "/srv/d.env"].map(PathBuf::from)
        );
        durable::write(&file, b"services: [").unwrap();
        let error = env_files_in(&file, Path::new("/srv")).unwrap_err();
        assert!(
            format!("{error:#}").contains("compose.yaml`: it is no YAML"),
            "{error:#}"
        );
    }
}
