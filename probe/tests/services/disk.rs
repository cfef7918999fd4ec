//! What Docker itself takes.

use crate::looked::{Looked, docker, is, measure};
use toolkit::record::Status;

#[test]
fn what_docker_takes_is_compared_with_limits() {
    let looked = Looked::alone();
    let check = |limits: &str| format!("kind = 'docker-disk'\ntimeout = '60s'\n{limits}");
    let found = looked.at(&check("images = { fail = 1e15 }\ntotal = { fail = 1e15 }"));
    is(&found, Status::Ok, "");
    assert!(measure(&found, "images") > 1e6, "{found:?}");
    assert!(measure(&found, "total") >= measure(&found, "images"));
    let full = looked.at(&check("images = { warn = 1 }"));
    is(&full, Status::Warn, "docker_disk_full");
    assert!(full.hint.unwrap().contains("docker image prune"));

    // A container writes into itself, and is removed.
    let run = ["run", "--detach", "--pull", "never", "--entrypoint", "sh"];
    let write = "head -c 50000000 /dev/zero >/big; exec tail -f /dev/null";
    let id = docker(&[&run[..], &["sextant-dev/redis:8", "-c", write]].concat());
    let limit = check("containers = { fail = 40e6 }");
    let full = looked.until_failed(&limit, "docker_disk_full");
    assert!(measure(&full, "containers") > 40e6, "{full:?}");
    docker(&["rm", "--force", "--volumes", &id]);
    looked.until_ok(&limit);
    assert!(looked.refused(&check("")).contains("no limits"));
    assert!(
        looked
            .refused(&check("image = { warn = 1 }"))
            .contains("unknown")
    );
}
