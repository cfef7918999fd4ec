//! The labels that Compose puts on its containers: the same in `docker-compose`
//! 1.29 and in every `docker compose` v2 and later, unlike names and output formats.
//!
//! Source: `compose/const.py` of 1.29.2 and `pkg/api/labels.go` of v2.

/// The project's name.
pub(super) const PROJECT: &str = "com.docker.compose.project";
/// The folder of the project, absolute, symlinks kept.
pub(super) const FOLDER: &str = "com.docker.compose.project.working_dir";
/// The Compose files, joined by commas: absolute in v2, as typed in 1.29.
pub(super) const FILES: &str = "com.docker.compose.project.config_files";
/// What was given as `--env-file`, joined by commas; v2 alone.
pub(super) const ENV_FILES: &str = "com.docker.compose.project.environment_file";
/// The service's name.
pub(super) const SERVICE: &str = "com.docker.compose.service";
/// Which replica of the service, from 1.
pub(super) const NUMBER: &str = "com.docker.compose.container-number";
/// `True` for what `compose run` started.
pub(super) const ONE_OFF: &str = "com.docker.compose.oneoff";
/// The version of the Compose that created the container.
pub(super) const VERSION: &str = "com.docker.compose.version";
