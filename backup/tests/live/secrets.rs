//! No secret is in an argument, an output, a record, a name or the proof.

use crate::direct::{direct, encoded};
use crate::interrupted::Waiting;
use crate::{backup, made, older, shop};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use toolkit::testing::{Place, Seen, until};

/// The forms in which a secret would give itself away: as it is, in a URL, and
/// in base64 wherever it stands in what was encoded.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        encoded(secret),
        encoded(secret).to_lowercase(),
    ];
    for before in ["", "a", "ab"] {
        let text = base64(&format!("{before}{secret}"));
        // The first and the last characters depend on what stands beside it.
        forms.push(text[4..text.len() - 4].to_owned());
    }
    forms
}

fn base64(text: &str) -> String {
    let mut command = Command::new("base64");
    command
        .arg("--wrap=0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

fn shows(text: &str, secrets: &[String]) -> Option<String> {
    let mut forms = secrets.iter().flat_map(|secret| forms(secret));
    forms.find(|form| text.contains(form.as_str()))
}

/// Reads the arguments of every process of this machine, over and over.
struct Watch {
    reading: JoinHandle<String>,
    stopped: Arc<AtomicBool>,
}

impl Watch {
    fn start() -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stopped);
        let reading = std::thread::spawn(move || {
            let mut seen = std::collections::BTreeSet::new();
            while !flag.load(Ordering::Relaxed) {
                for process in fs::read_dir("/proc").unwrap().flatten() {
                    seen.insert(fs::read(process.path().join("cmdline")).unwrap_or_default());
                }
            }
            let lines = seen
                .iter()
                .map(|line| String::from_utf8_lossy(line).replace('\0', " "));
            lines.collect::<Vec<_>>().join("\n")
        });
        Self { reading, stopped }
    }

    /// All that was seen, a process a line.
    fn stop(self) -> String {
        self.stopped.store(true, Ordering::Relaxed);
        self.reading.join().unwrap()
    }
}

/// All that a run leaves for others to read: its words, the history, the names
/// and the proofs. The parts hold secrets: they are what was saved.
fn left_behind(place: &Place, seen: &Seen) -> String {
    let mut all = format!("{seen:?}\n{}\n", place.history());
    for entry in walk(&place.backups()) {
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

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

#[test]
fn this_test_knows_a_secret_when_it_sees_one() {
    let secrets = ["db/+@=01".to_owned()];
    for text in [
        "x db/+@=01 y",
        "postgres://u:db%2F%2B%40%3D01@h",
        &base64("user:db/+@=01"),
        &base64("app:db/+@=01"),
    ] {
        assert!(shows(text, &secrets).is_some(), "{text}");
    }
    assert_eq!(shows("db 01", &secrets), None);
}

#[test]
fn in_a_stack() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("secretive");
    let watch = Watch::start();
    let seen = backup(&place, &["--database", "secretive"]);
    let seen = seen.succeeded();
    let waiting = Waiting::start(&stack, &place, "secretive", &[]);
    let _ = waiting.release().succeeded();
    let processes = watch.stop();
    assert!(processes.contains("pg_dump --no-password"), "{processes}");
    assert!(processes.contains("psql --no-password"), "{processes}");
    assert_eq!(shows(&processes, &stack.secrets()), None, "{processes}");
    let left = left_behind(&place, &seen);
    assert!(left.contains("deployment-info.json") && left.contains(r#""status":"ok""#));
    assert_eq!(shows(&left, &stack.secrets()), None, "{left}");
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
    let watch = Watch::start();
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
    let processes = watch.stop();
    assert!(processes.contains("pg_dump --no-password"), "{processes}");
    assert_eq!(shows(&processes, &stack.secrets()), None, "{processes}");
    let left = left_behind(&place, &seen);
    assert_eq!(shows(&left, &stack.secrets()), None, "{left}");

    // Failures quote what they were given.
    let (postgres, redis) = (stack.address("postgres"), stack.address("redis"));
    let wrong = ["wr/ng+p@ss=word 1".to_owned()];
    let password = encoded(&wrong[0]);
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
        assert_eq!(shows(&left, &wrong), None, "{url}: {left}");
    }
}

#[test]
fn in_a_configuration_that_does_not_work() {
    let secrets = ["db/+@=word 1".to_owned(), "cache/+@=word 2".to_owned()];
    let [database, redis] = [0, 1].map(|index: usize| encoded(&secrets[index]));
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
        assert_eq!(shows(&left, &secrets), None, "{config}: {left}");
    }
}
