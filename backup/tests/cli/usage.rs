//! Help, and mistakes on the command line.

use crate::{BACKUP, backup, names, place, shown};
use toolkit::testing::{Place, Seen};

#[test]
fn help_says_what_it_is_for_and_where_things_go() {
    let help = shown(&place(), &["--help"]);
    for words in [
        "Save databases, roles, Redis and files into one dated, checksummed set",
        "Usage: backup [OPTIONS] [PART]...",
        "else /backup/deployments",
        "--keep-within <DURATION>",
        "--fresh <DURATION>",
        "--flat <PREFIX>",
    ] {
        assert!(help.contains(words), "{words} in {help}");
    }
    assert!(
        help.lines().all(|line| line.chars().count() <= 100),
        "{help}"
    );
    let version = shown(&place(), &["--version"]);
    assert_eq!(version, format!("backup {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn mistakes_change_nothing_and_are_records_too() {
    let place = place();
    for (args, words) in [
        (&["--frobnicate"][..], "'--frobnicate'"),
        (&["--jobs", "0"], "'--jobs <N>'"),
        (&["--compress", "gzip:13"], "gzip:13"),
        (&["--compress", "lz4"], "lz4"),
        (&["--keep-within", "a while"], "--keep-within"),
        (&["--keep-last", "-1"], "-1"),
        (&["--fresh", "26"], "--fresh"),
        (&["--list", "--check"], "--list"),
        (&["--database", "a", "--all-databases"], "--all-databases"),
        (&["--flat", "a/b"], "`a/b` cannot begin a file's name"),
        (&["--flat", ""], "`` cannot begin a file's name"),
        (
            &["--flat", "x", "config", "uploads"],
            "`--flat` writes one part, not config, uploads",
        ),
        (&["-C", "nowhere"], "cannot work in `nowhere`"),
    ] {
        let seen = backup(&place, args);
        assert_eq!(
            (seen.code, seen.reason()),
            (Some(2), "usage"),
            "{args:?} {seen:?}"
        );
        assert!(
            seen.message().contains(words),
            "{args:?}: {}",
            seen.message()
        );
        assert_eq!(seen.records.len(), 2, "running, then fail");
        assert_eq!(seen.records[0]["status"], "running");
    }
    assert_eq!(names(&place), [""; 0]);
}

#[test]
fn a_part_that_is_none_is_refused_with_those_that_there_are() {
    let place = place();
    let seen = backup(&place, &["uploads", "upload"]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "unknown_part"));
    assert_eq!(seen.message(), "`upload` is no part");
    assert!(
        seen.hint()
            .contains("database, globals, redis, config, uploads"),
        "{}",
        seen.hint()
    );
    // Known, but not here: no server runs.
    for part in ["database", "globals", "redis"] {
        let seen = backup(&place, &[part]);
        assert_eq!((seen.code, seen.reason()), (Some(2), "no_such_part"));
        assert_eq!(seen.message(), format!("there is no `{part}` to save"));
    }
    assert_eq!(names(&place), [""; 0]);
}

#[test]
fn nothing_to_save_is_no_success() {
    let place = Place::new();
    let seen = backup(&place, &[]);
    assert_eq!((seen.code, seen.reason()), (Some(2), "nothing_to_save"));
    assert!(seen.message().contains(&*place.folder().to_string_lossy()));
    assert!(seen.hint().contains("`DATABASE_URL`"), "{}", seen.hint());
    assert_eq!(
        seen.stderr,
        format!("backup: {}\nhint: {}\n", seen.message(), seen.hint())
    );
}

#[test]
fn no_docker_is_no_obstacle_where_nothing_needs_it() {
    let place = Place::new();
    place.write("sextant.toml", "[files]\nuploads = \"uploads\"\n");
    place.write("uploads/logo.svg", "<svg/>");
    let mut command = place.tool(BACKUP);
    let seen = Seen::run(command.env("DOCKER_HOST", "unix:///nowhere/docker.sock"));
    assert_eq!(
        seen.succeeded().data()["parts"].as_array().unwrap().len(),
        2
    );
    // A Compose file says that something does.
    place.write("compose.yaml", "services:\n  db:\n    image: postgres:17\n");
    let mut command = place.tool(BACKUP);
    let seen = Seen::run(command.env("DOCKER_HOST", "unix:///nowhere/docker.sock"));
    assert_eq!(seen.reason(), "docker_unreachable", "{seen:?}");
    assert_eq!(names(&place).len(), 1);
}
