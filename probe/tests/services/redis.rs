//! Redis in its container and over the wire.

use crate::looked::{Looked, docker, is, measure};
use std::fs;
use std::net::TcpListener;
use toolkit::record::Status;
use toolkit::testing::{Compose, Recipe, Stack};

const PLAIN: &str = "kind = 'redis'";

/// A copy of the stack's `redis`.
const REPLICA: &str = "
services:
  replica:
    image: sextant-dev/redis:8
    command: redis-server --replicaof redis 6379 --masterauth ${REDIS_PASSWORD} --requirepass ${REDIS_PASSWORD} --repl-timeout 5
";

#[test]
fn what_it_keeps_is_compared_with_what_was_expected() {
    for (redis, compose) in [("8", Compose::V2), ("7", Compose::V1)] {
        let stack = Stack::of(Recipe {
            redis,
            compose,
            ..Recipe::default()
        });
        let looked = Looked::project(stack.project());
        let found = looked.at(PLAIN);
        is(&found, Status::Ok, "");
        assert!(
            found
                .observed
                .starts_with(&format!("PONG of Redis {redis}."))
        );
        assert!(measure(&found, "memory") > 1e5);
        stack.redis(&["MSET", "a", "1", "b", "2"]);
        for (good, bad, reason) in [
            ("keys = 2", "keys = { min = 3 }", "redis_keys"),
            ("aof = true", "aof = false", "redis_aof"),
            ("role = 'primary'", "role = 'replica'", "redis_role"),
            ("cluster = false", "cluster = true", "redis_cluster"),
            ("replicas = 0", "replicas = { min = 1 }", "redis_replicas"),
            (
                "seconds = { fail = 9 }",
                "seconds = { fail = 0 }",
                "redis_slow",
            ),
            (
                "saved = { fail = 1e6 }",
                "saved = { fail = 0 }",
                "redis_unsaved",
            ),
        ] {
            is(&looked.at(&format!("{PLAIN}\n{good}")), Status::Ok, "");
            is(&looked.at(&format!("{PLAIN}\n{bad}")), Status::Fail, reason);
        }
        stack.redis(&["SAVE"]);
        is(
            &looked.at(&format!("{PLAIN}\nsaved = {{ fail = 0 }}")),
            Status::Ok,
            "",
        );

        // Its memory fills, keys are evicted, and there is room again.
        let memory = format!("{PLAIN}\nmemory = {{ warn = 80, fail = 1000 }}");
        is(&looked.at(&memory), Status::Fail, "redis_no_maxmemory");
        let evicted = format!("{PLAIN}\nmemory = {{ fail = 1000 }}\nevicted = {{ warn = 1 }}");
        stack.redis(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
        stack.redis(&["CONFIG", "SET", "maxmemory", "3mb"]);
        let fill = "for i = 1, 2000 do redis.call('SET', KEYS[1] .. i, string.rep('x', 2000)) end";
        stack.redis(&["EVAL", fill, "1", "k"]);
        is(&looked.at(&memory), Status::Warn, "redis_memory");
        is(&looked.at(&evicted), Status::Warn, "redis_evicted");
        stack.redis(&["CONFIG", "SET", "maxmemory", "100mb"]);
        stack.redis(&["CONFIG", "RESETSTAT"]);
        is(&looked.at(&memory), Status::Ok, "");
        is(&looked.at(&evicted), Status::Ok, "");

        // A folder stands where its file belongs, and it cannot save.
        let script = "rm -f /data/dump.rdb && mkdir /data/dump.rdb";
        docker(&["exec", stack.container("redis"), "sh", "-c", script]);
        let saved = stack.redis(&["BGSAVE"]);
        assert!(saved.contains("saving started"), "{saved}");
        looked.until_failed(PLAIN, "redis_save");
        docker(&["exec", stack.container("redis"), "rmdir", "/data/dump.rdb"]);
        stack.redis(&["BGSAVE"]);
        looked.until_ok(PLAIN);
    }
}

#[test]
fn who_is_not_let_in_or_does_not_answer() {
    let stack = Stack::start();
    let address = stack.address("redis");
    let looked = Looked::project(stack.project());
    let at = |user: &str| format!("{PLAIN}\nurl = 'redis://{user}{address}:6379'");
    let without = looked.at(&at(""));
    is(&without, Status::Fail, "redis_auth");
    assert!(without.observed.contains("NOAUTH"), "{without:?}");
    let wrong = looked.at(&at(":wrong-pass-word@"));
    is(&wrong, Status::Fail, "redis_auth");
    assert!(wrong.observed.contains("WRONGPASS"), "{wrong:?}");
    assert!(
        !format!("{wrong:?}").contains("wrong-pass-word"),
        "{wrong:?}"
    );

    docker(&["pause", stack.container("redis")]);
    let late = looked.at(&format!("{}\ntimeout = '500ms'", at(":any-pass-word@")));
    is(&late, Status::Fail, "timeout");
    assert!(late.ms < 20_000, "{late:?}");
    docker(&["unpause", stack.container("redis")]);
    looked.until_ok(PLAIN);

    stack.compose(&["stop", "redis"]);
    is(&looked.at(PLAIN), Status::Fail, "service_not_running");
    stack.compose(&["start", "redis"]);
    looked.until_ok(PLAIN);
    is(&Looked::alone().at(PLAIN), Status::Fail, "no_redis");
}

#[test]
fn a_replica_whose_primary_goes() {
    let stack = Stack::start();
    let file = stack.folder().join("compose.override.yaml");
    fs::write(file, REPLICA).unwrap();
    stack.compose(&["up", "-d", "replica"]);
    let looked = |service| {
        let named = format!("[redis]\nservice = '{service}'");
        Looked::project(stack.project()).with(&named)
    };
    let primary =
        format!("{PLAIN}\nrole = 'primary'\nreplicas = 1\nreplication_lag = {{ fail = 60 }}");
    let replica = format!("{PLAIN}\nrole = 'replica'\nreplication_lag = {{ fail = 60 }}");
    looked("redis").until_ok(&primary);
    looked("replica").until_ok(&replica);
    stack.compose(&["stop", "--timeout", "0", "redis"]);
    let down = looked("replica").until_failed(&replica, "redis_link_down");
    assert!(down.observed.contains("redis:6379"), "{down:?}");
    stack.compose(&["start", "redis"]);
    looked("replica").until_ok(&replica);
    looked("redis").until_ok(&primary);
    stack.compose(&["stop", "--timeout", "0", "replica"]);
    looked("redis").until_failed(&primary, "redis_replicas");
}

#[test]
fn a_cluster_without_slots() {
    let run = [
        "run",
        "--detach",
        "--rm",
        "--pull",
        "never",
        "sextant-dev/redis:8",
    ];
    let serve = [
        "redis-server",
        "--cluster-enabled",
        "yes",
        "--protected-mode",
        "no",
    ];
    let node = docker(&[&run[..], &serve].concat());
    let _removed = Removed(node.clone());
    let format = "{{.NetworkSettings.IPAddress}}";
    let address = docker(&["inspect", "--format", format, &node]);
    let check = format!("{PLAIN}\nurl = 'redis://{address}:6379'\ncluster = true");
    let looked = Looked::alone();
    let without = looked.until_failed(&check, "redis_cluster");
    assert_eq!(without.observed, "the cluster's state is `fail`");
    let add = [
        "exec",
        &node,
        "redis-cli",
        "CLUSTER",
        "ADDSLOTSRANGE",
        "0",
        "16383",
    ];
    docker(&add);
    looked.until_ok(&check);
}

#[test]
fn one_that_is_none() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let garbage = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = std::io::Write::write_all(&mut stream, b"220 mail.example.org ESMTP\r\n");
        // Closed with something unread, the connection would be reset.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let looked = Looked::alone();
    let check = format!("{PLAIN}\nurl = 'redis://127.0.0.1:{port}'");
    is(&looked.at(&check), Status::Fail, "redis_protocol");
    garbage.join().unwrap();
    let refused = looked.refused(&format!("{PLAIN}\nurl = 'http://127.0.0.1'"));
    assert!(refused.contains("no scheme of Redis"), "{refused}");
}

#[test]
fn an_answer_that_never_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let endless = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut write = |bytes: &[u8]| std::io::Write::write_all(&mut stream, bytes);
        let chunk = vec![b'x'; 1 << 20];
        write(b"$1000000000\r\n").unwrap();
        // Far more than is read, and the connection is closed before.
        (0..900).take_while(|_| write(&chunk).is_ok()).count()
    });
    let check = format!("{PLAIN}\ntimeout = '30s'\nurl = 'redis://127.0.0.1:{port}'");
    is(&Looked::alone().at(&check), Status::Fail, "redis_protocol");
    assert!(endless.join().unwrap() < 100);
}

struct Removed(String);

impl Drop for Removed {
    fn drop(&mut self) {
        docker(&["rm", "--force", "--volumes", &self.0]);
    }
}
