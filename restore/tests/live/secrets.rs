//! No secret is in an argument, an output, a record or the history.

use crate::{backup, restore, shop};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// The arguments of every process of this machine, read over and over until
/// `stopped`.
fn watch(stopped: &AtomicBool) -> String {
    let mut seen = BTreeSet::new();
    while !stopped.load(Ordering::Relaxed) {
        for process in fs::read_dir("/proc").unwrap().flatten() {
            seen.insert(fs::read(process.path().join("cmdline")).unwrap_or_default());
        }
    }
    let lines = seen.iter();
    let lines = lines.map(|line| String::from_utf8_lossy(line).replace('\0', " "));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn while_it_restores_and_afterwards() {
    let stack = shop();
    let place = stack.place();
    stack.create_shop("secretive");
    let _ = backup(&place, &["--database", "secretive"]).succeeded();
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let watching = thread::spawn(move || watch(&flag));
    let restored = restore(&place, &["latest", "database", "globals", "--yes"]);
    let checked = restore(&place, &["--check"]);
    stopped.store(true, Ordering::Relaxed);
    let processes = watching.join().unwrap();
    let (restored, checked) = (restored.succeeded(), checked.succeeded());
    assert!(processes.contains("psql --no-password"), "{processes}");
    assert!(processes.contains("redis-server"), "{processes}");
    let left = format!("{restored:?}\n{checked:?}\n{}", place.history());
    assert!(left.contains(r#""status":"ok""#), "{left}");
    for secret in stack.secrets() {
        // As it is, and as a URL has it.
        let url = secret.replace('/', "%2F").replace('+', "%2B");
        let url = url.replace('@', "%40").replace('=', "%3D");
        for form in [&secret, &url] {
            assert!(!processes.contains(form.as_str()), "in an argument");
            assert!(!left.contains(form.as_str()), "in {left}");
        }
    }
}
