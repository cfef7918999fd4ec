//! A shop that is deployed from its repository, release by release.

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use toolkit::testing::{Compose, Project, Seen, SmallFolders, free_port, sibling, until};

/// The releases: what the application is told of itself, and how its database
/// is changed.
const RELEASES: [(&str, &str, &str); 7] = [
    (
        "v1",
        r#"{"version":"v1"}"#,
        "CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items VALUES (1, 'one'), (2, 'two');",
    ),
    (
        "v2",
        r#"{"version":"v2"}"#,
        "UPDATE items SET name = upper(name); INSERT INTO items VALUES (3, 'THREE');",
    ),
    (
        "v3",
        r#"{"version":"v3","broken":true}"#,
        "DELETE FROM items WHERE id = 1; ALTER TABLE items ADD gone int;",
    ),
    (
        "v4-dies",
        r#"{"version":"v4-dies","dies":true}"#,
        "ALTER TABLE items ADD more int;",
    ),
    (
        "v5-migrates-half",
        r#"{"version":"v5"}"#,
        "UPDATE items SET name = 'half'; SELECT 1 / 0;",
    ),
    ("v6-no-build", "no JSON", "SELECT 1;"),
    (
        "v7",
        r#"{"version":"v7"}"#,
        "INSERT INTO items VALUES (7, 'seven');",
    ),
];

/// The links of a deployment between its backup and its end.
const DEPLOYMENT: &str = r#"
rollback --prepare </dev/null | rollback --maintenance on | backup \
  | step checkout -- git checkout --quiet "$1" | step build | step drain | step migrate | step up \
  | healthcheck --no-alert --wait 60s container http | smoketest | rollback --maintenance off \
  | rollback --if failure --force | rollback --record
"#;

/// One shop, which v1 serves at first.
pub(crate) struct Shop {
    pub(crate) project: Project,
    port: u16,
    /// Its folders of state and of backup sets, where there is little room.
    small: Option<SmallFolders>,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self::of(Compose::V2, "17")
    }

    /// The same, with 2 MiB for backup sets, and as much for the state.
    pub(crate) fn with_little_room() -> Self {
        let mut shop = Self::open();
        let place = shop.project.place();
        let folders = [place.backups(), place.state()];
        let folders: Vec<_> = folders.iter().map(PathBuf::as_path).collect();
        shop.small = Some(SmallFolders::over(&folders, "size=2m"));
        shop
    }

    /// By this Compose, with this PostgreSQL.
    pub(crate) fn of(compose: Compose, postgres: &str) -> Self {
        let shop = Self {
            project: Project::of(compose),
            port: free_port(),
            small: None,
        };
        let project = &shop.project;
        let file = include_str!("shop/compose.yaml");
        let file = file.replace("postgres:17", &format!("postgres:{postgres}"));
        let sextant = include_str!("shop/sextant.toml");
        if compose == Compose::V1 {
            project.write("docker-compose.yml", &file);
            let older = sextant.replace(r#""docker", "compose""#, r#""docker-compose""#);
            project.write(
                "sextant.toml",
                &older.replace("docker compose", "docker-compose"),
            );
        } else {
            project.write("compose.yaml", &file);
            project.write("sextant.toml", sextant);
        }
        project.write(".gitignore", ".env\nmaintenance\nhold\n");
        let env = format!(
            "POSTGRES_PASSWORD=correct-horse-battery\nAPI_PORT={}\n",
            shop.port
        );
        project.write(".env", &env);
        shop.git(&["init", "--quiet", "--initial-branch", "main"]);
        for (version, release, migration) in RELEASES {
            for service in ["api", "worker"] {
                let file = |name: &str| format!("services/{service}/{name}");
                project.write(&file("app.py"), include_str!("shop/app.py"));
                project.write(&file("Dockerfile"), include_str!("shop/Dockerfile"));
                project.write(&file("release.json"), release);
                // No two shops have an image in common: one may prune it.
                project.write(&file("shop"), &format!("{}-{service}", project.name()));
            }
            project.write("migration.sql", migration);
            shop.git(&["add", "--all"]);
            shop.git(&["commit", "--quiet", "--message", version]);
            shop.git(&["tag", version]);
        }
        shop.git(&["checkout", "--quiet", "v1"]);
        project.compose(&["up", "--detach", "--build"]);
        let postgres = project.compose(&["ps", "--quiet", "postgres"]);
        until("PostgreSQL takes connections", || {
            let ready = ["exec", &postgres, "pg_isready", "-q", "-h", "127.0.0.1"];
            let ready = project.tool("docker").args(ready).output();
            ready.is_ok_and(|output| output.status.success())
        });
        shop.sql(RELEASES[0].2);
        shop
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        let own = ["-c", "user.name=shop", "-c", "user.email=shop@shop.example"];
        self.project.said("git", &[&own, args].concat())
    }

    /// Runs `sql` in the database; its rows.
    pub(crate) fn sql(&self, sql: &str) -> String {
        let psql = [
            "exec", "-T", "postgres", "psql", "-U", "shop", "-qAt", "-c", sql,
        ];
        self.project.compose(&psql)
    }

    pub(crate) fn redis(&self, args: &[&str]) -> String {
        let cli = ["exec", "-T", "redis", "redis-cli"];
        self.project.compose(&[&cli, args].concat())
    }

    /// A shell command in which the tools are found by their names.
    pub(crate) fn shell(&self, line: &str, args: &[&str]) -> Command {
        let own = PathBuf::from(env!("CARGO_BIN_EXE_rollback"));
        for tool in ["backup", "restore", "healthcheck", "smoketest", "step"] {
            sibling(env!("CARGO_BIN_EXE_rollback"), tool);
        }
        let folder = own.parent().expect("a binary is in a folder");
        let path = format!(
            "{}:{}",
            folder.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = self.project.tool("bash");
        command
            .env("PATH", path)
            .env("DOCKER_BUILDKIT", "0")
            .args(["-c", line, "bash"])
            .args(args);
        match &self.small {
            Some(small) => small.enter(&command),
            None => command,
        }
    }

    /// The small ones among its folders.
    pub(crate) fn small(&self) -> &SmallFolders {
        self.small.as_ref().expect("it has little room")
    }

    /// Removes all images of releases that nothing runs.
    pub(crate) fn prune(&self) {
        let tags = ["images", "--format", "{{.Repository}}:{{.Tag}}"];
        let tags = self.project.said("docker", &tags);
        let kept = format!("sextant-release/{}:", self.project.name());
        let serving = self.seen().images;
        for tag in tags.lines().filter(|tag| tag.starts_with(&kept)) {
            let id = ["image", "inspect", "--format", "{{.Id}}", tag];
            let id = self.project.said("docker", &id);
            if !serving.iter().any(|image| image.starts_with(&id)) {
                let remove = ["image", "rm", "--force", tag];
                self.project.said("docker", &remove);
            }
        }
    }

    /// Deploys a release by the whole pipeline.
    pub(crate) fn deploy(&self, version: &str) -> Seen {
        Seen::run(&mut self.shell(DEPLOYMENT, &[version]))
    }

    pub(crate) fn deployment(&self, version: &str) -> Command {
        self.shell(DEPLOYMENT, &[version])
    }

    pub(crate) fn rollback(&self, args: &str) -> Seen {
        Seen::run(&mut self.shell(&format!("rollback {args}"), &[]))
    }

    /// What is there to be seen: the rows, the keys, the images that run, the
    /// answer, the commit, maintenance mode.
    pub(crate) fn seen(&self) -> Sight {
        let service = |name| {
            let id = self.project.compose(&["ps", "--quiet", name]);
            let running = ["inspect", "--format", "{{.Image}} {{.State.Running}}", &id];
            if id.is_empty() {
                String::new()
            } else {
                self.project.said("docker", &running)
            }
        };
        Sight {
            rows: self.sql("SELECT to_jsonb(items) - 'gone' - 'more' FROM items ORDER BY id"),
            columns: self.sql("SELECT string_agg(column_name, ',' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_name = 'items'"),
            visits: self.redis(&["get", "visits"]),
            images: ["api", "worker", "postgres", "redis"].map(service),
            answer: self.get("/items"),
            commit: self.git(&["rev-parse", "HEAD"]),
            maintenance: self.project.folder().join("maintenance").exists(),
        }
    }

    /// What the application answers; empty when it does not.
    pub(crate) fn get(&self, path: &str) -> String {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        let answer = Command::new("curl")
            .args(["--silent", "--max-time", "5", &url])
            .output();
        answer
            .map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned())
            .unwrap_or_default()
    }

    /// A path in its state folder.
    pub(crate) fn state(&self, name: &str) -> PathBuf {
        let path = self.project.place().state().join(name);
        match &self.small {
            Some(small) => small.path(&path),
            None => path,
        }
    }

    /// The journal of the open operation; empty when none is.
    pub(crate) fn journal(&self) -> String {
        std::fs::read_to_string(self.state("operation.ndjson")).unwrap_or_default()
    }
}

/// What a user, and whoever looks after the machine, sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) rows: String,
    pub(crate) columns: String,
    pub(crate) visits: String,
    pub(crate) images: [String; 4],
    pub(crate) answer: String,
    pub(crate) commit: String,
    pub(crate) maintenance: bool,
}

/// The record of a link, by the name that it carries.
pub(crate) fn record<'s>(seen: &'s Seen, name: &str) -> &'s Value {
    let mut records = seen.records.iter().rev();
    records
        .find(|record| record["name"] == name)
        .unwrap_or_else(|| panic!("no record of `{name}`: {}", seen.stderr))
}
