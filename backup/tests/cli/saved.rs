//! Files saved: what the set is, and what standard programs make of it.

use crate::{BACKUP, backup, names, place};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use toolkit::testing::{Place, Seen};

fn made(seen: &Seen) -> PathBuf {
    PathBuf::from(seen.data()["path"].as_str().unwrap())
}

fn unpack(archive: &Path, flag: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Command::new("tar");
    tar.arg(flag)
        .arg("-xpf")
        .arg(archive)
        .arg("-C")
        .arg(folder.path());
    assert!(tar.status().unwrap().success());
    folder
}

#[test]
fn the_set_is_private_and_dated() {
    let place = place();
    let set = made(&backup(&place, &["--jobs", "1"]).succeeded());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&place.backups()), mode(&set)), (0o700, 0o700));
    let mut files: Vec<_> = fs::read_dir(&set)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "config.tar.gz",
            "deployment-info.json",
            "git-commit.txt",
            "uploads.tar.gz",
            "version.txt"
        ]
    );
    assert!(files.iter().all(|file| mode(&set.join(file)) == 0o600));
    let info: Value =
        serde_json::from_slice(&fs::read(set.join("deployment-info.json")).unwrap()).unwrap();
    assert_eq!(info["backup_path"], set.to_str().unwrap());
    let date = chrono::DateTime::parse_from_rfc3339(info["date"].as_str().unwrap()).unwrap();
    assert_eq!(
        date.format("%Y%m%d_%H%M%S").to_string(),
        set.file_name().unwrap().to_str().unwrap()
    );
    backup(&place, &["--check"]).succeeded();
}

#[test]
fn tar_brings_back_what_was_there() {
    let place = place();
    let uploads = place.folder().join("uploads");
    place.write("uploads/a/b/deep é.txt", "deep");
    place.write("uploads/tmp/cache.bin", "left out");
    place.write("uploads/run.sh", "#!/bin/sh\n");
    fs::set_permissions(uploads.join("run.sh"), PermissionsExt::from_mode(0o4751)).unwrap();
    symlink("a/b", uploads.join("link")).unwrap();
    symlink("/etc/passwd", uploads.join("dangling")).unwrap();
    fs::hard_link(uploads.join("logo.svg"), uploads.join("same.svg")).unwrap();
    fs::create_dir(uploads.join("empty")).unwrap();
    let name = OsStr::from_bytes(b"latin\xe9");
    fs::write(uploads.join(name), "odd").unwrap();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = { path = \"uploads\", exclude = [\"tmp\"] }\n",
    );
    for (method, ending, flag) in [("gzip:6", "gz", "--gzip"), ("zstd:3", "zst", "--zstd")] {
        let set = made(&backup(&place, &["--compress", method]).succeeded());
        let back = unpack(&set.join(format!("uploads.tar.{ending}")), flag);
        let back = back.path().join("uploads");
        let diff = Command::new("diff")
            .args(["-r", "--no-dereference", "--exclude=tmp"])
            .arg(&uploads)
            .arg(&back)
            .output()
            .unwrap();
        assert!(
            diff.status.success(),
            "{}",
            String::from_utf8_lossy(&diff.stdout)
        );
        assert!(!back.join("tmp").exists());
        let same = |name: &str| fs::metadata(back.join(name)).unwrap().ino();
        assert_eq!(same("logo.svg"), same("same.svg"));
        let (here, there) = (
            fs::metadata(uploads.join("run.sh")).unwrap(),
            fs::metadata(back.join("run.sh")).unwrap(),
        );
        assert_eq!((here.mode(), here.mtime()), (there.mode(), there.mtime()));
        let config = unpack(&set.join(format!("config.tar.{ending}")), flag);
        assert!(config.path().join("sextant.toml").exists());
    }
    assert_eq!(names(&place).len(), 2);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_named() {
    let place = place();
    let log = place.folder().join("uploads/app.log");
    // Random, and so slow to compress.
    let mut dd = Command::new("dd");
    dd.args(["if=/dev/urandom", "bs=1M", "count=32", "status=none"]);
    assert!(
        dd.arg(format!("of={}", log.display()))
            .status()
            .unwrap()
            .success()
    );
    let append = format!(
        "exec 3>>'{}'; while :; do printf x >&3; done",
        log.display()
    );
    let mut writer = Command::new("sh").args(["-c", &append]).spawn().unwrap();
    let seen = backup(&place, &["uploads"]);
    writer.kill().unwrap();
    writer.wait().unwrap();
    let seen = seen.succeeded();
    assert_eq!(
        (seen.last()["status"].as_str(), seen.reason()),
        (Some("warn"), "incomplete_view")
    );
    let name = fs::canonicalize(&log).unwrap();
    let words = format!("`{}` changed while it was read", name.display());
    assert_eq!(seen.message(), words);
    assert_eq!(seen.data()["warnings"], serde_json::json!([words]));
    // The set is whole for all that.
    backup(&place, &["--check"]).succeeded();
    unpack(&made(&seen).join("uploads.tar.gz"), "--gzip");
}

#[test]
fn two_sets_within_one_second_do_not_meet() {
    let place = place();
    let one = made(&backup(&place, &["uploads"]).succeeded());
    let two = made(&backup(&place, &["uploads"]).succeeded());
    assert_ne!(one, two);
    assert_eq!(names(&place).len(), 2);
}

#[test]
fn the_flag_the_variable_and_the_file_say_where() {
    let place = place();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n[backup]\nto = \"configured\"\n",
    );
    let parent = |command: &mut Command| {
        let seen = Seen::run(command.args(["uploads"])).succeeded();
        made(&seen).parent().unwrap().to_owned()
    };
    let folder = place.folder().canonicalize().unwrap();
    let configured = parent(place.tool(BACKUP).env_remove("BACKUP_DIR"));
    assert_eq!(configured, folder.join("configured"));
    let variable = parent(place.tool(BACKUP).env("BACKUP_DIR", "named"));
    assert_eq!(variable, folder.join("named"));
    let flag = parent(place.tool(BACKUP).args(["--to", "given"]));
    assert_eq!(flag, folder.join("given"));
}

#[test]
fn what_a_killed_run_left_is_swept_and_nothing_else() {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n",
    );
    place.write("uploads/a", "a");
    let left = place.backups().join(".20200101_020000.partial");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join("database.sql.gz"), "half").unwrap();
    for other in [".20200101.partial", ".partial", "20200101_020000.partial"] {
        fs::create_dir(place.backups().join(other)).unwrap();
    }
    // Another machine's run, say, is at work there still.
    let alive = place.backups().join(".20200102_020000.partial");
    fs::create_dir(&alive).unwrap();
    let owner = fs::File::open(&alive).unwrap();
    owner.lock().unwrap();
    let seen = backup(&place, &["uploads"]).succeeded();
    assert!(
        seen.stderr
            .contains("20200101_020000.partial`, which a run that was killed had left\n"),
        "{}",
        seen.stderr
    );
    let left: Vec<_> = names(&place)
        .into_iter()
        .filter(|name| name.contains("partial"))
        .collect();
    assert_eq!(
        left,
        [
            ".20200101.partial",
            ".20200102_020000.partial",
            ".partial",
            "20200101_020000.partial"
        ]
    );
}
