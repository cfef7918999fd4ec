//! How Compose is called for one project.

use super::compose::{self, Configuration, Tool};
use super::inspect::Container;
use super::lookup::{Files, Lookup};
use super::project;
use crate::command::Command;
use crate::failure::Failure;
use anyhow::Result;
use std::path::PathBuf;

/// What makes Compose see the same project wherever it is called from.
#[derive(Debug, Clone, Default)]
pub(super) struct Invocation {
    pub(super) project: Option<String>,
    pub(super) folder: PathBuf,
    pub(super) files: Vec<PathBuf>,
    pub(super) env_files: Vec<PathBuf>,
}

impl Invocation {
    /// For a project of which nothing runs.
    ///
    /// # Errors
    /// `several_compose_files`.
    pub(super) fn new(lookup: &Lookup, files: Files) -> Result<Self, Failure> {
        Ok(Self {
            project: lookup.project().map(str::to_owned),
            env_files: files.variables,
            folder: files.folder,
            files: files.compose?,
        })
    }

    /// For the project of a container: with the files that configuration gives,
    /// else those that it was created from, else those of the folder.
    pub(super) fn of(container: &Container, files: Files) -> Self {
        let recorded = project::files_of(container);
        let chosen = if files.given || recorded.is_empty() {
            files.compose.unwrap_or_default()
        } else {
            recorded
        };
        let env_files = if files.variables.is_empty() {
            project::env_files_of(container)
        } else {
            files.variables
        };
        Self {
            project: Some(container.project.clone()),
            folder: project::folder_of(container).unwrap_or(files.folder),
            files: chosen,
            env_files,
        }
    }

    /// `docker compose -p … -f … --env-file …`, for a subcommand to be added.
    pub(super) fn command(&self, tool: &Tool) -> Command {
        // 1.29 reads `.env` from the working folder.
        let mut command = tool.command().folder(&self.folder);
        if let Some(project) = &self.project {
            command = command.arg("-p").arg(project);
        }
        for file in &self.files {
            command = command.arg("-f").arg(file);
        }
        for file in &self.env_files {
            command = command.arg("--env-file").arg(file);
        }
        if self.files.first().and_then(|file| file.parent()) != Some(&self.folder) {
            command = command.arg("--project-directory").arg(&self.folder);
        }
        command
    }

    /// The configuration with all files merged and all variables filled in.
    ///
    /// # Errors
    /// `compose_config` when Compose refuses it, `missing_program` without
    /// Compose, `no_compose_file` when the files are gone.
    pub(super) fn resolve(&self, tool: Option<&Tool>) -> Result<Configuration> {
        if self.files.is_empty() {
            let folder = self.folder.display();
            let message = format!("the Compose files of `{folder}` are not there");
            return Err(Failure::not_started("no_compose_file", message).into());
        }
        let tool = tool.ok_or_else(compose::missing)?;
        Configuration::ask(tool, &self.command(tool))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Invocation {
        Invocation {
            project: Some("shop".into()),
            folder: "/srv/shop".into(),
            files: vec!["/srv/shop/docker-compose.prod.yml".into()],
            env_files: vec!["/srv/shop/.env.production".into()],
        }
    }

    #[test]
    fn names_project_and_files() {
        let rest =
            "-p shop -f /srv/shop/docker-compose.prod.yml --env-file /srv/shop/.env.production ps";
        let line = |tool| shop().command(&tool).arg("ps").argv().join(" ");
        assert_eq!(line(Tool::v2()), format!("docker compose {rest}"));
        assert_eq!(line(Tool::v1()), format!("docker-compose {rest}"));
    }

    #[test]
    fn names_the_folder_where_the_file_is_elsewhere() {
        let deploy = Invocation {
            files: vec!["/srv/shop/deploy/compose.yaml".into()],
            env_files: Vec::new(),
            ..shop()
        };
        assert_eq!(
            deploy.command(&Tool::v2()).argv().join(" "),
            "docker compose -p shop -f /srv/shop/deploy/compose.yaml --project-directory /srv/shop"
        );
    }
}
