//! Where to look for a stack: the folder, and what names its files and project.

use crate::failure::Failure;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The names that Compose itself looks for, in its order.
///
/// Source: `DefaultFileNames` and `DefaultOverrideFileNames` in compose-go's
/// `cli/options.go`.
const DEFAULT: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];
const OVERRIDE: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// What is known before a stack is looked for.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    /// The application's folder. Relative paths below start here.
    pub folder: PathBuf,
    /// The Compose project's name, where configuration gives it.
    pub project: Option<String>,
    /// The Compose files, where configuration gives them.
    pub compose_files: Vec<PathBuf>,
    /// The files of variables for Compose, instead of `.env`, where
    /// configuration gives them.
    pub env_files: Vec<PathBuf>,
    /// Variables as Compose sees them: the environment of this process, over
    /// those of the `.env` file. `COMPOSE_FILE`, `COMPOSE_PATH_SEPARATOR` and
    /// `COMPOSE_PROJECT_NAME` are read.
    pub vars: BTreeMap<String, String>,
}

impl Lookup {
    /// The application's folder, absolute and without symlinks.
    pub(super) fn root(&self) -> Result<PathBuf> {
        fs::canonicalize(&self.folder)
            .with_context(|| format!("cannot enter `{}`", self.folder.display()))
    }

    /// The project's name, where configuration or a variable gives it.
    pub(super) fn project(&self) -> Option<&str> {
        let variable = self.vars.get("COMPOSE_PROJECT_NAME").map(String::as_str);
        self.project
            .as_deref()
            .or(variable)
            .filter(|name| !name.is_empty())
    }

    /// The Compose files that configuration or a variable gives, else those of
    /// the folder.
    ///
    /// # Errors
    /// `no_compose_file` when one that is given is not there.
    pub(super) fn files(&self, root: &Path) -> Result<Files> {
        let given = self.given_files(root)?;
        let folder = match given.first().and_then(|file| file.parent()) {
            Some(folder) => fs::canonicalize(folder)?,
            None => root.to_owned(),
        };
        Ok(Files {
            given: !given.is_empty(),
            compose: if given.is_empty() {
                files_in(root)
            } else {
                Ok(given)
            },
            variables: self.env_files.iter().map(|path| root.join(path)).collect(),
            root: root.to_owned(),
            folder,
        })
    }

    fn given_files(&self, root: &Path) -> Result<Vec<PathBuf>, Failure> {
        let separator = self
            .vars
            .get("COMPOSE_PATH_SEPARATOR")
            .map_or(":", String::as_str);
        let variable = self.vars.get("COMPOSE_FILE").map_or("", String::as_str);
        let variable = variable.split(separator).filter(|path| !path.is_empty());
        let files: Vec<_> = if self.compose_files.is_empty() {
            variable.map(|path| root.join(path)).collect()
        } else {
            self.compose_files
                .iter()
                .map(|path| root.join(path))
                .collect()
        };
        match files.iter().find(|file| !file.is_file()) {
            Some(missing) => Err(Failure::not_started(
                "no_compose_file",
                format!("there is no Compose file `{}`", missing.display()),
            )
            .hint("correct `compose` in sextant.toml, or COMPOSE_FILE")),
            None => Ok(files),
        }
    }
}

/// The files that a project would be started from.
#[derive(Debug)]
pub(super) struct Files {
    /// Whether configuration or a variable names them.
    pub(super) given: bool,
    /// The Compose files; a failure when the folder's cannot be told apart.
    pub(super) compose: Result<Vec<PathBuf>, Failure>,
    /// The files of variables that configuration gives.
    pub(super) variables: Vec<PathBuf>,
    /// The application's folder.
    pub(super) root: PathBuf,
    /// The folder of the first Compose file, which Compose takes for the
    /// project's; else the application's.
    pub(super) folder: PathBuf,
}

impl Files {
    /// Whether there are any, be it too many.
    pub(super) fn exist(&self) -> bool {
        !matches!(&self.compose, Ok(files) if files.is_empty())
    }

    /// Those that can be told apart.
    pub(super) fn found(&self) -> &[PathBuf] {
        self.compose.as_deref().unwrap_or_default()
    }

    /// The folders in which a project of theirs may have been started.
    pub(super) fn folders(&self) -> [&Path; 2] {
        [&self.folder, &self.root]
    }
}

/// The Compose files of a folder: those that Compose would find, else the only
/// one that is named like `docker-compose.prod.yml`. None is no error.
///
/// # Errors
/// `several_compose_files` when several are named like that.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let first = |names: &[&str]| {
        let paths = names.iter().map(|name| folder.join(name));
        paths.into_iter().find(|path| path.is_file())
    };
    if let Some(found) = first(&DEFAULT) {
        return Ok(std::iter::once(found).chain(first(&OVERRIDE)).collect());
    }
    let mut variants = variants_in(folder);
    if variants.len() > 1 {
        variants.sort();
        let names = names(&variants);
        return Err(Failure::not_started(
            "several_compose_files",
            format!("`{}` has several Compose files: {names}", folder.display()),
        )
        .hint("name those in use as `compose` in sextant.toml, or in COMPOSE_FILE"));
    }
    Ok(variants)
}

fn variants_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_variant = |path: &PathBuf| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let known = name.starts_with("docker-compose.") || name.starts_with("compose.");
        known && [".yml", ".yaml"].iter().any(|end| name.ends_with(end)) && path.is_file()
    };
    entries
        .map(|entry| entry.path())
        .filter(is_variant)
        .collect()
}

fn names(paths: &[PathBuf]) -> String {
    let names = paths.iter().filter_map(|path| path.file_name());
    let names: Vec<_> = names
        .map(|name| format!("`{}`", name.to_string_lossy()))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            fs::File::create(folder.path().join(name)).unwrap();
        }
        folder
    }

    fn found(files: &[&str]) -> Result<Vec<String>, Failure> {
        let folder = folder(files);
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        files_in(folder.path()).map(|paths| paths.iter().map(name).collect())
    }

    #[test]
    fn finds_what_compose_finds() {
        assert_eq!(found(&[]).unwrap(), Vec::<String>::new());
        assert_eq!(
            found(&[
                "docker-compose.yml",
                "compose.yaml",
                "docker-compose.prod.yml"
            ])
            .unwrap(),
            ["compose.yaml"]
        );
        assert_eq!(
            found(&["docker-compose.yml", "docker-compose.override.yml"]).unwrap(),
            ["docker-compose.yml", "docker-compose.override.yml"]
        );
    }

    #[test]
    fn takes_the_only_variant_and_no_guess_among_several() {
        assert_eq!(
            found(&["docker-compose.prod.yml", "docker-compose.md"]).unwrap(),
            ["docker-compose.prod.yml"]
        );
        let failure = found(&["docker-compose.green.yml", "docker-compose.blue.yml"]).unwrap_err();
        assert_eq!(failure.reason, "several_compose_files");
        assert!(
            failure
                .message
                .ends_with("`docker-compose.blue.yml`, `docker-compose.green.yml`"),
            "{failure}"
        );
    }

    #[test]
    fn configuration_goes_before_variables() {
        let folder = folder(&["a.yml", "b.yml", "c.yml"]);
        let root = folder.path();
        let vars = [
            ("COMPOSE_FILE", "a.yml:b.yml"),
            ("COMPOSE_PROJECT_NAME", "shop"),
        ];
        let vars = vars
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let mut lookup = Lookup {
            vars,
            ..Lookup::default()
        };
        assert_eq!(
            lookup.given_files(root).unwrap(),
            [root.join("a.yml"), root.join("b.yml")]
        );
        assert_eq!(lookup.project(), Some("shop"));
        lookup.compose_files = vec!["c.yml".into()];
        lookup.project = Some("store".into());
        assert_eq!(lookup.given_files(root).unwrap(), [root.join("c.yml")]);
        assert_eq!(lookup.project(), Some("store"));
        lookup.compose_files = vec!["d.yml".into()];
        assert_eq!(
            lookup.given_files(root).unwrap_err().reason,
            "no_compose_file"
        );
    }
}
