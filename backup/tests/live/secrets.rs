//! No secret is in an argument, an output, a record, a name or the proof.

use crate::direct::direct;
use crate::interrupted::Waiting;
use crate::{backup, made, older, shop};
use std::fs;
use std::process::{Command, Stdio};
use toolkit::testing::secret::{Watch, files_below, shown, url_encoded};
use toolkit::testing::{Place, Seen, until};

/// All that a run leaves for others to read: its words, the history, the names
/// and the proofs. The parts hold secrets: they are what was saved.
fn left_behind(place: &Place, seen: &Seen) -> String {
    let mut all = format!("{seen:?}\n{}\n", place.history());
    for entry in files_below(&place.backups()) {
        all.push_str(&entry.to_string_lossy());
        all.push('\n');
        if ["json", "txt"]
            .iter()
            .any(|ending| entry.extension().is_some_and(|found| found == *ending))
        {
            all.push_str(&fs::read_to_string(&entry).unwrap());
        }
    }
    all
}

#[test]
fn in_a_stack() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("secretive");
    let watch = Watch::start(&[]);
    let seen = backup(&place, &["--database", "secretive"]);
    let seen = seen.succeeded();
    let waiting = Waiting::start(&stack, &place, "secretive", &[]);
    let _ = waiting.release().succeeded();
    let processes = watch.stop().arguments;
    assert!(processes.contains("pg_dump --no-password"), "{processes}");
    assert!(processes.contains("psql --no-password"), "{processes}");
    assert_eq!(shown(&processes, &stack.secrets()), None, "{processes}");
    let left = left_behind(&place, &seen);
    assert!(left.contains("deployment-info.json") && left.contains(r#""status":"ok""#));
    assert_eq!(shown(&left, &stack.secrets()), None, "{left}");
    // It was there to be shown: the configuration that was saved has it.
    let mut tar = Command::new("tar");
    let tar = tar
        .arg("xzOf")
        .arg(made(&seen).join("config.tar.gz"))
        .arg(".env")
        .output()
        .unwrap();
    let saved = String::from_utf8(tar.stdout).unwrap();
    assert!(
        stack.secrets().iter().all(|secret| saved.contains(secret)),
        "{saved}"
    );
}

#[test]
fn in_urls() {
    let stack = older();
    let place = Place::new();
    stack.create_shop("urls");
    let watch = Watch::start(&[]);
    let held = stack.hold("urls", "ALTER SEQUENCE shop.gate OWNER TO CURRENT_USER");
    let mut command = direct(&place, &stack, "urls");
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    until("pg_dump waits", || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'urls' \
            AND application_name = 'pg_dump' AND wait_event_type = 'Lock'";
        stack.sql("postgres", sql) == "1"
    });
    drop(held);
    let seen = Seen::of(&child.wait_with_output().unwrap()).succeeded();
    let processes = watch.stop().arguments;
    assert!(processes.contains("pg_dump --no-password"), "{processes}");
    assert_eq!(shown(&processes, &stack.secrets()), None, "{processes}");
    let left = left_behind(&place, &seen);
    assert_eq!(shown(&left, &stack.secrets()), None, "{left}");

    // Failures quote what they were given.
    let (postgres, redis) = (stack.address("postgres"), stack.address("redis"));
    let wrong = ["wr/ng+p@ss=word 1".to_owned()];
    let password = url_encoded(&wrong[0]);
    for (variable, url) in [
        (
            "DATABASE_URL",
            format!("postgres://app:{password}@{postgres}/urls"),
        ),
        (
            "DATABASE_URL",
            format!("postgres://app:{password}@{postgres}:port/urls"),
        ),
        (
            "DATABASE_URL",
            format!(
                "host={postgres} user=app password='{}' dbname=urls",
                wrong[0]
            ),
        ),
        (
            "DATABASE_URL",
            format!(
                "host={postgres} user=app password='{}' nonsense=1",
                wrong[0]
            ),
        ),
        ("REDIS_URL", format!("redis://:{password}@{redis}:6379")),
        ("REDIS_URL", format!("redis://:{password}@{redis}:port")),
    ] {
        let place = Place::new();
        let seen = Seen::run(place.tool(crate::BACKUP).env(variable, &url));
        assert!(matches!(seen.code, Some(1 | 2)), "{url}: {seen:?}");
        let left = left_behind(&place, &seen);
        assert_eq!(shown(&left, &wrong), None, "{url}: {left}");
    }
}

#[test]
fn in_a_configuration_that_does_not_work() {
    let secrets = ["db/+@=word 1".to_owned(), "cache/+@=word 2".to_owned()];
    let [database, redis] = [0, 1].map(|index: usize| url_encoded(&secrets[index]));
    for config in [
        format!("[database]\nurl = \"postgres://app:{database}@127.0.0.1:1/x\"\n"),
        format!("[database]\nurl = \"postgres://app:{database}@127.0.0.1:port/x\"\n"),
        "[database]\nurl = \"postgres://app:${DB_PASSWORD}@127.0.0.1:1/x\"\n".to_owned(),
        "[database]\nurl = \"host=127.0.0.1 port=1 user=app password='${DB_PASSWORD}'\"\n"
            .to_owned(),
        format!("[redis]\nurl = \"redis://:{redis}@127.0.0.1:1\"\n"),
        "[redis]\nurl = \"redis://:${REDIS_PASSWORD}@127.0.0.1:1\"\n".to_owned(),
        format!(
            "[redis]\npassword = \"{}\"\nurls = \"{}\"\n",
            secrets[0], secrets[1]
        ),
        format!("[database]\npassword = \"{}\n", secrets[0]),
        // Named by the failure itself, so masked.
        format!("[files]\nuploads = \"{}\"\n", secrets[0]),
    ] {
        let place = Place::new();
        let [database, redis] = &secrets;
        place.write(
            ".env",
            format!("DB_PASSWORD='{database}'\nREDIS_PASSWORD='{redis}'\n"),
        );
        place.write("sextant.toml", &config);
        let seen = backup(&place, &[]);
        assert!(matches!(seen.code, Some(1 | 2)), "{config}: {seen:?}");
        let left = left_behind(&place, &seen);
        assert_eq!(shown(&left, &secrets), None, "{config}: {left}");
    }
}
