//! A full disk.

use crate::{BACKUP, shop};
use toolkit::testing::secret::url_encoded;
use toolkit::testing::{Place, Seen, SmallDisks};

fn backup(disks: &SmallDisks, index: usize, args: &[&str]) -> Seen {
    let to = disks.path(index);
    Seen::run(disks.tool(&[]).args(args).args(["--to", &to]))
}

#[test]
fn a_dump_that_does_not_fit_leaves_nothing() {
    let stack = shop();
    stack.create("noise", "");
    stack.sql(
        "noise",
        "CREATE TABLE noise AS SELECT gen_random_uuid() FROM generate_series(1, 100000)",
    );
    let server = stack.container("postgres");
    let disks = SmallDisks::beside(server, Place::new(), BACKUP, &["size=256k"]);
    let password = url_encoded(stack.database_password());
    let url = format!("postgres://app:{password}@127.0.0.1:5432/noise");
    let to = disks.path(0);
    let mut backup = disks.tool(&["DATABASE_URL"]);
    backup.env("DATABASE_URL", url);
    let seen = Seen::run(backup.args(["database", "--to", &to]));
    assert_eq!(
        (seen.code, seen.reason()),
        (Some(1), "no_space"),
        "{seen:?}"
    );
    assert!(seen.message().contains(&to), "{}", seen.message());
    assert!(seen.hint().contains("make room"), "{}", seen.hint());
    assert!(disks.names(0).is_empty());
}

#[test]
fn it_is_told_before_when_the_last_set_would_not_fit_again() {
    let place = place();
    let mut noise = vec![0; 150_000];
    let mut random = std::fs::File::open("/dev/urandom").unwrap();
    std::io::Read::read_exact(&mut random, &mut noise).unwrap();
    place.write("uploads/noise", noise);
    let disks = SmallDisks::of(place, BACKUP, &["size=256k"]);
    let _ = backup(&disks, 0, &[]).succeeded();
    let seen = backup(&disks, 0, &[]);
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
    assert_eq!(disks.names(0).len(), 1);
}

/// Wherever the room ends, the set is whole or not there.
#[test]
fn every_write_may_be_the_one_that_does_not_fit() {
    let sizes = (1..12).map(|pages| format!("size={}k", 4 * pages));
    let inodes = (2..12).map(|inodes| format!("size=256k,nr_inodes={inodes}"));
    let options: Vec<_> = sizes.chain(inodes).collect();
    let disks = SmallDisks::of(place(), BACKUP, &options);
    let (mut whole, mut none) = (0, 0);
    for (index, options) in options.iter().enumerate() {
        let seen = backup(&disks, index, &[]);
        if seen.code == Some(0) {
            whole += 1;
            let _ = backup(&disks, index, &["--check"]).succeeded();
        } else {
            none += 1;
            assert_eq!(
                (seen.code, seen.reason()),
                (Some(1), "no_space"),
                "{options}: {seen:?}"
            );
            let names = disks.names(index);
            assert!(names.is_empty(), "{options}: {names:?}");
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
