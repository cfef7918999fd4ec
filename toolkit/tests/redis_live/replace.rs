//! The data of live servers replaced, and what their restart brings up.

use super::dump::certificates;
use super::servers::{
    Container, Local, REDIS_7, REDIS_8, ask, digest, dumped, eventually, fill, fill_news_of_8,
    free_port, keyspace, scratches, tcp,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use toolkit::failure::Failure;
use toolkit::redis::{Link, Persisted, Place, Server, Tls, replace};

const AOF: &[&str] = &[
    "--appendonly",
    "yes",
    "--enable-debug-command",
    "yes",
    "--requirepass",
    "pass word/1",
];
const SNAPSHOTS: &[&str] = &[
    "--save",
    "3600 1",
    "--enable-debug-command",
    "yes",
    "--requirepass",
    "pass word/1",
];

pub(crate) fn place(container: &Container) -> Place {
    Place::Container {
        id: container.id.clone(),
        image: container.image(),
    }
}

fn reason(server: &Server, place: &Place, rdb: &Path) -> &'static str {
    Failure::of(&replace(server, place, rdb).unwrap_err()).reason
}

/// All settings that a restore may have changed.
fn settings(server: &Server) -> Vec<Option<String>> {
    let mut link = Link::open(server).unwrap();
    let names = [
        "replica-read-only",
        "replica-serve-stale-data",
        "masterauth",
        "masteruser",
    ];
    let values = names.iter().map(|name| link.setting(name).unwrap());
    values.collect()
}

/// Data that must go, in place of those that were dumped.
fn damage(server: &Server) {
    ask(server, &["FLUSHALL"]);
    ask(server, &["FUNCTION", "FLUSH"]);
    ask(server, &["SET", "must", "go"]);
}

fn answer(server: &Server) -> i64 {
    redis::from_redis_value(ask(server, &["FCALL", "answer", "0"])).unwrap()
}

/// A container filled, dumped, damaged and replaced has what it had, and still
/// has it after a restart.
fn comes_back(container: &Container, persisted: Persisted) {
    let server = container.server();
    let (before, content) = (keyspace(&server), digest(&server));
    let settings_before = settings(&server);
    let rdb = dumped(&server);
    damage(&server);
    let replaced = replace(&server, &place(container), rdb.path()).unwrap();
    let saving = Link::open(&server).unwrap().info("persistence").unwrap();
    assert_eq!(saving["aof_rewrite_in_progress"], "0");
    assert_eq!(saving["rdb_bgsave_in_progress"], "0");
    assert_eq!(replaced.databases, before);
    assert_eq!(replaced.before[&0].keys, 1);
    assert_eq!(replaced.persisted, persisted);
    assert_eq!(settings(&server), settings_before);
    assert_eq!(scratches(container), Vec::<String>::new());
    assert_eq!(digest(&server), content);

    container.crash();
    assert_eq!(digest(&container.server()), content);
    container.restart();
    let server = container.server();
    assert_eq!(keyspace(&server), before);
    assert_eq!(digest(&server), content);
    assert_eq!(answer(&server), 42);
    ask(&server, &["SET", "written", "afterwards"]);
}

#[test]
fn redis_7_with_aof() {
    let container = Container::start(REDIS_7, AOF);
    fill(&container.server());
    comes_back(&container, Persisted::Aof);
}

#[test]
fn redis_8_with_aof_and_fields_that_expire() {
    let container = Container::start(REDIS_8, AOF);
    fill(&container.server());
    fill_news_of_8(&container.server());
    comes_back(&container, Persisted::Aof);
}

#[test]
fn with_snapshots_instead_of_aof() {
    for image in [REDIS_7, REDIS_8] {
        let container = Container::start(image, SNAPSHOTS);
        fill(&container.server());
        comes_back(&container, Persisted::Rdb);
    }
}

#[test]
fn a_hundred_thousand_keys() {
    let container = Container::start(REDIS_8, AOF);
    fill(&container.server());
    ask(
        &container.server(),
        &["DEBUG", "POPULATE", "100000", "many", "1000"],
    );
    comes_back(&container, Persisted::Aof);
}

#[test]
fn settings_of_a_primary_that_was_a_replica_once() {
    let options = [
        AOF,
        &["--masterauth", "old \"secret\"", "--masteruser", "syncer"],
    ]
    .concat();
    let options = [&options[..], &["--replica-serve-stale-data", "no"]].concat();
    let container = Container::start(REDIS_7, &options);
    fill(&container.server());
    comes_back(&container, Persisted::Aof);
}

#[test]
fn as_an_acl_user() {
    let container = Container::start(REDIS_7, AOF);
    let admin = container.server();
    fill(&admin);
    let content = digest(&admin);
    let rdb = dumped(&admin);
    damage(&admin);
    ask(
        &admin,
        &[
            "ACL",
            "SETUSER",
            "limited",
            "on",
            ">a:limited@one",
            "+@all",
            "-replicaof",
        ],
    );
    let limited = Server::tcp(container.address())
        .user("limited")
        .password("a:limited@one");
    assert_eq!(
        reason(&limited, &place(&container), rdb.path()),
        "redis_no_permission"
    );
    assert_eq!(keyspace(&admin)[&0].keys, 1);
    let words = [
        "+config",
        "+client",
        "+info",
        "+module",
        "+replicaof",
        "+bgsave",
    ];
    let user = ["ACL", "SETUSER", "limited", "-@all"];
    ask(&admin, &[&user[..], &words].concat());
    replace(&limited, &place(&container), rdb.path()).unwrap();
    assert_eq!(digest(&admin), content);
}

#[test]
fn a_server_of_this_machine() {
    let local = Local::plain(&["--appendonly", "yes", "--enable-debug-command", "yes"]);
    let server = local.server();
    fill(&server);
    let content = digest(&server);
    let rdb = dumped(&server);
    damage(&server);
    let replaced = replace(&server, &Place::Host, rdb.path()).unwrap();
    assert_eq!(replaced.persisted, Persisted::Aof);
    assert_eq!(digest(&server), content);

    let pure_cache = Local::plain(&["--enable-debug-command", "yes", "--save", ""]);
    let server = pure_cache.server();
    let replaced = replace(&server, &Place::Host, rdb.path()).unwrap();
    assert_eq!(replaced.persisted, Persisted::Nothing);
    assert_eq!(digest(&server), content);
}

#[test]
fn writers_go_on_and_lose_nothing_that_was_answered_later() {
    let container = Container::start(REDIS_7, AOF);
    let server = container.server();
    fill(&server);
    ask(&server, &["DEBUG", "POPULATE", "20000", "many", "100"]);
    let rdb = dumped(&server);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|number| {
            let (server, stop) = (server.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut last = 0_u64;
                // The server refuses everybody while it reads what it was sent.
                while !stop.load(Ordering::Relaxed) {
                    let key = format!("writer-{number}");
                    let Ok(mut link) = Link::open(&server) else {
                        continue;
                    };
                    let next = (last + 1).to_string();
                    if link.command(&["SET", &key, &next]).is_ok() {
                        last += 1;
                    }
                }
                last
            })
        })
        .collect();
    eventually("the writers never write", || {
        anyhow::ensure!(
            Link::open(&server)?.command(&["EXISTS", "writer-2"])? == redis::Value::Int(1)
        );
        Ok(())
    });
    let replaced = replace(&server, &place(&container), rdb.path()).unwrap();
    eventually("the writers never go on", || {
        anyhow::ensure!(
            Link::open(&server)?.command(&["EXISTS", "writer-2"])? == redis::Value::Int(1)
        );
        Ok(())
    });
    stop.store(true, Ordering::Relaxed);
    for (number, writer) in writers.into_iter().enumerate() {
        let last = writer.join().unwrap().to_string();
        let found: String =
            redis::from_redis_value(ask(&server, &["GET", &format!("writer-{number}")])).unwrap();
        assert_eq!(found, last);
    }
    assert_eq!(replaced.databases[&0].keys + 3, keyspace(&server)[&0].keys);
}

#[test]
fn what_cannot_be_replaced_is_not_touched() {
    let source = Local::plain(&[]);
    fill(&source.server());
    let rdb = dumped(&source.server());
    let host = &Place::Host;

    let primary = Local::plain(&[]);
    let replica = Local::plain(&["--replicaof", &format!("127.0.0.1 {}", primary.port)]);
    assert_eq!(reason(&replica.server(), host, rdb.path()), "redis_replica");

    let cluster = Local::plain(&["--cluster-enabled", "yes"]);
    assert_eq!(reason(&cluster.server(), host, rdb.path()), "redis_cluster");

    let few = Local::plain(&["--databases", "4"]);
    assert_eq!(reason(&few.server(), host, rdb.path()), "redis_databases");

    let small = Local::plain(&["--maxmemory", "100kb"]);
    assert_eq!(reason(&small.server(), host, rdb.path()), "redis_maxmemory");

    let renamed = Local::plain(&["--rename-command", "REPLICAOF", ""]);
    assert_eq!(
        reason(&renamed.server(), host, rdb.path()),
        "redis_unsupported"
    );

    let watched = Local::plain(&[]);
    let mut sentinel = Link::open(&watched.server()).unwrap();
    sentinel
        .command(&["CLIENT", "SETNAME", "sentinel-5d-cmd"])
        .unwrap();
    assert_eq!(
        reason(&watched.server(), host, rdb.path()),
        "redis_sentinel"
    );

    // In a container, 127.0.0.1 is another one.
    let elsewhere = Container::start(REDIS_7, AOF);
    ask(&elsewhere.server(), &["SET", "must", "stay"]);
    assert_eq!(
        reason(&elsewhere.server(), host, rdb.path()),
        "redis_elsewhere"
    );
    assert_eq!(keyspace(&elsewhere.server())[&0].keys, 1);

    let newer = Container::start(REDIS_8, AOF);
    let rdb = dumped(&newer.server());
    assert_eq!(
        reason(&elsewhere.server(), &place(&elsewhere), rdb.path()),
        "rdb_too_new"
    );
    assert_eq!(keyspace(&elsewhere.server())[&0].keys, 1);
    assert_eq!(settings(&elsewhere.server())[0].as_deref(), Some("yes"));
}

#[test]
fn a_live_server_that_cannot_take_the_data_stays_as_it_was() {
    let local = Local::plain(&["--enable-debug-command", "yes"]);
    let server = local.server();
    fill(&server);
    let rdb = dumped(&server);
    ask(&server, &["SET", "must", "stay"]);
    let (content, before) = (digest(&server), settings(&server));
    // What it receives goes through a file in its folder, which is gone.
    fs::remove_dir_all(local.folder.path()).unwrap();
    assert_eq!(
        reason(&server, &Place::Host, rdb.path()),
        "redis_sync_failed"
    );
    assert_eq!(digest(&server), content);
    assert_eq!(settings(&server), before);
    ask(&server, &["SET", "it", "is writable"]);
    assert_eq!(server.to_string(), tcp(local.port).to_string());
}

#[test]
fn however_the_live_server_reads_what_it_is_sent() {
    for way in ["on-empty-db", "swapdb"] {
        for (options, persisted) in [(AOF, Persisted::Aof), (SNAPSHOTS, Persisted::Rdb)] {
            let options = [options, &["--repl-diskless-load", way]].concat();
            let container = Container::start(REDIS_7, &options);
            fill(&container.server());
            comes_back(&container, persisted);
        }
    }
}

#[test]
fn a_live_server_that_replicates_over_tls() {
    let files = tempfile::TempDir::new().unwrap();
    certificates(files.path());
    let file = |name: &str| files.path().join(name).display().to_string();
    let tls = Tls::default()
        .authority(file("ca.pem"))
        .identity(file("server.pem"), file("server.key"));
    let port = free_port();
    let server = tcp(port).tls(tls);
    let _local = Local::start(
        &[
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-replication",
            "yes",
            "--tls-ca-cert-file",
            &file("ca.pem"),
            "--tls-cert-file",
            &file("server.pem"),
            "--tls-key-file",
            &file("server.key"),
            "--enable-debug-command",
            "yes",
        ],
        |_, _| server.clone(),
    );
    fill(&server);
    let content = digest(&server);
    let rdb = dumped(&server);
    damage(&server);
    replace(&server, &Place::Host, rdb.path()).unwrap();
    assert_eq!(digest(&server), content);
    let mut link = Link::open(&server).unwrap();
    assert_eq!(
        link.setting("tls-replication").unwrap().as_deref(),
        Some("yes")
    );
}

/// Every argument of every process, until told to stop.
fn sample_arguments(stop: &AtomicBool) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            seen.insert(String::from_utf8_lossy(&line).replace('\0', " "));
        }
    }
    seen
}

#[test]
fn no_secret_is_in_any_argument() {
    let container = Container::start(REDIS_7, &["--appendonly", "yes"]);
    let admin = container.server();
    fill(&admin);
    for (name, value) in [
        ("masterauth", "secret-of-old"),
        ("requirepass", "secret-of-now"),
    ] {
        let mut link = Link::open(&admin).unwrap();
        link.command(&["CONFIG", "SET", name, value]).unwrap();
    }
    let server = container.server().password("secret-of-now");
    let rdb = dumped(&server);
    let stop = Arc::new(AtomicBool::new(false));
    let sampler = {
        let stop = Arc::clone(&stop);
        thread::spawn(move || sample_arguments(&stop))
    };
    replace(&server, &place(&container), rdb.path()).unwrap();
    stop.store(true, Ordering::Relaxed);
    let seen = sampler.join().unwrap();
    assert!(
        seen.iter().any(|line| line.contains("REDISCLI_AUTH")),
        "{seen:?}"
    );
    let shown = seen.iter().find(|line| line.contains("secret-of-"));
    assert_eq!(shown, None);
}
