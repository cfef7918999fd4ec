//! A Compose project with an application of its own, in two versions.

use crate::STEP;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use toolkit::testing::{Compose, Recipe, Seen, Stack};

/// Pruning takes away what a build beside it has not named yet.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A project with an application and a proxy that it builds by itself. Dropped,
/// their images are removed.
pub(crate) struct Project(Stack);

impl Project {
    pub(crate) fn start(compose: Compose) -> Self {
        let stack = Stack::of(Recipe {
            compose,
            ..Recipe::default()
        });
        let project = Self(stack);
        let file = project.file();
        let written = fs::read_to_string(&file).unwrap();
        let added = "services:
  api: {build: api}
  front: {build: api, image: '${NAME}/nginx:1'}
";
        fs::write(&file, written.replacen("services:\n", added, 1)).unwrap();
        fs::create_dir(project.0.folder().join("api")).unwrap();
        project.release("one");
        project
    }

    pub(crate) fn file(&self) -> PathBuf {
        let names = ["compose.yaml", "docker-compose.yml"];
        let mut files = names.iter().map(|name| self.0.folder().join(name));
        files.find(|file| file.is_file()).unwrap()
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.0.folder()
    }

    /// Where its logs are kept.
    pub(crate) fn logs(&self) -> PathBuf {
        self.0.backups().with_file_name("logs")
    }

    /// A program called in its folder.
    pub(crate) fn tool(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.0.tool(program);
        // BuildKit wants a registry for what it has already.
        command
            .env("DOCKER_BUILDKIT", "0")
            .env("NAME", self.0.project());
        command
    }

    /// The next version of what is built.
    pub(crate) fn release(&self, version: &str) {
        // Told to stop, it ends at once.
        let recipe = format!(
            "FROM debian:trixie-slim\nENV VERSION={version}\nSTOPSIGNAL SIGKILL\nCMD [\"sleep\", \"infinity\"]\n"
        );
        fs::write(self.0.folder().join("api/Dockerfile"), recipe).unwrap();
    }

    pub(crate) fn step(&self, args: &[&str]) -> Seen {
        Seen::run(self.tool(STEP).args(args)).succeeded()
    }

    /// The last words of the command that a step ran.
    pub(crate) fn ran(&self, args: &[&str]) -> String {
        let seen = self.step(args);
        let words = seen.data()["command"].as_array().unwrap().iter();
        let words: Vec<_> = words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect();
        let (_, rest) =
            words.split_at(words.iter().rposition(|word| word.contains('/')).unwrap() + 1);
        format!("{} … {}", words[0], rest.join(" "))
    }

    /// What `docker inspect` says of a service's container.
    pub(crate) fn inspect(&self, service: &str, format: &str) -> String {
        let label = format!("label=com.docker.compose.service={service}");
        let project = format!("label=com.docker.compose.project={}", self.0.project());
        let script =
            r#"docker ps -aq --filter "$0" --filter "$1" | xargs docker inspect --format "$2""#;
        let mut shell = self.0.tool("sh");
        let output = shell
            .args(["-c", script, &label, &project, format])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    pub(crate) fn states(&self) -> Vec<String> {
        let services = ["api", "front", "postgres", "redis"];
        services
            .map(|service| self.inspect(service, "{{.State.Status}}"))
            .into()
    }

    pub(crate) fn version(&self) -> String {
        let env = self.inspect("api", "{{.Config.Env}}");
        env.split("VERSION=")
            .nth(1)
            .unwrap()
            .trim_end_matches(']')
            .to_owned()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let script = r#"docker ps -aq --filter "label=com.docker.compose.project=$0" | xargs docker rm -f
            docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -F "$0" | xargs docker image rm -f"#;
        let _ = self
            .0
            .tool("sh")
            .args(["-c", script, self.0.project()])
            .output();
    }
}
