//! Files that nobody wrote as configuration.

use crate::case::Case;
use proptest::prelude::*;
use rustix::fs::{CWD, mkfifoat};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};
use toolkit::config::Config;

#[test]
fn what_is_no_plain_text_file_is_refused() {
    let case = Case::of("")
        .file("folder/x", "")
        .file("long", vec![b'#'; (1 << 20) + 1])
        .file("latin", b"a='b'\n#\xe9");
    mkfifoat(CWD, case.path("fifo"), 0o600.into()).unwrap();
    symlink("fifo", case.path("link")).unwrap();
    symlink("/dev/zero", case.path("device")).unwrap();
    symlink("sextant.toml", case.path("good")).unwrap();
    let mut case = case;
    for (name, message) in [
        ("folder", "cannot read `folder`: it is a folder"),
        ("fifo", "cannot read `fifo`: it is no regular file"),
        ("link", "cannot read `link`: it is no regular file"),
        ("device", "cannot read `device`: it is no regular file"),
        ("long", "cannot read `long`: it is longer than 1 MiB"),
        ("latin", "latin:2: it is not UTF-8"),
    ] {
        case = case.config(name);
        assert_eq!(case.refused().0, message);
    }
    case.config("good").load();
}

#[test]
fn deep_and_long_documents_end_in_a_short_error() {
    for toml in [
        format!("{}a = 1", "a.".repeat(200_000)),
        format!("a = {}", "[".repeat(500_000)),
        format!("{} = 1", "k".repeat(1_000_000)),
        format!("[database]\nuser = '{}'", "${X:-".repeat(100_000)),
        format!("engine = '{}'", "x".repeat(1_000_000)),
    ] {
        let (message, hint) = Case::of(&toml).refused();
        let length = message.len() + hint.len();
        assert!(length < 1000, "{length} bytes");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(toml: Vec<u8>, dotenv: Vec<u8>) {
        let case = Case::new().file("sextant.toml", toml).file(".env", dotenv);
        let _ = Config::load(&case.source);
    }

    #[test]
    fn nearly_right_files_never_panic(
        toml in concat!(
            r#"(\[(env\.)?(backup|files|step\.a|database|redis)\]\n"#,
            r#"|(to|run|password|url|path|a|parts|jobs|compress) = "#,
            r#"("[ -~é\$\{\}:-]{0,12}"|[0-9]{1,20}|\["[a-z\$]{0,5}"\]|\{ path = "x" \})\n){0,8}"#,
        ),
        dotenv in r#"(export )?([A-Z]{1,3} ?[=:] ?['"]?[ -~\$\{\}\\\n"'é]{0,20}['"]?\n){0,6}"#,
    ) {
        let case = Case::new().file("sextant.toml", toml).file(".env", dotenv);
        let _ = Config::load(&case.source);
    }
}

#[test]
fn many_checks_in_many_environments_take_no_time() {
    let checks = (0..6000).map(|n| format!("[[check]]\nname = 'c{n}'\n"));
    let env = |n| format!("[env.e{n}]\n[[env.e{n}.check]]\nname = 'c{n}'\nn = 1\n");
    let lines: Vec<_> = checks.chain((0..6000).map(env)).collect();
    let begun = Instant::now();
    let config = Case::of(&lines.concat()).env("e7").load();
    let read: Vec<BTreeMap<String, Value>> = config
        .entries("check", |mut entry| entry.rest())
        .expect("all of it is right");
    assert_eq!(read.len(), 6000);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
