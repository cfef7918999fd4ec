//! Images, Swarm, and an engine that never answers.

use crate::looked::{Looked, Removed, docker, is};
use std::process::{Command, Stdio};
use toolkit::record::Status;

/// Says to a test that it is the process that it started itself.
const CHILD: &str = "SEXTANT_TEST_CHILD";

#[test]
fn an_image_that_its_tag_has_left() {
    let tag = format!("sextant-test-image:{}", std::process::id());
    let _removed = Removed(&["image", "rm", "--force"], tag.clone());
    docker(&["tag", "sextant-dev/redis:8", &tag]);
    let run = ["run", "--detach", "--pull", "never", "--rm"];
    let run = [&run[..], &["--no-healthcheck", &tag, "redis-server"]].concat();
    let container = docker(&run);
    let _stopped = Removed(&["rm", "--force", "--volumes"], container.clone());
    let check = format!("kind = 'container'\ncontainer = '{container}'\nimage = 'current'");
    let looked = Looked::alone();
    looked.until_ok(&check);
    docker(&["tag", "sextant-dev/redis:7", &tag]);
    is(&looked.at(&check), Status::Fail, "container_image");
    docker(&["tag", "sextant-dev/redis:8", &tag]);
    looked.until_ok(&check);
    docker(&["stop", "--time", "0", &container]);
    looked.until_failed(&check, "container_missing");
}

#[test]
fn a_swarm_service() {
    let name = format!("sextant-test-{}", std::process::id());
    docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
    let _left = Removed(&["swarm", "leave"], "--force".to_owned());
    let create = [
        "service",
        "create",
        "--no-resolve-image",
        "--detach",
        "--name",
    ];
    let serve = ["sextant-dev/redis:8", "redis-server"];
    docker(&[&create[..], &[&name, "--replicas", "2"], &serve].concat());
    let looked = Looked::alone();
    let check = format!("kind = 'container'\nswarm = '{name}'");
    let two = looked.until_ok(&check);
    assert_eq!(two.observed, "2 of 2 replicas running");
    let unknown = "kind = 'container'\nswarm = 'sextant-test'";
    is(&looked.at(unknown), Status::Fail, "swarm_unknown");

    let update = [
        "service",
        "update",
        "--no-resolve-image",
        "--detach",
        "--update-failure-action",
    ];
    let absent = ["pause", "--image", "sextant-dev/absent:1", &name];
    docker(&[&update[..], &absent].concat());
    let broken = looked.until_failed(&check, "swarm_replicas");
    assert!(
        broken.observed.starts_with("1 of 2 replicas running"),
        "{broken:?}"
    );
    looked.until(&check, Status::Fail, Some("swarm_replicas"));
    let mended = ["pause", "--image", "sextant-dev/redis:8", &name];
    docker(&[&update[..], &mended].concat());
    looked.until_ok(&check);
}

#[test]
fn an_engine_that_never_answers() {
    // The engine's place is the environment's, and so another process's.
    if std::env::var_os(CHILD).is_some() {
        let check = "kind = 'container'\ncontainer = 'a'\ntimeout = '200ms'";
        let found = Looked::alone().at(check);
        println!("{}: {}", found.reason.unwrap(), found.observed);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "engine::an_engine_that_never_answers",
            "--nocapture",
        ])
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .env(CHILD, "1")
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("timeout: no answer within 200ms"), "{said}");
}
