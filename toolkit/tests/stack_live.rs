//! Stacks found on a real Docker, started by `docker compose` and by
//! `docker-compose` 1.29. Without them these tests fail.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

mod project;

use project::{Generation, Project, Started};
use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use toolkit::command::Command;
use toolkit::failure::Failure;
use toolkit::redact;
use toolkit::stack::{ComposeVersion, Lookup, PostgresAt, RedisAt, Stack, docker};

const V2: Generation = Generation::V2;
const V1: Generation = Generation::V1;

/// A whole application in a file that Compose does not find by itself.
const SHOP: &str = "
version: '3.8'
services:
  postgres:
    image: sextant-dev/postgres:17
    container_name: ${NAME}-db
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: ${DB_PASSWORD}
      POSTGRES_DB: shop
  cache:
    image: sextant-dev/redis:8
    env_file: [cache.env]
    command: sh -c 'exec redis-server --requirepass \"$$REDIS_PASSWORD\" --port 7000'
    ports: ['127.0.0.1::7000']
  api:
    image: sextant-dev/redis:7
    entrypoint: [tail, -f, /dev/null]
    environment:
      DATABASE_URL: postgres://app:${DB_PASSWORD}@postgres/shop
";

/// A service that only has to be there.
const IDLE: &str = "
version: '3.8'
services:
  api:
    image: sextant-dev/redis:7
    entrypoint: [tail, -f, /dev/null]
";

fn failure(result: anyhow::Result<Stack>) -> Failure {
    Failure::of(&result.unwrap_err())
}

fn shop(generation: Generation, variables: &str, extra: &[&str]) -> (Project, Stack) {
    let project = Project::new(generation);
    project.write("docker-compose.prod.yml", SHOP);
    project.write("cache.env", "REDIS_PASSWORD=puffin-$1x\n");
    project.write(
        variables,
        &format!("DB_PASSWORD=guillemot-5\nNAME={}\n", project.name),
    );
    let files = [extra, &["-f", "docker-compose.prod.yml", "up", "-d"]].concat();
    project.compose(&files);
    let stack = Stack::discover(&project.lookup()).unwrap();
    (project, stack)
}

fn sees_the_shop(project: &Project, stack: &Stack) {
    assert_eq!(stack.project.as_deref(), Some(project.name.as_str()));
    assert_eq!(stack.folder, project.folder());
    assert_eq!(
        stack.compose_files,
        [project.folder().join("docker-compose.prod.yml")]
    );
    let services: Vec<_> = stack
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(services, ["api", "cache", "postgres"]);

    let service = stack.postgres(None).unwrap().unwrap();
    let container = stack.running(service).unwrap();
    assert_eq!(container.name, format!("{}-db", project.name));
    let postgres = PostgresAt::of(container).unwrap();
    assert_eq!(
        (postgres.user.as_str(), postgres.database.as_str()),
        ("app", "shop")
    );
    assert_eq!(postgres.password.as_deref(), Some("guillemot-5"));
    assert_eq!(redact::text("guillemot-5"), "***");
    let version = docker::exec(&container.id, &[], &["psql", "--version"])
        .read()
        .unwrap();
    assert!(String::from_utf8_lossy(&version).contains(" 17"));
    let seen = docker::exec(
        &container.id,
        &[("PGPASSWORD", "guillemot-5")],
        &["printenv", "PGPASSWORD"],
    );
    assert_eq!(seen.read().unwrap(), b"guillemot-5\n");

    // `api` has the image of Redis, but another program.
    let service = stack.redis(None).unwrap().unwrap();
    let redis = RedisAt::of(stack.running(service).unwrap(), &stack.services).unwrap();
    assert_eq!(
        (redis.port, redis.tls, redis.user.as_deref()),
        (7000, false, None)
    );
    assert_eq!(redis.addresses.len(), 2);
    let password = redis.password.unwrap();
    for address in redis.addresses {
        assert_eq!(ping(&password, address), "+OK\r\n+PONG\r\n");
    }

    let id = stack
        .compose()
        .unwrap()
        .args(["ps", "-q", "postgres"])
        .read()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&id).trim(), container.id);
    assert_eq!(stack.images()["postgres"], container.image_id);
    assert_eq!(stack.images().len(), 3);
}

/// What the Redis there answers, once it listens.
fn ping(password: &str, address: SocketAddr) -> String {
    let given_up = Instant::now() + Duration::from_secs(180);
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) => assert!(Instant::now() < given_up, "{address}: {error}"),
        }
    };
    let length = password.len();
    let commands = format!("*2\r\n$4\r\nAUTH\r\n${length}\r\n{password}\r\n*1\r\n$4\r\nPING\r\n");
    stream.write_all(commands.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn finds_what_v2_started() {
    let (project, stack) = shop(V2, ".env.production", &["--env-file", ".env.production"]);
    assert_eq!(stack.compose_version(), ComposeVersion::V2);
    assert_eq!(stack.env_files, [project.folder().join(".env.production")]);
    sees_the_shop(&project, &stack);
    let in_folder = ["docker-compose.prod.yml", ".env.production", "cache.env"];
    assert_eq!(
        stack.config_paths().unwrap(),
        in_folder.map(|name| project.folder().join(name))
    );
    follows_the_configuration(&project, &stack);
}

#[test]
fn finds_what_1_29_started() {
    let (project, stack) = shop(V1, ".env", &[]);
    assert_eq!(stack.compose_version(), ComposeVersion::V1);
    sees_the_shop(&project, &stack);
    let in_folder = ["docker-compose.prod.yml", ".env", "cache.env"];
    assert_eq!(
        stack.config_paths().unwrap(),
        in_folder.map(|name| project.folder().join(name))
    );
    follows_the_configuration(&project, &stack);
}

/// The hash stays while nothing changes, and changes with a variable.
fn follows_the_configuration(project: &Project, stack: &Stack) {
    let hash = || {
        Stack::discover(&project.lookup())
            .unwrap()
            .config_hash()
            .unwrap()
            .to_owned()
    };
    assert_eq!(stack.config_hash().unwrap(), hash());
    project.write("cache.env", "REDIS_PASSWORD=razorbill\n");
    assert_ne!(stack.config_hash().unwrap(), hash());
}

#[test]
fn finds_what_1_29_started_from_elsewhere() {
    let project = Project::new(V1);
    project.write("app/docker-compose.prod.yml", IDLE);
    project.write("app/docker-compose.dev.yml", "not the one in use");
    project.compose(&["-f", "app/docker-compose.prod.yml", "up", "-d"]);
    let folder = project.folder().join("app");
    let lookup = Lookup {
        folder: folder.clone(),
        ..Lookup::default()
    };
    let stack = Stack::discover(&lookup).unwrap();
    assert_eq!(stack.project.as_deref(), Some(project.name.as_str()));
    assert_eq!(
        stack.compose_files,
        [folder.join("docker-compose.prod.yml")]
    );
    assert!(stack.config_hash().is_ok());
}

#[test]
fn a_folder_without_compose_has_no_stack() {
    let folder = tempfile::tempdir().unwrap();
    let lookup = Lookup {
        folder: folder.path().into(),
        ..Lookup::default()
    };
    let stack = Stack::discover(&lookup).unwrap();
    assert_eq!((stack.project.as_deref(), stack.services.len()), (None, 0));
    assert_eq!(stack.compose_version(), ComposeVersion::Absent);
    assert!(stack.postgres(None).unwrap().is_none() && stack.redis(None).unwrap().is_none());
    assert_eq!(stack.compose().unwrap_err().reason, "no_stack");
    assert_eq!(stack.config_hash().unwrap_err().reason, "no_stack");
    let named = Lookup {
        project: Some("no-such-project".into()),
        ..lookup
    };
    assert_eq!(failure(Stack::discover(&named)).reason, "no_stack");
}

#[test]
fn knows_the_services_when_nothing_runs() {
    let project = Project::new(V2);
    project.write("docker-compose.prod.yml", SHOP);
    project.write("cache.env", "REDIS_PASSWORD=petrel-99\n");
    let stack = Stack::discover(&project.lookup()).unwrap();
    assert_eq!(stack.project.as_deref(), Some(project.name.as_str()));
    assert_eq!(redact::text("petrel-99"), "***");
    let service = stack.postgres(None).unwrap().unwrap();
    assert!(service.container().is_none());
    assert_eq!(service.image(), Some("sextant-dev/postgres:17"));
    let failure = stack.running(service).unwrap_err();
    assert_eq!(failure.reason, "service_not_running");
    assert_eq!(failure.message, "service `postgres` is not running");
    let file = project.folder().join("docker-compose.prod.yml");
    let command = format!(
        "docker compose -p {} -f {} up -d postgres",
        project.name,
        file.display()
    );
    assert_eq!(failure.hint, Some(format!("`{command}` starts it")));
}

#[test]
fn tells_stopped_and_removed_services() {
    let (project, _) = shop(V2, ".env", &[]);
    project.compose(&[
        "-f",
        "docker-compose.prod.yml",
        "stop",
        "-t",
        "0",
        "postgres",
    ]);
    project.compose(&["-f", "docker-compose.prod.yml", "rm", "-sfv", "cache"]);
    let stack = Stack::discover(&project.lookup()).unwrap();
    let failure = stack
        .running(stack.postgres(None).unwrap().unwrap())
        .unwrap_err();
    let message = format!(
        "service `postgres` is not running: its container `{}-db` is exited",
        project.name
    );
    assert_eq!(failure.message, message);
    let cache = stack.redis(None).unwrap().unwrap();
    assert_eq!(
        stack.running(cache).unwrap_err().message,
        "service `cache` is not running"
    );
}

#[test]
fn asks_which_of_two_projects_unless_one_alone_runs() {
    let (one, two) = (Project::new(V2), Project::new(V1));
    one.write("compose.yaml", IDLE);
    let file = one.folder().join("compose.yaml");
    let file = file.to_str().unwrap();
    one.compose(&["up", "-d"]);
    two.compose(&["-f", file, "up", "-d"]);
    let several = failure(Stack::discover(&one.lookup()));
    assert_eq!(several.reason, "several_projects");
    for name in [&one.name, &two.name] {
        assert!(several.message.contains(&format!("`{name}`")), "{several}");
        let named = Lookup {
            project: Some(name.clone()),
            ..one.lookup()
        };
        assert_eq!(
            Stack::discover(&named).unwrap().project.as_ref(),
            Some(name)
        );
    }
    assert!(several.hint.unwrap().contains("`project = "));
    two.compose(&["-f", file, "stop", "-t", "0"]);
    assert_eq!(
        Stack::discover(&one.lookup()).unwrap().project.as_ref(),
        Some(&one.name)
    );
}

#[test]
fn leaves_out_what_compose_run_started() {
    for generation in [V2, V1] {
        let project = Project::new(generation);
        project.write("docker-compose.yml", IDLE);
        project.compose(&[
            "run",
            "-d",
            "--name",
            &format!("{}-job", project.name),
            "api",
        ]);
        let stack = Stack::discover(&project.lookup()).unwrap();
        assert!(stack.services[0].containers.is_empty());
        project.compose(&["up", "-d"]);
        let stack = Stack::discover(&project.lookup()).unwrap();
        assert_eq!(stack.services[0].containers.len(), 1);
    }
}

#[test]
fn honours_the_variables_of_compose() {
    let project = Project::new(V2);
    let name = format!("{}-named", project.name);
    project.write("a.yml", IDLE);
    project.write("b.yml", "services: {api: {labels: {b: present}}}");
    let pairs = [
        ("COMPOSE_PROJECT_NAME", name.as_str()),
        ("COMPOSE_FILE", "a.yml:b.yml"),
    ];
    let vars: BTreeMap<_, _> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let lookup = Lookup {
        vars,
        ..project.lookup()
    };
    let declared = Stack::discover(&lookup).unwrap();
    assert_eq!(declared.project.as_deref(), Some(name.as_str()));
    assert_eq!(declared.services[0].container(), None);
    // What it finds, it can start; and what was started so is found again.
    let _named = Started(name.clone());
    declared
        .compose()
        .unwrap()
        .args(["up", "-d"])
        .read()
        .unwrap();
    for lookup in [&lookup, &project.lookup()] {
        let stack = Stack::discover(lookup).unwrap();
        assert_eq!(stack.project.as_deref(), Some(name.as_str()));
        assert_eq!(
            stack.compose_files,
            ["a.yml", "b.yml"].map(|file| project.folder().join(file))
        );
        assert_eq!(
            stack.services[0].container().unwrap().labels["b"],
            "present"
        );
    }
}

#[test]
fn finds_a_file_in_a_folder_below() {
    let project = Project::new(V2);
    project.write("deploy/compose.yaml", IDLE);
    project.compose(&["-f", "deploy/compose.yaml", "up", "-d"]);
    let compose_files = vec!["deploy/compose.yaml".into()];
    let stack = Stack::discover(&Lookup {
        compose_files,
        ..project.lookup()
    })
    .unwrap();
    assert_eq!(stack.project.as_deref(), Some(project.name.as_str()));
    assert_eq!(stack.folder, project.folder().join("deploy"));
    assert!(stack.services[0].container().unwrap().running);
}

#[test]
fn knows_a_postgres_that_the_project_builds() {
    let project = Project::new(V2);
    project.write(
        "start.sh",
        "export POSTGRES_PASSWORD=$(cat \"$POSTGRES_PASSWORD_FILE\")\n\
         unset POSTGRES_PASSWORD_FILE\nexec docker-entrypoint.sh \"$@\"\n",
    );
    project.write(
        "Dockerfile",
        "FROM sextant-dev/postgres:17\nCOPY start.sh /\n\
         ENTRYPOINT [\"sh\", \"/start.sh\"]\nCMD [\"postgres\"]\n",
    );
    project.write(
        "compose.yaml",
        &format!(
            "services:\n  store:\n    build: .\n    image: {}-store\n    secrets: [pw]\n    environment:\n      \
             POSTGRES_PASSWORD_FILE: /run/secrets/pw\n  api:\n    image: sextant-dev/redis:7\n    \
             entrypoint: [tail, -f, /dev/null]\n    environment: {{POSTGRES_PASSWORD: dunlin-44}}\n\
             secrets:\n  pw: {{file: ./pw.txt}}\n",
            project.name
        ),
    );
    project.write("pw.txt", "sanderling-3\n");
    project.build_image("Dockerfile", &format!("{}-store", project.name));
    project.compose(&["up", "-d", "--no-build"]);
    let stack = Stack::discover(&project.lookup()).unwrap();
    let service = stack.postgres(None).unwrap().unwrap();
    assert_eq!(service.name, "store");
    let postgres = PostgresAt::of(stack.running(service).unwrap()).unwrap();
    assert_eq!(postgres.password.as_deref(), Some("sanderling-3"));
    assert_eq!(
        (postgres.user.as_str(), postgres.database.as_str()),
        ("postgres", "postgres")
    );
}

#[test]
fn tells_why_compose_refuses_its_files() {
    let project = Project::new(V2);
    project.write(
        "compose.yaml",
        "services: {api: {image: '${NOT_SET:?set it in .env}'}}",
    );
    let failure = failure(Stack::discover(&project.lookup()));
    assert_eq!(failure.reason, "compose_config");
    assert!(failure.message.contains("set it in .env"), "{failure}");
}

#[test]
fn keeps_containers_whose_files_are_refused_or_gone() {
    let project = Project::new(V2);
    project.write("compose.yaml", IDLE);
    project.compose(&["up", "-d"]);
    project.write("compose.yaml", "services: {api: {image: '${NOT_SET:?}'}}");
    let stack = Stack::discover(&project.lookup()).unwrap();
    assert!(stack.services[0].container().unwrap().running);
    assert_eq!(stack.config_hash().unwrap_err().reason, "compose_config");
    fs::remove_file(project.folder().join("compose.yaml")).unwrap();
    let stack = Stack::discover(&project.lookup()).unwrap();
    assert!(stack.services[0].container().unwrap().running);
    assert_eq!(stack.config_hash().unwrap_err().reason, "no_compose_file");
}

/// Runs itself again with another environment, in which it only reports.
#[test]
fn tells_docker_out_of_reach() {
    if let Ok(folder) = std::env::var("STACK_LIVE_FOLDER") {
        let found = Stack::discover(&Lookup {
            folder: folder.into(),
            ..Lookup::default()
        });
        match found {
            Ok(stack) => println!("found {:?}", stack.project),
            Err(error) => println!("reason {}: {error}", Failure::of(&error).reason),
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let report = |name: &str, value: &str| {
        let again = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tells_docker_out_of_reach", "--nocapture"])
            .env("STACK_LIVE_FOLDER", folder.path())
            .env(name, value);
        String::from_utf8(again.read().unwrap()).unwrap()
    };
    let nowhere = ("DOCKER_HOST", "unix:///nowhere/docker.sock");
    assert!(report(nowhere.0, nowhere.1).contains("found None"));
    assert!(report("PATH", "/nowhere").contains("found None"));
    project::write(&folder.path().join("docker-compose.prod.yml"), IDLE);
    let down = report(nowhere.0, nowhere.1);
    assert!(
        down.contains("reason docker_unreachable: cannot reach the Docker daemon: "),
        "{down}"
    );
    assert!(down.contains("/nowhere/docker.sock"), "{down}");
    let missing = report("PATH", "/nowhere");
    assert!(
        missing.contains("reason docker_unreachable: `docker` is not installed"),
        "{missing}"
    );
}
