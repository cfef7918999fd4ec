//! What `step NAME` runs where nobody has said it: the steps that every
//! deployment of a Compose project takes. All of them are built here.

use anyhow::Result;
use toolkit::application::Application;
use toolkit::command::Command;
use toolkit::config::{Config, Engine};
use toolkit::stack::Stack;

/// What a step comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// It runs this.
    Command(Command),
    /// There is nothing to do, and this is why.
    Nothing(String),
}

/// The steps of a Compose project.
const OF_COMPOSE: [&str; 4] = ["build", "drain", "up", "prune"];

/// The work of the step `name`; none where there is no default. With `anew`,
/// images are built without Docker's cache.
pub(crate) fn of(name: &str, anew: bool, config: &Config) -> Result<Option<Work>> {
    match name {
        "pull" if is_under_git(config) => Ok(Some(Work::Command(pull(config)))),
        "migrate" => Ok(Some(migrate())),
        name if OF_COMPOSE.contains(&name) => {
            if !matches!(config.file.engine, None | Some(Engine::Compose)) {
                return Ok(None);
            }
            let application = Application::discover(config)?;
            let stack = &application.stack;
            if stack.project.is_none() {
                return Ok(None);
            }
            let compose = stack.compose()?;
            Ok(Some(match name {
                "build" => Work::Command(build(compose, anew)),
                "drain" => drain(compose, stack, config),
                "up" => Work::Command(up(compose)),
                _ => Work::Command(prune()),
            }))
        }
        _ => Ok(None),
    }
}

/// What the step `name` lacks to have a default; none where it never has one.
pub(crate) fn lacks(name: &str) -> Option<&'static str> {
    match name {
        "pull" => Some("git work tree"),
        name if OF_COMPOSE.contains(&name) => Some("Compose stack"),
        _ => None,
    }
}

fn is_under_git(config: &Config) -> bool {
    let folders = config.root.ancestors();
    folders
        .into_iter()
        .any(|folder| folder.join(".git").exists())
}

/// `git pull --ff-only` in the application's folder: git itself refuses what is
/// no fast-forward, and leaves the work tree as it was.
///
/// A step leads a process group of its own, and so would be stopped for ever as
/// soon as it asked on the terminal: neither git nor ssh asks.
fn pull(config: &Config) -> Command {
    Command::new("git")
        .args(["pull", "--ff-only"])
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("SSH_ASKPASS_REQUIRE", "force")
        .folder(&config.root)
}

/// `compose build`: with `anew`, nothing is taken from Docker's cache.
fn build(compose: Command, anew: bool) -> Command {
    let command = compose.arg("build");
    if anew {
        command.arg("--no-cache")
    } else {
        command
    }
}

/// `compose stop` of the application's own services, but those that `[rollback]
/// leave` names. One by one, for without names Compose stops the databases too.
fn drain(compose: Command, stack: &Stack, config: &Config) -> Work {
    let file = &config.file;
    let servers = [&file.database.service, &file.redis.service];
    let kept = servers.into_iter().flatten().chain(&file.rollback.leave);
    let kept: Vec<_> = kept.map(String::as_str).collect();
    let services = stack.application(&kept);
    if services.is_empty() {
        let why = "no service of the application has been started";
        return Work::Nothing(why.to_owned());
    }
    let names = services.into_iter().map(|service| &service.name);
    Work::Command(compose.arg("stop").args(names))
}

/// `compose up -d`. Without `--wait`, which 1.29 does not have, and which takes
/// a job that ends with status 0 for a failure: `healthcheck --wait` looks at
/// more than that. Containers of services that are no longer declared stay.
fn up(compose: Command) -> Command {
    compose.args(["up", "-d"])
}

/// `docker image prune -f`: the layers that no tag names any more. Releases are
/// kept by their tags.
fn prune() -> Command {
    Command::new("docker").args(["image", "prune", "-f"])
}

/// No command can be guessed that changes a database.
fn migrate() -> Work {
    let why = "no migration is configured: `[step.migrate] run` in sextant.toml says what runs it";
    Work::Nothing(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docker compose` and `docker-compose` 1.29, as a stack gives them.
    fn both() -> [Command; 2] {
        let words = ["-p", "shop", "-f", "/srv/shop/compose.yaml"];
        [
            Command::new("docker").arg("compose").args(words),
            Command::new("docker-compose").args(words),
        ]
    }

    fn line(command: &Command) -> String {
        command.argv().join(" ")
    }

    #[test]
    fn either_compose_builds_and_starts() {
        let [v2, v1] = both();
        let shop = "-p shop -f /srv/shop/compose.yaml";
        let compose = format!("docker compose {shop}");
        assert_eq!(line(&build(v2.clone(), false)), format!("{compose} build"));
        let anew = build(v2.clone(), true);
        assert_eq!(line(&anew), format!("{compose} build --no-cache"));
        assert_eq!(line(&up(v2)), format!("{compose} up -d"));
        let compose = format!("docker-compose {shop}");
        assert_eq!(line(&build(v1.clone(), false)), format!("{compose} build"));
        let anew = build(v1.clone(), true);
        assert_eq!(line(&anew), format!("{compose} build --no-cache"));
        assert_eq!(line(&up(v1)), format!("{compose} up -d"));
    }

    #[test]
    fn only_what_no_tag_names_is_pruned() {
        assert_eq!(line(&prune()), "docker image prune -f");
    }

    #[test]
    fn only_what_is_a_fast_forward_is_pulled_and_nobody_is_asked() {
        let mut config = Config::default();
        config.root = "/srv/shop".into();
        let expected = Command::new("git")
            .args(["pull", "--ff-only"])
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS_REQUIRE", "force")
            .folder("/srv/shop");
        assert_eq!(pull(&config), expected);
    }

    #[test]
    fn what_was_never_started_is_not_stopped() {
        let stack = Stack::none("/srv/shop");
        for compose in both() {
            let work = drain(compose, &stack, &Config::default());
            assert!(matches!(work, Work::Nothing(_)), "{work:?}");
        }
    }
}
