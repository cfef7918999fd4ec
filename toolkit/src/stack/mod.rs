//! The stack that a folder runs under Docker Compose: found by the labels of
//! its containers, or in its Compose files when nothing runs.

mod compose;
pub mod docker;
mod image;
mod inspect;
mod invocation;
mod labels;
mod lookup;
mod postgres;
mod project;
mod recognise;
mod redis;
mod redis_options;
mod secrets;
mod service;
mod shell;
mod yaml;

pub use compose::ComposeVersion;
pub use inspect::{Container, Published};
pub use lookup::Lookup;
pub use postgres::PostgresAt;
pub use redis::RedisAt;
pub use service::Service;

use crate::command::Command;
use crate::failure::Failure;
use crate::signals;
use anyhow::Result;
use compose::{Configuration, Tool};
use invocation::Invocation;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The services of one Compose project, or of none.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The Compose project's name; none where there is no Compose.
    pub project: Option<String>,
    /// The project's folder, absolute: where relative paths in its Compose
    /// files start.
    pub folder: PathBuf,
    /// Its Compose files, absolute, in the order in which they override.
    pub compose_files: Vec<PathBuf>,
    /// What Compose reads instead of `.env`, absolute.
    pub env_files: Vec<PathBuf>,
    /// Its services by name: those that have containers, and those that its
    /// Compose files declare.
    pub services: Vec<Service>,
    /// The application's folder, that of `sextant.toml`.
    root: PathBuf,
    tool: Option<Tool>,
    /// Why it cannot be had, where containers run without it.
    configuration: Result<Configuration, Failure>,
}

impl Stack {
    /// Finds the stack of a folder: the project that is named, else the one
    /// whose containers were created from the folder, else its Compose files.
    ///
    /// A folder with none of these, with or without Docker, has
    /// [no stack](Stack::none); that is no error. Every secret that the stack
    /// shows on the way is [learned](crate::redact::learn).
    ///
    /// # Errors
    /// `docker_unreachable` when the folder has Compose files, or configuration
    /// names the project, and Docker does not answer; `several_projects`;
    /// `no_compose_file`; when nothing runs, also `several_compose_files`,
    /// `compose_config` or `missing_program`.
    pub fn discover(lookup: &Lookup) -> Result<Self> {
        let root = lookup.root()?;
        let files = lookup.files(&root)?;
        let containers = match project::containers(lookup.project(), &files) {
            Err(error)
                if docker::is_unreachable(&error) && !files.exist() && lookup.project.is_none() =>
            {
                Vec::new()
            }
            containers => containers?,
        };
        let calling = match containers.first() {
            Some(container) => Invocation::of(container, files),
            None if files.exist() => Invocation::new(lookup, files)?,
            None => {
                let named = lookup.project.as_deref();
                return named.map_or_else(
                    || Ok(Self::none(root)),
                    |name| Err(project::not_found(name).into()),
                );
            }
        };
        Self::assemble(calling, root, containers)
    }

    /// No stack: an application that runs outside Compose.
    pub fn none(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            project: None,
            folder: root.clone(),
            compose_files: Vec::new(),
            env_files: Vec::new(),
            services: Vec::new(),
            tool: None,
            configuration: Err(no_stack(&root)),
            root,
        }
    }

    fn assemble(calling: Invocation, root: PathBuf, containers: Vec<Container>) -> Result<Self> {
        let tool = Tool::detect(project::made_by(&containers))?;
        let configuration = match calling.resolve(tool.as_ref()) {
            Err(error) if containers.is_empty() => return Err(error),
            configuration => configuration.map_err(|error| Failure::of(&error)),
        };
        signals::check()?;
        let (named, declared) = match &configuration {
            Ok(configuration) => (
                configuration.project.clone(),
                configuration.services.clone(),
            ),
            Err(_) => (None, BTreeMap::new()),
        };
        let named = calling.project.or(named);
        Ok(Self {
            project: Some(named.unwrap_or_else(|| project::of_folder(&calling.folder))),
            folder: calling.folder,
            compose_files: calling.files,
            env_files: calling.env_files,
            services: service::all(containers, declared),
            root,
            tool,
            configuration,
        })
    }

    /// Which Compose [`Stack::compose`] calls.
    pub fn compose_version(&self) -> ComposeVersion {
        self.tool
            .as_ref()
            .map_or(ComposeVersion::Absent, |tool| tool.version)
    }

    /// `docker compose` or `docker-compose` with this project, its files and
    /// its variables: a subcommand is still to be added.
    ///
    /// # Errors
    /// `no_stack` outside Compose, `missing_program` where none is installed.
    pub fn compose(&self) -> Result<Command, Failure> {
        if self.project.is_none() {
            return Err(no_stack(&self.root));
        }
        let tool = self.tool.as_ref().ok_or_else(compose::missing)?;
        let calling = Invocation {
            project: self.project.clone(),
            folder: self.folder.clone(),
            files: self.compose_files.clone(),
            env_files: self.env_files.clone(),
        };
        Ok(calling.command(tool))
    }

    /// SHA-256, in hexadecimal, of the configuration that Compose resolves from
    /// all files and variables. The two generations of Compose write the same
    /// configuration differently, so it is comparable within one of them.
    ///
    /// # Errors
    /// Why Compose could not resolve it.
    pub fn config_hash(&self) -> Result<&str, &Failure> {
        self.configuration
            .as_ref()
            .map(|configuration| configuration.hash.as_str())
    }

    /// Whether its Compose files have a service of this name: a container may be
    /// left of one that they had. True where they cannot be read.
    pub fn declares(&self, service: &str) -> bool {
        let Ok(configuration) = &self.configuration else {
            return true;
        };
        configuration.services.contains_key(service)
    }

    /// The id of the image that each service runs, or ran when it was stopped.
    pub fn images(&self) -> BTreeMap<String, String> {
        let of =
            |service: &Service| Some((service.name.clone(), service.container()?.image_id.clone()));
        self.services.iter().filter_map(of).collect()
    }

    /// The service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }

    /// What the image of a service is called when Compose builds it: as
    /// declared, else after the project, by `-` in v2 and by `_` in 1.29.
    pub fn built_image(&self, service: &str) -> Option<String> {
        let declared = self.service(service)?.declared_image().map(str::to_owned);
        let separator = match self.compose_version() {
            ComposeVersion::V1 => '_',
            _ => '-',
        };
        let project = self.project.as_deref()?;
        Some(declared.unwrap_or_else(|| format!("{project}{separator}{service}")))
    }

    /// The service's container, when it runs.
    ///
    /// # Errors
    /// `service_not_running`, with the command that starts it.
    pub fn running<'a>(&self, service: &'a Service) -> Result<&'a Container, Failure> {
        let state = match service.container() {
            Some(container) if container.running => return Ok(container),
            Some(container) => format!(
                ": its container `{}` is {}",
                container.name, container.state
            ),
            None => String::new(),
        };
        let message = format!("service `{}` is not running{state}", service.name);
        let failure = Failure::new("service_not_running", message);
        Err(match self.compose() {
            Ok(compose) => {
                let argv = compose.args(["up", "-d", &service.name]).argv();
                failure.hint(format!("`{}` starts it", shell_words::join(argv)))
            }
            Err(_) => failure,
        })
    }

    /// The files and folders that make up the stack's configuration and exist:
    /// `sextant.toml` and `config/` of the application's folder, the Compose
    /// files, and the files of variables that these or Compose itself read.
    ///
    /// # Errors
    /// A Compose file that cannot be read, or is no YAML.
    pub fn config_paths(&self) -> Result<Vec<PathBuf>> {
        let mut paths: Vec<PathBuf> =
            vec![self.root.join("sextant.toml"), self.root.join("config")];
        paths.extend(self.compose_files.iter().cloned());
        paths.extend([self.root.join(".env"), self.folder.join(".env")]);
        paths.extend(self.env_files.iter().cloned());
        for file in &self.compose_files {
            paths.extend(yaml::env_files_in(file, &self.folder)?);
        }
        let mut seen = BTreeSet::new();
        paths.retain(|path| path.exists() && seen.insert(path.clone()));
        Ok(paths)
    }
}

fn no_stack(root: &Path) -> Failure {
    Failure::not_started(
        "no_stack",
        format!("`{}` has no Compose stack", root.display()),
    )
    .hint("start the tool in the folder of the Compose file, or name `project` in sextant.toml")
}
