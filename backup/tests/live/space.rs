//! A full disk: a small file system in memory, mounted for the test.

use crate::{BACKUP, backup, shop};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use toolkit::testing::{Place, Seen};

/// A mounted file system; unmounted when it is dropped.
struct Disk(TempDir);

impl Disk {
    fn of(options: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path());
        let output = mount.output().unwrap();
        assert!(
            output.status.success(),
            "this test mounts a file system, and so has to run as root: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn is_empty(&self) -> bool {
        fs::read_dir(self.path()).unwrap().count() == 0
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_dump_that_does_not_fit_leaves_nothing() {
    let stack = shop();
    let place = stack.place();
    stack.create("noise", "");
    stack.sql(
        "noise",
        "CREATE TABLE noise AS SELECT gen_random_uuid() FROM generate_series(1, 100000)",
    );
    let disk = Disk::of("size=256k");
    let to = disk.path().to_str().unwrap();
    let seen = backup(&place, &["database", "--database", "noise", "--to", to]);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "no_space"),
        "{seen:?}"
    );
    assert!(seen.message().contains(to), "{}", seen.message());
    assert!(seen.hint().contains("make room"), "{}", seen.hint());
    assert!(disk.is_empty());
}

#[test]
fn it_is_told_before_when_the_last_set_would_not_fit_again() {
    let disk = Disk::of("size=256k");
    let place = place();
    let mut noise = vec![0; 150_000];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut noise).unwrap();
    place.write("uploads/noise", noise);
    let to = |place: &Place| Seen::run(place.tool(BACKUP).arg("--to").arg(disk.path()));
    let _ = to(&place).succeeded();
    let seen = to(&place);
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(2), "no_space"),
        "{seen:?}"
    );
    assert!(
        seen.message().contains("free, and the last set took 14"),
        "{}",
        seen.message()
    );
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 1);
}

/// Wherever the room ends, the set is whole or not there.
#[test]
fn every_write_may_be_the_one_that_does_not_fit() {
    let place = place();
    let (mut whole, mut none) = (0, 0);
    let options = (1..12).map(|pages| format!("size={}k", 4 * pages));
    let inodes = (2..12).map(|inodes| format!("size=256k,nr_inodes={inodes}"));
    for options in options.chain(inodes) {
        let disk = Disk::of(&options);
        let seen = Seen::run(place.tool(BACKUP).arg("--to").arg(disk.path()));
        if seen.code == Some(0) {
            whole += 1;
            let check = Seen::run(
                place
                    .tool(BACKUP)
                    .arg("--check")
                    .arg("--to")
                    .arg(disk.path()),
            );
            let _ = check.succeeded();
        } else {
            none += 1;
            assert_eq!(
                (seen.code, seen.reason()),
                (Some(1), "no_space"),
                "{options}: {seen:?}"
            );
            assert!(disk.is_empty(), "{options}");
        }
    }
    assert!(whole > 4 && none > 4, "{whole} {none}");
}

/// An application of files alone.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n",
    );
    place.write("uploads/logo.svg", "<svg/>");
    place
}
