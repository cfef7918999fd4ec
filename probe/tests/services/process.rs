//! Programs, PID files and units.

use crate::looked::{Looked, is, measure};
use std::fs;
use std::process::{Child, Command};
use toolkit::record::Status;

/// A program of its own name that waits.
struct Started(Child);

impl Started {
    fn new(folder: &std::path::Path, name: &str) -> Self {
        let program = folder.join(name);
        if !program.exists() {
            fs::copy("/bin/sleep", &program).unwrap();
        }
        Self(Command::new(program).arg("600").spawn().unwrap())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn programs_are_counted_by_name() {
    let folder = tempfile::tempdir().unwrap();
    // Longer than what the kernel keeps of a name.
    let name = format!("sextant-test-program-{}", std::process::id());
    let looked = Looked::alone();
    let check = format!("kind = 'process'\nprogram = '{name}'");
    is(&looked.at(&check), Status::Fail, "process_missing");
    let one = Started::new(folder.path(), &name);
    looked.until_ok(&check);
    let two = Started::new(folder.path(), &name);
    let counted = |count: &str| format!("{check}\ncount = {count}");
    let found = looked.until_ok(&counted("2"));
    assert!(measure(&found, "memory") > 0.0);
    is(
        &looked.at(&counted("{ max = 1 }")),
        Status::Fail,
        "process_count",
    );
    let memory = format!("{check}\nmemory = {{ warn = 1 }}");
    is(&looked.at(&memory), Status::Warn, "process_memory");
    drop(one);
    looked.until_ok(&counted("1"));
    drop(two);
    looked.until_failed(&check, "process_missing");
}

#[test]
fn a_pid_file_may_be_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("sextant-pid-{}", std::process::id());
    let file = folder.path().join("a.pid");
    let looked = Looked::alone();
    let check = format!("kind = 'process'\npidfile = '{}'", file.display());
    is(&looked.at(&check), Status::Fail, "process_missing");
    fs::write(&file, "no number\n").unwrap();
    is(&looked.at(&check), Status::Fail, "process_pidfile");
    let mut child = Started::new(folder.path(), &name);
    fs::write(&file, format!("{}\n", child.0.id())).unwrap();
    looked.until_ok(&check);
    looked.until_ok(&format!("{check}\nprogram = '{name}'"));
    // The number went to somebody else.
    let other = looked.at(&format!("{check}\nprogram = 'nginx'"));
    is(&other, Status::Fail, "process_missing");
    assert!(other.observed.contains("is `sextant-pid-"), "{other:?}");
    // One that has ended, and whose parent has not noticed, runs no more.
    child.0.kill().unwrap();
    looked.until_failed(&check, "process_missing");
    drop(child);
    is(&looked.at(&check), Status::Fail, "process_missing");
}

#[test]
fn what_says_nothing_is_refused() {
    let looked = Looked::alone();
    for (check, said) in [
        ("", "names no process"),
        ("pm2 = 'a'\nprogram = 'b'", "is enough"),
        ("systemd = 'a.service'\ncount = 1", "nothing to count"),
        ("program = 'a'\nrestarts = { warn = 1 }", "nobody counts"),
    ] {
        let refused = looked.refused(&format!("kind = 'process'\n{check}"));
        assert!(refused.contains(said), "{check}: {refused}");
    }
}
