//! A real application stack in containers: PostgreSQL, Redis, uploads and
//! configuration, as a small team runs it.

mod demo;
mod project;
mod recipe;
mod servers;

pub use demo::Demo;
pub use project::Project;
pub use recipe::{Compose, Recipe};
pub(super) use servers::said;

use super::{Place, until};
use recipe::Secrets;
use std::ops::Deref;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use tempfile::TempDir;
use ulid::Ulid;

/// Removes a stack once its stdin ends, and so with the process of the tests,
/// however that ends: a `static` is never dropped, and SIGKILL drops nothing.
const KEEPER: &str = "while read -r _; do :; done
project=label=com.docker.compose.project=$1
docker ps --all --quiet --filter \"$project\" | xargs -r docker rm --force --volumes
docker network ls --quiet --filter \"$project\" | xargs -r docker network rm
docker volume ls --quiet --filter \"$project\" | xargs -r docker volume rm
docker images --format '{{.Repository}}:{{.Tag}}' | grep -E \"^($1[-_]|sextant-release/$1:)\" | xargs -r docker image rm --force
rm -rf \"$2\"";

/// A running stack. Dropped, or with the end of this process, its containers,
/// volumes, network and folders are removed.
#[derive(Debug)]
pub struct Stack {
    compose: Compose,
    project: String,
    /// The containers' ids.
    postgres: String,
    redis: String,
    secrets: Secrets,
    place: Place,
    keeper: Child,
    /// Roles belong to all databases: two schemas at once would collide.
    loading: Mutex<()>,
    _above: TempDir,
}

impl Stack {
    /// Starts one by `docker compose`, with the newest images and without a
    /// `sextant.toml`.
    pub fn start() -> Self {
        Self::of(Recipe::default())
    }

    /// Starts one, and waits until its servers answer.
    pub fn of(recipe: Recipe<'_>) -> Self {
        let above = tempfile::tempdir().expect("a folder can be made");
        // Compose names the project after the folder.
        let project = format!("sextant-test-{}", Ulid::generate()).to_lowercase();
        let path = above.path().canonicalize().expect("the folder is there");
        let place = Place::within(path.clone(), path.join(&project));
        let secrets = Secrets::new();
        recipe.write(place.folder(), &secrets);
        let mut stack = Self {
            compose: recipe.compose,
            keeper: keeper(&place, &project, &path),
            project,
            postgres: String::new(),
            redis: String::new(),
            secrets,
            place,
            loading: Mutex::new(()),
            _above: above,
        };
        stack.compose(&["up", "-d"]);
        stack.postgres = stack.compose(&["ps", "-q", "postgres"]);
        stack.redis = stack.compose(&["ps", "-q", "redis"]);
        stack.wait();
        stack
    }

    /// The same, for one test of several that share it: the containers' logs
    /// are shown when that test fails.
    pub fn used(&self) -> Used<'_> {
        Used(self)
    }

    /// The folder of its Compose file.
    pub fn folder(&self) -> &Path {
        self.place.folder()
    }

    /// The folder of the backup sets that [`Stack::tool`] makes.
    pub fn backups(&self) -> PathBuf {
        self.place.backups()
    }

    /// A program called in its folder, as [`Place::tool`] does.
    pub fn tool(&self, program: impl AsRef<Path>) -> Command {
        self.place.tool(program)
    }

    /// State and backup sets of one test's own, for a stack that several share.
    pub fn place(&self) -> Place {
        Place::at(self.folder())
    }

    /// The name of its Compose project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The passwords and keys of its `.env`.
    pub fn secrets(&self) -> Vec<String> {
        let Secrets {
            database,
            redis,
            jwt,
        } = &self.secrets;
        vec![database.clone(), redis.clone(), jwt.clone()]
    }

    /// The password of PostgreSQL's superuser `app`.
    pub fn database_password(&self) -> &str {
        &self.secrets.database
    }

    /// The password of Redis.
    pub fn redis_password(&self) -> &str {
        &self.secrets.redis
    }

    /// The id of the container of `postgres` or `redis`.
    pub fn container(&self, service: &str) -> &str {
        match service {
            "postgres" => &self.postgres,
            "redis" => &self.redis,
            other => panic!("the stack has no service `{other}`"),
        }
    }

    /// The address at which this machine reaches `postgres` or `redis`.
    pub fn address(&self, service: &str) -> String {
        let address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
        let mut docker = self.tool("docker");
        said(docker.args(["inspect", "--format", address, self.container(service)]))
    }

    /// Runs a subcommand of its Compose; what it wrote, trimmed.
    pub fn compose(&self, args: &[&str]) -> String {
        let program = self.compose.program();
        let mut command = self.tool(program[0]);
        said(command.args(&program[1..]).args(args))
    }

    /// Waits until its servers answer, as after a start.
    pub fn wait(&self) {
        // Before its first real start, the image's server listens on its socket
        // alone.
        let ready = ["pg_isready", "--quiet", "--host", "127.0.0.1"];
        until("PostgreSQL answers", || {
            let asked = self.exec("postgres", &[]).args(ready).output();
            asked.is_ok_and(|output| output.status.success())
        });
        until("Redis answers", || {
            let asked = self.redis_cli(&["PING"]).output();
            asked.is_ok_and(|output| output.stdout.starts_with(b"PONG"))
        });
    }

    fn show_logs(&self) {
        for container in [&self.postgres, &self.redis] {
            let mut docker = self.tool("docker");
            let logs = docker.args(["logs", "--tail", "50", container]).output();
            if let Ok(logs) = logs {
                eprint!("{}", String::from_utf8_lossy(&logs.stdout));
                eprint!("{}", String::from_utf8_lossy(&logs.stderr));
            }
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_logs();
        }
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn keeper(place: &Place, project: &str, above: &Path) -> Child {
    let mut command = place.tool("sh");
    command
        // Tests of kills tell by it what belongs to a run; this has to outlive it.
        .env_remove("SEXTANT_STATE")
        .args(["-c", KEEPER, "sh", project])
        .arg(above)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C ends the tests, not what cleans up behind them.
        .process_group(0);
    command.spawn().expect("sh starts")
}

/// A stack in the hands of one test.
#[derive(Debug)]
pub struct Used<'a>(&'a Stack);

impl Deref for Used<'_> {
    type Target = Stack;

    fn deref(&self) -> &Stack {
        self.0
    }
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.show_logs();
        }
    }
}
