//! What each part replaces.

use crate::choice::{Choice, Chosen, Kind};
use crate::cli::Args;
use crate::database;
use crate::dump;
use crate::files::Scope;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toolkit::application::{Application, Postgres, Redis};
use toolkit::config::Config;
use toolkit::failure::Failure;
use toolkit::set::{DatabaseProof, Proof};

/// The live servers and folders.
#[derive(Debug)]
pub(crate) struct Targets {
    pub(crate) postgres: Option<Postgres>,
    pub(crate) redis: Option<Redis>,
    into: Option<String>,
    /// The databases that the run replaces.
    replaced: Vec<String>,
    /// The application's folder, and its `[files]` entries.
    root: PathBuf,
    files: BTreeMap<String, PathBuf>,
}

/// A folder that a part replaces, all of it or some of its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roots {
    pub(crate) target: PathBuf,
    /// The folder in the archive that stands for it.
    pub(crate) inside: PathBuf,
    /// The entries that are replaced; none stands for all.
    only: Vec<PathBuf>,
}

/// A root as `backup` recorded it.
#[derive(Debug, Deserialize)]
struct Recorded {
    path: PathBuf,
    name: PathBuf,
    #[serde(default)]
    folder: bool,
}

impl Targets {
    /// Finds the servers that the chosen parts need.
    ///
    /// # Errors
    /// `no_target` when there is no server for a part, or no folder; `usage`
    /// when `--into` does not name one database.
    pub(crate) fn find(
        args: &Args,
        choice: &Choice,
        application: &Application<'_>,
    ) -> Result<Self> {
        let has = |kinds: &[Kind]| {
            choice
                .parts
                .iter()
                .any(|chosen| kinds.contains(&chosen.kind))
        };
        let postgres = if has(&[Kind::Database, Kind::Globals]) {
            application.postgres()?
        } else {
            None
        };
        let redis = if has(&[Kind::Redis]) {
            application.redis()?
        } else {
            None
        };
        let config = application.config();
        let mut targets = Self {
            postgres,
            redis,
            into: args.into.clone(),
            replaced: Vec::new(),
            root: config.root.clone(),
            files: files(config),
        };
        let databases = choice
            .parts
            .iter()
            .filter(|chosen| chosen.kind == Kind::Database)
            .count();
        if args.into.is_some() && databases != 1 {
            return Err(Failure::not_started(
                "usage",
                format!("`--into` names one database, and {databases} are chosen"),
            )
            .hint("name the part: `restore SET database --into NAME`")
            .into());
        }
        for chosen in &choice.parts {
            targets.check(chosen)?;
            targets.replaced.extend(targets.database(chosen));
        }
        Ok(targets)
    }

    fn check(&self, chosen: &Chosen) -> Result<()> {
        match chosen.kind {
            Kind::Database | Kind::Globals => self.postgres().map(drop),
            Kind::Redis => self.redis().map(drop),
            Kind::Files if self.roots(chosen).is_empty() => Err(Failure::not_started(
                "no_target",
                format!("nothing says where `{}` belongs", chosen.name),
            )
            .hint(format!(
                "add `{} = \"FOLDER\"` to `[files]` of sextant.toml",
                chosen.name
            ))
            .into()),
            Kind::Files => Ok(()),
        }
    }

    /// The PostgreSQL server.
    pub(crate) fn postgres(&self) -> Result<&Postgres> {
        self.postgres
            .as_ref()
            .ok_or_else(|| no_server("PostgreSQL", "DATABASE_URL"))
    }

    /// The Redis server.
    pub(crate) fn redis(&self) -> Result<&Redis> {
        self.redis
            .as_ref()
            .ok_or_else(|| no_server("Redis", "REDIS_URL"))
    }

    /// The database that a part replaces; none for other parts.
    pub(crate) fn database(&self, chosen: &Chosen) -> Option<String> {
        if chosen.kind != Kind::Database {
            return None;
        }
        let recorded = proof(chosen).ok().flatten().map(|proof| proof.database);
        let known = || {
            self.postgres
                .as_ref()
                .map(|postgres| postgres.database.clone())
        };
        self.into.clone().or(recorded).or_else(known)
    }

    /// Refuses, before anything is loaded, what could not be exchanged later.
    pub(crate) fn check_replaceable(&self, chosen: &Chosen) -> Result<()> {
        match self.database(chosen) {
            Some(name) => {
                let postgres = self.postgres()?;
                database::check_replaceable(&postgres.server, &postgres.database, &name)
            }
            None => Ok(()),
        }
    }

    /// Refuses, before anything is touched, databases that the server has no
    /// room for. A run that proves them has one of them at a time.
    ///
    /// # Errors
    /// `no_space`; `interrupted`.
    pub(crate) fn check_room(&self, choice: &Choice, one_by_one: bool) -> Result<()> {
        let need = |chosen: &Chosen| Some(database::Need::of(chosen, self.database(chosen)?));
        let needs: Vec<_> = choice.parts.iter().filter_map(need).collect();
        if needs.is_empty() {
            return Ok(());
        }
        let postgres = self.postgres()?;
        let at_once = if one_by_one { 1 } else { needs.len() };
        needs
            .chunks(at_once)
            .try_for_each(|needs| database::check_room(&postgres.server, &postgres.database, needs))
    }

    /// What is to be restored of a database part.
    pub(crate) fn wanted(
        &self,
        chosen: &Chosen,
        stamp: &str,
        jobs: usize,
    ) -> Result<database::Wanted<'_>> {
        let postgres = self.postgres()?;
        Ok(database::Wanted {
            server: &postgres.server,
            maintenance: &postgres.database,
            name: self.database(chosen).context("the database has no name")?,
            replaced: self.replaced.clone(),
            dump: dump::open(chosen, jobs)?,
            proof: proof(chosen)?,
            stamp: stamp.to_owned(),
        })
    }

    /// The folders that a part of files replaces: where they were when they
    /// were saved, unless sextant.toml says otherwise.
    pub(crate) fn roots(&self, chosen: &Chosen) -> Vec<Roots> {
        if chosen.kind != Kind::Files {
            return Vec::new();
        }
        let recorded = recorded(chosen);
        let configured = self.files.get(&chosen.name);
        if let (Some(target), [only]) = (configured, recorded.as_slice()) {
            return merged(vec![Recorded {
                path: target.clone(),
                name: only.name.clone(),
                folder: only.folder,
            }]);
        }
        if recorded.is_empty() && chosen.name == "config" {
            // The scripts before packed `.env` and `config/` from the
            // application's folder.
            let only = [".env", "config"].map(PathBuf::from).to_vec();
            return vec![Roots {
                target: self.root.clone(),
                inside: PathBuf::new(),
                only,
            }];
        }
        merged(recorded)
    }

    /// How a question names what a part replaces.
    pub(crate) fn describe(&self, chosen: &Chosen) -> String {
        match chosen.kind {
            Kind::Database => format!(
                "the database `{}`",
                self.database(chosen).unwrap_or_default()
            ),
            Kind::Globals => "missing roles".into(),
            Kind::Redis => "all data of Redis".into(),
            Kind::Files => shown(&self.roots(chosen)).join(", "),
        }
    }
}

impl Roots {
    /// What of the folder is replaced.
    pub(crate) fn scope(&self) -> Scope<'_> {
        if self.only.is_empty() {
            Scope::Whole
        } else {
            Scope::Only(&self.only)
        }
    }
}

/// The paths that are replaced.
pub(crate) fn shown(roots: &[Roots]) -> Vec<String> {
    let paths = |roots: &Roots| match roots.only.as_slice() {
        [] => vec![roots.target.clone()],
        only => only.iter().map(|name| roots.target.join(name)).collect(),
    };
    roots
        .iter()
        .flat_map(paths)
        .map(|path| path.display().to_string())
        .collect()
}

/// A folder is replaced whole; single files are, together, entries of theirs.
fn merged(recorded: Vec<Recorded>) -> Vec<Roots> {
    let mut roots: Vec<Roots> = Vec::new();
    for Recorded { path, name, folder } in recorded {
        if folder {
            roots.push(Roots {
                target: path,
                inside: name,
                only: Vec::new(),
            });
            continue;
        }
        let (Some(target), Some(file)) = (path.parent(), path.file_name()) else {
            continue;
        };
        let inside = name.parent().unwrap_or(Path::new("")).to_owned();
        let file = PathBuf::from(file);
        let beside = roots.iter_mut().find(|roots| {
            !roots.only.is_empty() && roots.target == target && roots.inside == inside
        });
        match beside {
            Some(roots) => roots.only.push(file),
            None => roots.push(Roots {
                target: target.to_owned(),
                inside,
                only: vec![file],
            }),
        }
    }
    roots
}

fn recorded(chosen: &Chosen) -> Vec<Recorded> {
    let Some(Proof::Files(proof)) = chosen.part.as_ref().map(|part| &part.proof) else {
        return Vec::new();
    };
    let roots = proof.get("roots").cloned().unwrap_or(Value::Null);
    serde_json::from_value(roots).unwrap_or_default()
}

/// What a database's dump is compared with; none for a dump without a proof.
pub(crate) fn proof(chosen: &Chosen) -> Result<Option<DatabaseProof>> {
    match chosen.part.as_ref().map(|part| &part.proof) {
        Some(Proof::Database(proof)) => {
            let proof = serde_json::from_value(proof.clone());
            proof
                .map(Some)
                .with_context(|| format!("the proof of `{}` cannot be understood", chosen.name))
        }
        _ => Ok(None),
    }
}

fn files(config: &Config) -> BTreeMap<String, PathBuf> {
    let entries = config.file.files.iter();
    entries
        .map(|(name, entry)| (name.clone(), config.resolve(&entry.path)))
        .collect()
}

fn no_server(what: &str, variable: &str) -> anyhow::Error {
    Failure::not_started(
        "no_target",
        format!("there is no {what} server to restore into"),
    )
    .hint(format!(
        "start `restore` in the folder of the Compose file, or set `{variable}`"
    ))
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(path: &str, name: &str, folder: bool) -> Recorded {
        Recorded {
            path: path.into(),
            name: name.into(),
            folder,
        }
    }

    #[test]
    fn files_of_one_folder_are_replaced_together() {
        let roots = merged(vec![
            root("/srv/app/.env", ".env", false),
            root("/srv/app/config", "config", true),
            root("/srv/app/compose.yaml", "compose.yaml", false),
            root("/etc/nginx/nginx.conf", "etc/nginx/nginx.conf", false),
        ]);
        assert_eq!(
            shown(&roots),
            [
                "/srv/app/.env",
                "/srv/app/compose.yaml",
                "/srv/app/config",
                "/etc/nginx/nginx.conf"
            ]
        );
        assert_eq!(roots[2].inside, Path::new("etc/nginx"));
    }
}
