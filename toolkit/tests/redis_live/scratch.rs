//! Dumps loaded into throwaway servers.

use super::servers::{
    Container, Local, REDIS_7, REDIS_8, docker, dumped, fill, fill_news_of_8, keyspace, scratches,
};
use std::fs;
use std::path::Path;
use toolkit::failure::Failure;
use toolkit::redis::{self, Scratch};

fn reason(result: anyhow::Result<Scratch>) -> &'static str {
    match result {
        Ok(_) => "it was loaded",
        Err(error) => Failure::of(&error).reason,
    }
}

/// The folders of local scratch servers of this process.
fn folders() -> usize {
    let tags = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let tags = tags.filter_map(|entry| fs::read_to_string(entry.path().join("tag.json")).ok());
    let pid = format!("\"pid\":{},", std::process::id());
    tags.filter(|tag| tag.contains(&pid)).count()
}

#[test]
fn beside_a_container_and_away_from_it() {
    for image in [REDIS_7, REDIS_8] {
        let container = Container::start(image, &["--requirepass", "a password"]);
        let server = container.server();
        fill(&server);
        if image == REDIS_8 {
            fill_news_of_8(&server);
        }
        let rdb = dumped(&server);
        let modules = redis::modules(&server).unwrap();
        let scratch =
            Scratch::beside(&container.id, &container.image(), rdb.path(), &modules).unwrap();
        assert_eq!(scratch.keyspace().unwrap(), keyspace(&server));

        let [id] = &scratches(&container)[..] else {
            panic!("there is not one scratch container");
        };
        let state = docker(&["inspect", "--format", "{{.HostConfig.NetworkMode}}", id]);
        assert_eq!(state, "none");
        let all = docker(&["inspect", id]) + &docker(&["logs", id]);
        assert!(!all.contains("a password"));
        drop(scratch);
        assert_eq!(scratches(&container), Vec::<String>::new());
    }
}

#[test]
fn on_this_machine() {
    let local = Local::plain(&[]);
    fill(&local.server());
    let rdb = dumped(&local.server());
    let content = fs::read(rdb.path()).unwrap();
    let before = folders();
    let scratch = Scratch::local(rdb.path()).unwrap();
    assert_eq!(scratch.keyspace().unwrap(), keyspace(&local.server()));
    assert!(folders() > before);
    drop(scratch);
    assert_eq!(fs::read(rdb.path()).unwrap(), content);
}

#[test]
fn a_file_for_a_newer_server_is_refused() {
    let newer = Container::start(REDIS_8, &[]);
    fill_news_of_8(&newer.server());
    let rdb = dumped(&newer.server());
    let local = Scratch::local(rdb.path());
    let Err(error) = local else {
        panic!("Redis 7.0 has loaded a dump of 8.0");
    };
    let failure = Failure::of(&error);
    assert_eq!(failure.reason, "rdb_too_new");
    assert!(failure.hint.unwrap().contains("Redis 8.0"));
    let older = Container::start(REDIS_7, &[]);
    let beside = Scratch::beside(&older.id, &older.image(), rdb.path(), &[]);
    assert_eq!(reason(beside), "rdb_too_new");
    assert_eq!(scratches(&older), Vec::<String>::new());
}

#[test]
fn a_damaged_file_is_refused() {
    let local = Local::plain(&[]);
    fill(&local.server());
    let rdb = dumped(&local.server());
    let mut content = fs::read(rdb.path()).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 4;
    toolkit::durable::write(rdb.path(), &content).unwrap();
    assert_eq!(reason(Scratch::local(rdb.path())), "rdb_damaged");

    // Without a checksum, only loading it shows that a list is no list.
    let hostile = b"REDIS0010\xfe\x00\x12\x01k\x01\x02\x04junk\xff\0\0\0\0\0\0\0\0";
    toolkit::durable::write(rdb.path(), hostile).unwrap();
    assert_eq!(reason(Scratch::local(rdb.path())), "rdb_rejected");

    let module =
        b"REDIS0010\xfe\x00\x07\x01k\x81\x45\xe8\xce\x35\x23\x88\x3c\x03\x00\xff\0\0\0\0\0\0\0\0";
    toolkit::durable::write(rdb.path(), module).unwrap();
    assert_eq!(reason(Scratch::local(rdb.path())), "rdb_needs_module");
    assert_eq!(reason(Scratch::local(Path::new("/nowhere"))), "error");
}
