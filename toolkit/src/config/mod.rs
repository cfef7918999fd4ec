//! Configuration: `sextant.toml`, `.env` and the environment.
//!
//! # Which file
//! `sextant.toml` is the one named by `--config`, else by `$SEXTANT_CONFIG`,
//! else the nearest one upwards from the working folder. Without one everything
//! has its default. `[env.NAME]` overrides the rest of the file when chosen by
//! `--env NAME` or `$SEXTANT_ENV`: tables are merged, checks with those of their
//! name, all else is replaced.
//!
//! # Variables
//! `.env` is read from the folder of the Compose file: that of the first one
//! named by `compose`, else that of `sextant.toml`, else the working folder.
//! `env_file` names others instead. Where a variable is in the environment too,
//! that one counts, even when it is empty, as in Compose.
//!
//! Variables are filled in, as Compose does, in every string of `sextant.toml`
//! except `[step.NAME] run`, which its shell fills in by itself. One that is
//! not set and has no default is an error, unlike in Compose: an empty password
//! or path is never what was meant. `compose` and `env_file` are filled in from
//! the environment alone, as they say where `.env` is.
//!
//! # Secrets
//! Each password met on the way is known to [`redact`](crate::redact) before
//! anything of it can be shown: `password` and the passwords in URLs, and the
//! variables whose names say that they are secret. Errors never quote them.

mod compression;
mod document;
mod dotenv;
mod entries;
mod file;
mod fill;
mod interpolate;
mod layers;
mod load;
mod nearest;
mod release;
mod secrets;
mod source;
mod template;
mod value;

pub use compression::Compression;
pub use entries::Entry;
pub use file::{Backup, ConfigPart, Database, Engine, File, Files, Redis, Restore, Step, StepRun};
pub use release::{Maintenance, Pm2, Rollback, Systemd};
pub use secrets::{Secret, learn_url, learn_variable};
pub use source::Source;
pub use template::{Line, Set, Template};
pub use value::{duration, some_duration};

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What a project is called when its folder's name has no letter or digit.
const NAMELESS: &str = "default";

/// The configuration of one run. That of no run has an empty `root`, and is
/// what a tool reports with that could not load its own.
#[derive(Clone, Default)]
pub struct Config {
    /// The absolute path of `sextant.toml`, where there is one.
    pub path: Option<PathBuf>,
    /// The absolute path of the folder that relative paths in `sextant.toml`
    /// start from: its own, or the working folder where there is none.
    pub root: PathBuf,
    /// The chosen environment, such as `production`. It need not be in the
    /// file, if that has no environments at all.
    pub env: Option<String>,
    /// What `sextant.toml` says.
    pub file: File,
    /// The bytes of `sextant.toml`.
    written: Option<Vec<u8>>,
    vars: BTreeMap<String, String>,
    dotenv: BTreeMap<String, String>,
}

impl Config {
    /// The value of a variable: from the environment, else from `.env`.
    pub fn var(&self, name: &str) -> Option<String> {
        self.vars
            .get(name)
            .or_else(|| self.dotenv.get(name))
            .cloned()
    }

    /// All variables: those of `.env`, under those of the environment.
    pub fn vars(&self) -> BTreeMap<String, String> {
        let mut vars = self.dotenv.clone();
        vars.extend(self.vars.clone());
        vars
    }

    /// A path of `sextant.toml` as one that can be opened.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// The folder of the (first) Compose file: Compose's own project folder.
    pub fn compose_folder(&self) -> PathBuf {
        let first = self.file.compose.first();
        let folder = first.and_then(|path| self.resolve(path).parent().map(Path::to_owned));
        folder.unwrap_or_else(|| self.root.clone())
    }

    /// The project's name as far as it can be known without reading the Compose
    /// file (whose `name:` Compose puts after `COMPOSE_PROJECT_NAME` and before
    /// the folder's name): `project` in `sextant.toml`, else
    /// `COMPOSE_PROJECT_NAME`, else the name of [`Config::compose_folder`].
    ///
    /// It is lower-case letters, digits, `_` and `-`, as Compose v2 makes them,
    /// and so safe as the name of a file.
    pub fn project(&self) -> String {
        let folder = self.compose_folder();
        let folder = folder.file_name().map(|name| name.to_string_lossy());
        let candidates = [
            self.file.project.clone(),
            self.var("COMPOSE_PROJECT_NAME"),
            folder.map(std::borrow::Cow::into_owned),
        ];
        let mut names = candidates.into_iter().flatten();
        names
            .find_map(|name| Some(normalized(&name)).filter(|name| !name.is_empty()))
            .unwrap_or_else(|| NAMELESS.into())
    }
}

/// Variables are left out: most secrets are among them.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("path", &self.path)
            .field("root", &self.root)
            .field("env", &self.env)
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

/// The name as Compose v2 normalises that of a folder: `My App.v2` is `myappv2`.
fn normalized(name: &str) -> String {
    let name: String = name
        .to_lowercase()
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'))
        .collect();
    name.trim_start_matches(['_', '-']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each is what `docker compose config` 2.26 printed as `name`.
    #[test]
    fn folders_name_projects_as_in_compose() {
        for (folder, expected) in [
            ("My App.v2_é-", "myappv2_-"),
            ("__x", "x"),
            (".hidden", "hidden"),
            ("ÀB", "b"),
            ("9a", "9a"),
            ("-_-", ""),
        ] {
            assert_eq!(normalized(folder), expected);
        }
    }
}
