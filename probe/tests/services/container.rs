//! Containers in every state that they can be in.

use crate::looked::{Looked, docker, is, measure};
use std::fs;
use toolkit::record::Status;
use toolkit::testing::{Compose, Recipe, Stack};

/// Services beside PostgreSQL and Redis, each with something of its own.
const BESIDE: &str = "
version: '3.8'
services:
  api:
    image: sextant-dev/redis:8
    init: true
    entrypoint: [sh, -c, 'while :; do sleep 1; done']
    restart: unless-stopped
    mem_limit: 64m
    healthcheck:
      test: 'if test -e /tmp/sick; then echo no answer from port 3000; exit 1; fi'
      interval: 1s
      retries: 1
  migrate:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'exit 0']
  seed:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'exit 0']
    restart: on-failure
  broken:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'echo wrong settings; exit 3']
  crashing:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'exit 1']
    restart: always
  greedy:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'exec tail /dev/zero']
    mem_limit: 32m
  busy:
    image: sextant-dev/redis:8
    entrypoint: [sh, -c, 'while :; do :; done']
    cpus: 0.2
    stop_grace_period: 1s
    healthcheck: {disable: true}
";

fn stack(compose: Compose) -> Stack {
    let stack = Stack::of(Recipe {
        compose,
        ..Recipe::default()
    });
    let file = match compose {
        Compose::V2 => "compose.override.yaml",
        Compose::V1 => "docker-compose.override.yml",
    };
    // The old file format knows no `cpus` and `mem_limit` in version 3.
    let version = BESIDE.replace("'3.8'", "'2.4'");
    let text = if compose == Compose::V1 {
        &version
    } else {
        BESIDE
    };
    let base = stack.folder().join("docker-compose.yml");
    if compose == Compose::V1 {
        let written = fs::read_to_string(&base).unwrap();
        fs::write(&base, written.replace("'3.8'", "'2.4'")).unwrap();
    }
    fs::write(stack.folder().join(file), text).unwrap();
    stack
}

fn service(name: &str) -> String {
    format!("kind = 'container'\nservice = '{name}'")
}

fn id(stack: &Stack, service: &str) -> String {
    stack.compose(&["ps", "--all", "-q", service])
}

#[test]
fn one_service_through_all_that_can_befall_it() {
    let stack = stack(Compose::V2);
    let looked = Looked::project(stack.project());
    let missing = looked.at(&service("api"));
    is(&missing, Status::Fail, "container_missing");
    assert!(missing.hint.unwrap().contains("up -d api`"));

    stack.compose(&["up", "-d", "--no-start", "api"]);
    is(
        &looked.at(&service("api")),
        Status::Fail,
        "container_not_started",
    );
    stack.compose(&["up", "-d", "api"]);
    let healthy = looked.until_ok(&service("api"));
    assert!(healthy.observed.starts_with("healthy, up "), "{healthy:?}");
    assert!(measure(&healthy, "memory_used") < 80.0);
    let api = id(&stack, "api");

    docker(&["exec", &api, "touch", "/tmp/sick"]);
    let sick = looked.until_failed(&service("api"), "container_unhealthy");
    assert_eq!(sick.observed, "unhealthy: no answer from port 3000");
    docker(&["exec", &api, "rm", "/tmp/sick"]);
    looked.until_ok(&service("api"));

    let full = format!("{}\nmemory = {{ warn = 0.001, fail = 99 }}", service("api"));
    is(&looked.at(&full), Status::Warn, "container_memory");

    docker(&["pause", &api]);
    is(
        &looked.at(&service("api")),
        Status::Fail,
        "container_paused",
    );
    docker(&["unpause", &api]);
    looked.until_ok(&service("api"));

    docker(&["kill", &api]);
    let stopped = looked.at(&format!("kind = 'container'\ncontainer = '{api}'"));
    is(&stopped, Status::Fail, "container_failed");
    assert_eq!(stopped.observed, "ended with exit status 137");
    docker(&["start", &api]);
    looked.until_ok(&service("api"));

    stack.compose(&["up", "-d", "--scale", "api=2", "api"]);
    let two = looked.until_ok(&format!("{}\nreplicas = 2", service("api")));
    assert_eq!(two.observed, "2 of 2 containers running");
    docker(&["rm", "--force", &api]);
    let one = looked.at(&format!("{}\nreplicas = 2", service("api")));
    is(&one, Status::Fail, "container_replicas");
}

#[test]
fn what_has_ended_under_v2() {
    has_ended(&stack(Compose::V2));
}

#[test]
fn what_has_ended_under_1_29() {
    has_ended(&stack(Compose::V1));
}

/// Each was meant to, or was not.
fn has_ended(stack: &Stack) {
    let looked = Looked::project(stack.project());
    stack.compose(&["up", "-d", "migrate", "seed", "broken", "greedy"]);
    // The image listens on a port, so nothing tells that this is no server.
    let ended = looked.until_failed(&service("migrate"), "container_stopped");
    assert!(ended.hint.unwrap().contains("once = true"));
    looked.until_ok(&format!("{}\nonce = true", service("migrate")));
    let ended = looked.until_ok(&service("seed"));
    assert!(ended.observed.starts_with("ended with 0, "), "{ended:?}");
    let broken = looked.until_failed(&service("broken"), "container_failed");
    assert_eq!(broken.observed, "ended with exit status 3");
    assert!(broken.hint.unwrap().contains("docker logs"));
    looked.until_failed(&service("greedy"), "container_oom");
    // A server that somebody stopped ends with 0 too.
    stack.compose(&["stop", "redis"]);
    is(
        &looked.at(&service("redis")),
        Status::Fail,
        "container_stopped",
    );
    stack.compose(&["start", "redis"]);
    looked.until_ok(&service("redis"));
}

#[test]
fn what_another_service_waits_for_may_end() {
    let stack = stack(Compose::V2);
    let looked = Looked::project(stack.project());
    let waits = "services:\n  busy:\n    depends_on: {migrate: {condition: service_completed_successfully}}\n";
    let files = [
        "-f",
        "compose.yaml",
        "-f",
        "compose.override.yaml",
        "-f",
        "waits.yaml",
    ];
    fs::write(stack.folder().join("waits.yaml"), waits).unwrap();
    stack.compose(&[&files[..], &["up", "-d", "busy"]].concat());
    looked.until_ok(&service("migrate"));
    // Told apart from what starts for the first time.
    let busy = format!("{}\ncpu = {{ warn = 40, fail = 1000 }}", service("busy"));
    let busy = looked.until(&busy, Status::Warn, Some("container_cpu"));
    assert!(measure(&busy, "cpu_used") > 40.0, "{busy:?}");
}

#[test]
fn one_that_crashes_again_and_again() {
    let stack = stack(Compose::V2);
    let looked = Looked::project(stack.project());
    stack.compose(&["up", "-d", "crashing"]);
    looked.until_failed(&service("crashing"), "container_restarting");
    let often = format!("{}\nrestarts = {{ fail = 2 }}", service("crashing"));
    let often = looked.until(&often, Status::Fail, Some("container_restarting"));
    assert!(often.observed.contains("exit status 1"), "{often:?}");
}

#[test]
fn what_says_nothing_is_refused() {
    let looked = Looked::alone();
    for (check, said) in [
        ("", "names no container"),
        ("service = 'a'\ncontainer = 'b'", "is enough"),
        (
            "swarm = 'a'\nmemory = { warn = 1 }",
            "`memory` is not known",
        ),
        ("container = 'a'\nreplicas = 2", "has no replicas"),
        ("service = 'a'\nmemory = { wran = 1 }", "unknown"),
    ] {
        let refused = looked.refused(&format!("kind = 'container'\n{check}"));
        assert!(refused.contains(said), "{check}: {refused}");
    }
    is(&looked.at(&service("api")), Status::Fail, "no_stack");
}
