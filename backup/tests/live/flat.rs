//! `--flat PREFIX`: one file, as the scripts before wrote it, and its proof.

use crate::{backup, gunzip, info, made, part, shop};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// The proof beside a flat set's file.
fn proof(file: &Path) -> Value {
    let name = file.to_str().unwrap();
    let (stem, _) = name.split_once(".sql").unwrap();
    serde_json::from_slice(&fs::read(format!("{stem}.json")).unwrap()).unwrap()
}

#[test]
fn the_form_of_the_scripts() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("flat");
    let args = ["--database", "flat", "--flat", "backup", "--keep-last", "1"];
    let first = made(&backup(&place, &args).succeeded());
    let name = first.file_name().unwrap().to_str().unwrap();
    let stamp = name
        .strip_prefix("backup-")
        .unwrap()
        .strip_suffix(".sql.gz")
        .unwrap();
    assert!(
        chrono::NaiveDateTime::parse_from_str(stamp, "%Y%m%d_%H%M%S").is_ok(),
        "{name}"
    );
    let files = || {
        fs::read_dir(place.backups())
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    assert_eq!(files().count(), 2, "the file and its proof");
    assert!(files().all(|file| fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600));
    let info = proof(&first);
    assert_eq!(info["parts"].as_array().unwrap().len(), 1);
    assert_eq!(part(&info, "database")["file"], name);
    assert_eq!(
        part(&info, "database")["database"]["counts"]["rows"]["shop.users"],
        500
    );
    stack.create("flat again", "");
    stack.load("flat again", &gunzip(&first));
    assert_eq!(stack.dump("flat again"), stack.dump("flat"));
    let check = backup(&place, &["--check", name]).succeeded();
    assert_eq!(check.data()["path"], first.to_str().unwrap());

    // The next one takes its place.
    let second = made(&backup(&place, &args).succeeded());
    assert!(!first.exists() && second.exists());
    assert_eq!(files().count(), 2);
}

#[test]
fn zstd() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("zstd");
    let whole = made(
        &backup(
            &place,
            &[
                "--database",
                "zstd",
                "--compress",
                "zstd:3",
                "database",
                "globals",
            ],
        )
        .succeeded(),
    );
    let flat = made(
        &backup(
            &place,
            &["--database", "zstd", "--compress", "zstd:3", "--flat", "z"],
        )
        .succeeded(),
    );
    assert!(
        flat.to_str().unwrap().ends_with(".sql.zst"),
        "{}",
        flat.display()
    );
    let unpacked = |file: &Path| {
        let output = Command::new("zstd").arg("-dc").arg(file).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    for (copy, file) in [
        ("zstd again", &whole.join("database.sql.zst")),
        ("zstd flat", &flat),
    ] {
        stack.create(copy, "");
        stack.load(copy, &unpacked(file));
        assert_eq!(stack.dump(copy), stack.dump("zstd"));
    }
    // Each frame stands alone, where the index says.
    let info = info(&whole);
    let globals = part(&info, "globals");
    let bytes = fs::read(whole.join("globals.sql.zst")).unwrap();
    assert_eq!(globals["members"][0][0], bytes.len());
    assert_eq!(
        globals["members"][0][1],
        unpacked(&whole.join("globals.sql.zst")).len()
    );
}
