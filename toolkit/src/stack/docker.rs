//! Docker's command line as values, and why it could not answer.

use super::labels;
use crate::command::Command;
use crate::failure::Failure;
use anyhow::{Context, Result};
use std::path::PathBuf;

/// The reason of a failure to reach Docker's daemon, or to find its client.
pub const UNREACHABLE: &str = "docker_unreachable";

/// Lists the containers, stopped ones too, that have a label: `name`, or
/// `name=value`. Writes one JSON array a line: id, project, folder.
pub fn ps(label: &str) -> Command {
    let fields =
        [labels::PROJECT, labels::FOLDER].map(|name| format!(r#"{{{{json (.Label "{name}")}}}}"#));
    Command::new("docker")
        .args(["ps", "--all", "--no-trunc", "--filter"])
        .arg(format!("label={label}"))
        .arg("--format")
        .arg(format!("[{{{{json .ID}}}},{}]", fields.join(",")))
}

/// Describes containers, by id or name, in one JSON array.
pub fn inspect<I: IntoIterator<Item = S>, S: Into<String>>(containers: I) -> Command {
    Command::new("docker")
        .args(["inspect", "--type", "container"])
        .args(containers.into_iter().map(Into::into))
}

/// Runs `argv` inside a container, its stdin open.
///
/// Each of `secrets` is set there as an environment variable. Its value goes
/// through the environment of the client, so that it is in no argument list.
pub fn exec(container: &str, secrets: &[(&str, &str)], argv: &[&str]) -> Command {
    let mut command = Command::new("docker").args(["exec", "-i"]);
    for (name, value) in secrets {
        command = command.arg("-e").arg(*name).env(*name, *value);
    }
    command.arg(container).args(argv.iter().copied())
}

/// The most of a file that is read; those with passwords have one line.
const LARGEST_FILE: &str = "65536";

/// Reads a small text file inside a running container. What the container says
/// is a file may be endless: it is cut at 64 KiB.
///
/// # Errors
/// `command_failed` when it is not there, or the container does not run.
pub fn read_file(container: &str, path: &str) -> Result<String> {
    let bytes = exec(container, &[], &["head", "-c", LARGEST_FILE, "--", path])
        .read()
        .with_context(|| format!("cannot read `{path}` in container `{container}`"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A container of some Compose project, before it is inspected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) project: String,
    pub(super) folder: PathBuf,
}

/// The containers of every Compose project.
///
/// # Errors
/// [`UNREACHABLE`].
pub(super) fn list() -> Result<Vec<Listed>> {
    let bytes = ps(labels::PROJECT).read().map_err(unreachable)?;
    let lines =
        serde_json::Deserializer::from_slice(&bytes).into_iter::<(String, String, PathBuf)>();
    lines
        .map(|line| {
            let (id, project, folder) = line.context("cannot read what `docker ps` wrote")?;
            Ok(Listed {
                id,
                project,
                folder,
            })
        })
        .collect()
}

/// Whether Docker itself is what fails.
pub(super) fn is_unreachable(error: &anyhow::Error) -> bool {
    Failure::of(error).reason == UNREACHABLE
}

/// `docker ps` with fixed arguments fails only when Docker cannot answer.
fn unreachable(error: anyhow::Error) -> anyhow::Error {
    let failure = Failure::of(&error);
    match failure.reason {
        "missing_program" => Failure::not_started(UNREACHABLE, failure.message)
            .hint("install Docker Engine, or add the folder of `docker` to PATH")
            .into(),
        "command_failed" => {
            let denied = failure.message.to_lowercase().contains("permission denied");
            let hint = if denied {
                "run it as root, or add this user to the docker group: `sudo usermod -aG docker \"$USER\"`, then log in again"
            } else {
                "start it with `sudo systemctl start docker`, or correct DOCKER_HOST"
            };
            let message = format!("cannot reach the Docker daemon: {}", failure.message);
            Failure::new(UNREACHABLE, message).hint(hint).into()
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stopped_containers_too() {
        assert_eq!(
            ps("com.docker.compose.project=shop").argv(),
            [
                "docker",
                "ps",
                "--all",
                "--no-trunc",
                "--filter",
                "label=com.docker.compose.project=shop",
                "--format",
                r#"[{{json .ID}},{{json (.Label "com.docker.compose.project")}},{{json (.Label "com.docker.compose.project.working_dir")}}]"#,
            ]
        );
        assert_eq!(
            inspect(["a", "b"]).argv(),
            ["docker", "inspect", "--type", "container", "a", "b"]
        );
    }

    #[test]
    fn keeps_secrets_out_of_the_arguments() {
        let command = exec("db", &[("PGPASSWORD", "hunter-22")], &["psql", "-U", "app"]);
        assert_eq!(
            command.argv(),
            [
                "docker",
                "exec",
                "-i",
                "-e",
                "PGPASSWORD",
                "db",
                "psql",
                "-U",
                "app"
            ]
        );
        let same = Command::new("docker")
            .args(["exec", "-i", "-e", "PGPASSWORD", "db", "psql", "-U", "app"])
            .env("PGPASSWORD", "hunter-22");
        assert_eq!(command, same);
        assert!(!format!("{command:?} {command}").contains("hunter-22"));
    }

    #[test]
    fn a_closed_socket_leads_to_the_docker_group() {
        let failed = |message: &str| {
            Failure::of(&unreachable(Failure::new("command_failed", message).into()))
        };
        let denied = failed(
            "`docker` failed: permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock",
        );
        assert_eq!(denied.reason, "docker_unreachable");
        assert!(denied.hint.unwrap().contains("docker group"));
        let down = failed(
            "`docker` failed: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        );
        assert!(
            down.message
                .starts_with("cannot reach the Docker daemon: `docker` failed: Cannot connect")
        );
        assert!(down.hint.unwrap().contains("systemctl start docker"));
        let stopped = unreachable(Failure::new("interrupted", "interrupted by SIGINT").into());
        assert_eq!(Failure::of(&stopped).reason, "interrupted");
    }
}
