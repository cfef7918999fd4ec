//! The whole set, as the manual describes it.

use crate::{backup, gunzip, info, made, older, part, shop};
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use toolkit::checksum;
use toolkit::testing::Stack;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(set: &Path) -> Vec<String> {
    let entries = fs::read_dir(set).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    files
}

#[test]
fn everything_that_is_found_is_in_it() {
    let stack = shop();
    let place = stack.place();
    let seen = backup(&place, &["--database", "whole"]).succeeded();
    assert_eq!(seen.last()["status"], "ok", "{seen:?}");
    let set = made(&seen);
    assert_eq!(
        files(&set),
        [
            "config.tar.gz",
            "database.sql.gz",
            "deployment-info.json",
            "git-commit.txt",
            "globals.sql.gz",
            "redis.rdb",
            "uploads.tar.gz",
            "version.txt",
        ]
    );
    assert_eq!((mode(&place.backups()), mode(&set)), (0o700, 0o700));
    assert!(
        files(&set)
            .iter()
            .all(|file| mode(&set.join(file)) == 0o600)
    );
    assert!(
        set.parent().unwrap() == place.backups() && chrono_stamp(&set),
        "{}",
        set.display()
    );

    let info = info(&set);
    let git = |args: &[&str]| {
        let output = stack.tool("git").args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let commit = git(&["rev-parse", "HEAD"]);
    assert_eq!(
        fs::read_to_string(set.join("version.txt")).unwrap(),
        "v1.2.3\n"
    );
    assert_eq!(
        fs::read_to_string(set.join("git-commit.txt")).unwrap(),
        format!("{commit}\n")
    );
    let said = |program: &str| {
        let output = Command::new(program).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    for (field, expected) in [
        ("version", "v1.2.3"),
        ("git_commit", &commit),
        ("git_branch", "main"),
        ("status", "success"),
        ("deployed_by", &said("whoami")),
        ("hostname", &said("hostname")),
        ("backup_path", set.to_str().unwrap()),
        ("project", stack.project()),
        ("run", seen.last()["run"].as_str().unwrap()),
    ] {
        assert_eq!(info[field], expected, "{field}");
    }
    assert_eq!(info["format"], 1);
    for service in ["postgres", "redis"] {
        let mut docker = stack.tool("docker");
        let inspect = docker.args([
            "inspect",
            "--format",
            "{{.Image}}",
            stack.container(service),
        ]);
        let image = String::from_utf8(inspect.output().unwrap().stdout).unwrap();
        assert_eq!(info["images"][service], image.trim());
    }
    assert_eq!(info["compose_sha256"].as_str().unwrap().len(), 64);
    let names: Vec<_> = info["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["database", "globals", "redis", "config", "uploads"]);
    for part in info["parts"].as_array().unwrap() {
        let file = set.join(part["file"].as_str().unwrap());
        let (bytes, sha256) = checksum::of_file(&file).unwrap();
        assert_eq!(
            (&part["bytes"], &part["sha256"]),
            (&json!(bytes), &json!(sha256))
        );
        if part["name"] != "redis" {
            members_stand_alone(&file, part);
        }
    }
    describes_the_servers(&stack, &info);
    assert_eq!(
        backup(&place, &["--check"]).succeeded().data()["path"],
        set.to_str().unwrap()
    );
    let listed = backup(&place, &["--list"]);
    assert_eq!(listed.records[1]["data"]["status"], "complete");
}

/// Whether a set is named by date and time.
fn chrono_stamp(set: &Path) -> bool {
    let name = set.file_name().unwrap().to_str().unwrap();
    chrono::NaiveDateTime::parse_from_str(name, "%Y%m%d_%H%M%S").is_ok()
}

/// Each member decompresses without the others, and together they are what
/// `gunzip` makes of the file.
fn members_stand_alone(file: &Path, part: &Value) {
    let bytes = fs::read(file).unwrap();
    let (mut at, mut all) = (0, Vec::new());
    for member in part["members"].as_array().unwrap() {
        let size = |index: usize| usize::try_from(member[index].as_u64().unwrap()).unwrap();
        let mut raw = Vec::new();
        let mut decoder = GzDecoder::new(&bytes[at..at + size(0)]);
        decoder.read_to_end(&mut raw).unwrap();
        assert_eq!(raw.len(), size(1));
        all.extend(raw);
        at += size(0);
    }
    assert_eq!(at, bytes.len(), "the index covers the file");
    assert_eq!(part["raw_bytes"], json!(all.len()));
    assert!(all == gunzip(file), "the members are the file");
}

fn describes_the_servers(stack: &Stack, info: &Value) {
    let database = &part(info, "database")["database"];
    let version = stack.sql("whole", "SHOW server_version");
    let version = version.split(' ').next().unwrap();
    assert_eq!(
        (&database["server"], &database["pg_dump"]),
        (&json!(version), &json!(version))
    );
    assert_eq!(database["database"], "whole");
    assert_eq!(database["large_objects"], 2);
    assert_eq!(
        database["materialized_views"],
        json!({"shop.totals": 600, "shop.best": 10})
    );
    let sequences = &database["sequences"];
    assert_eq!(
        (
            &sequences["shop.gate"],
            &sequences["shop.unused"],
            &sequences["shop.down"]
        ),
        (&json!("1"), &Value::Null, &json!("47"))
    );
    let properties = &database["properties"];
    assert_eq!(
        (&properties["owner"], &properties["encoding"]),
        (&json!("app"), &json!("UTF8"))
    );
    assert_eq!(properties["comment"], "the shop's");
    let settings = properties["settings"].as_array().unwrap();
    let has = |role: Value, name: &str, value: &str| {
        settings.contains(&json!({"role": role, "name": name, "value": value}))
    };
    assert!(
        has(Value::Null, "work_mem", "12MB")
            && has(json!("shop_reader"), "TimeZone", "Europe/Paris"),
        "{settings:?}"
    );
    let globals = &part(info, "globals")["globals"];
    assert_eq!(
        (
            &globals["roles"],
            &globals["tablespaces"],
            &globals["passwords"]
        ),
        (&json!(4), &json!(0), &json!(true))
    );
    let redis = &part(info, "redis")["redis"];
    assert_eq!(
        (&redis["checksum"], redis["bytes"].as_u64() > Some(100)),
        (&json!("verified"), true)
    );
    let files = &part(info, "uploads")["files"];
    assert_eq!(
        (&files["entries"], &files["roots"][0]["name"]),
        (&json!(5), &json!("uploads"))
    );
}

#[test]
fn a_stack_of_docker_compose_1_29_is_saved_the_same() {
    let stack = older();
    let place = stack.place();
    let set = made(&backup(&place, &[]).succeeded());
    assert_eq!(
        files(&set),
        [
            "config.tar.gz",
            "database.sql.gz",
            "deployment-info.json",
            "git-commit.txt",
            "globals.sql.gz",
            "redis.rdb",
            "version.txt",
        ]
    );
    let info = info(&set);
    let database = &part(&info, "database")["database"];
    assert_eq!(database["database"], "shop", "the application's own");
    assert!(database["server"].as_str().unwrap().starts_with("15."));
    assert_eq!(info["images"].as_object().unwrap().len(), 2);
    assert_eq!(info["compose_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        (&info["version"], &info["git_commit"]),
        (&json!(""), &json!("")),
        "it is not under git"
    );
}
