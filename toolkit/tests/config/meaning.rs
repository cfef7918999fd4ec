//! What each section means, with variables, environments and secrets.

use crate::case::Case;
use std::path::Path;
use std::time::Duration;
use toolkit::config::{Compression, Engine, Files, StepRun};
use toolkit::redact;

const WHOLE: &str = r#"
project = "orchestr-a"
engine = "compose"
compose = ["docker-compose.yml", "docker-compose.prod.yml"]

[backup]
to = "backups"
jobs = 2
compress = "zstd:5"
keep_within = "30d"
keep_last = 3
parts = ["database", "uploads"]

[restore]
keep_old = true

[database]
service = "db"
user = "app"
password = "${DB_PASSWORD}"
names = ["app", "audit"]

[redis]
url = "redis://:${REDIS_PASSWORD:-redis-fallback}@cache:6379"

[config]
paths = ".env"

[files]
uploads = "data/uploads"
media = { path = "/srv/media", exclude = ["*.tmp"] }

[rollback]
wait = "90s"

[step.migrate]
run = "echo $HOME ${NOT_SET}"
timeout = "10m"
retry = 2
delay = "5s"

[step.build]
run = ["make", "TAG=${TAG}"]
confirm = "DEPLOY"

[env.production.backup]
to = "/backup/deployments"
keep_last = 14

[env.staging]
compose = "docker-compose.staging.yml"
"#;

fn whole() -> Case {
    Case::of(WHOLE).file(".env", "DB_PASSWORD=from-dotenv-1\n")
}

#[test]
fn every_section_is_read() {
    let case = whole();
    let config = case.load();
    let file = &config.file;
    assert_eq!(config.path.as_deref(), Some(&*case.path("sextant.toml")));
    assert_eq!(config.project(), "orchestr-a");
    assert_eq!(file.engine, Some(Engine::Compose));
    let second = config.resolve(&file.compose[1]);
    assert_eq!(second, case.path("docker-compose.prod.yml"));
    let backup = &file.backup;
    assert_eq!(backup.compress, Some(Compression::Zstd(5)));
    let month = Duration::from_secs(30 * 86400);
    assert_eq!(backup.keep_within, Some(month));
    assert_eq!((backup.keep_last, backup.keep_daily), (Some(3), None));
    assert_eq!(file.restore.keep_old, Some(true));
    assert_eq!(file.rollback.wait, Some(Duration::from_secs(90)));
    let names = file.database.names.as_deref().unwrap();
    assert_eq!(names, ["app", "audit"]);
    assert_eq!(file.config.paths, [Path::new(".env")]);
    let media = Files {
        path: "/srv/media".into(),
        exclude: vec!["*.tmp".into()],
    };
    assert_eq!(file.files["media"], media);
    assert_eq!(file.files["uploads"].path, Path::new("data/uploads"));
    assert_eq!(file.step["migrate"].retry, Some(2));
    assert_eq!(file.step["build"].confirm.as_deref(), Some("DEPLOY"));
}

#[test]
fn variables_are_filled_in_except_in_commands() {
    let config = whole().var("TAG", "v1").load();
    let file = &config.file;
    let password = file.database.password.as_ref().unwrap();
    assert_eq!(password.expose(), "from-dotenv-1");
    let url = file.redis.url.as_ref().unwrap();
    assert_eq!(url.expose(), "redis://:redis-fallback@cache:6379");
    let script = StepRun::Line("echo $HOME ${NOT_SET}".into());
    assert_eq!(file.step["migrate"].run, Some(script));
    let argv = StepRun::Words(vec!["make".into(), "TAG=${TAG}".into()]);
    assert_eq!(file.step["build"].run, Some(argv));
}

#[test]
fn secrets_are_masked_from_then_on() {
    let case = whole()
        .var("SOME_TOKEN", "from-environment-1")
        .var("DATABASE_URL", "postgres://app:in-a-url-1@db/app");
    let shown = format!("{:?}", case.load());
    for secret in [
        "from-dotenv-1",
        "redis-fallback",
        "from-environment-1",
        "in-a-url-1",
    ] {
        assert_eq!(redact::text(secret), "***", "{secret}");
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn an_environment_overrides_key_by_key() {
    let config = whole().env("production").load();
    let backup = &config.file.backup;
    assert_eq!(config.env.as_deref(), Some("production"));
    let to = Path::new("/backup/deployments");
    assert_eq!(backup.to.as_deref(), Some(to));
    assert_eq!(backup.keep_last, Some(14));
    assert_eq!(backup.jobs, Some(2), "kept from the base");

    let case = whole().var("SEXTANT_ENV", "staging");
    let staging = Path::new("docker-compose.staging.yml");
    assert_eq!(case.load().file.compose, [staging]);
    let config = case.env("production").load();
    assert_eq!(config.env.as_deref(), Some("production"), "the flag counts");
}

#[test]
fn an_environment_that_is_not_there_is_refused() {
    let (message, hint) = whole().env("prodution").refused();
    assert_eq!(message, "`sextant.toml` has no `[env.prodution]`");
    assert_eq!(hint, "did you mean `production`?");
}

#[test]
fn without_environments_the_chosen_one_is_a_label() {
    for case in [Case::of("project = 'a'"), Case::new()] {
        let config = case.env("production").load();
        assert_eq!(config.env.as_deref(), Some("production"));
    }
}

/// Compose itself, on a file as people write it.
#[test]
fn docker_compose_reads_the_same_from_a_dotenv_file() {
    let dotenv = "\u{feff}# Base de données\r\nexport A=plain value # a comment\r\n\
        B='pa$$ #word'\nC=\"two\\nlines \\\"${A}\\\" \\$A\"\nD = pa#ss\n\
        E=${A:-x}|${NO:-dé}|${B:+alt}|$$|$\nF=\"-----BEGIN\nKEY-----\"\nG=\n\
        H='x' # y\nI: 1\nJ=a\\nb\nK=pa$4w0rd\nPATHS=$HOME/x\n";
    let names = [
        "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "PATHS",
    ];
    let mut labels = serde_json::Map::new();
    for name in names {
        labels.insert(name.into(), format!("${{{name}-unset}}").into());
    }
    let compose = serde_json::json!({"services": {"a": {"image": "a", "labels": labels}}});
    let case = Case::new()
        .file(".env", dotenv)
        .file("compose.yaml", compose.to_string())
        .var("HOME", "/home/app");
    let printed = toolkit::command::Command::new("docker")
        .args(["compose", "config", "--format", "json"])
        .env("HOME", "/home/app")
        .folder(case.path(""))
        .read()
        .unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&printed).unwrap();
    let config = case.load();
    for name in names {
        let theirs = printed["services"]["a"]["labels"][name].as_str().unwrap();
        // What it prints is a Compose file again, with each `$` doubled.
        let theirs = theirs.replace("$$", "$");
        assert_eq!(config.var(name).as_deref(), Some(&*theirs), "{name}");
    }
}
