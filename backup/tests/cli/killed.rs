//! SIGKILL at any moment: what looks whole is whole, and the next run works.

use crate::{BACKUP, backup, names, place};
use std::process::Stdio;
use std::time::Duration;
use toolkit::testing::Place;

/// The names that a listing calls complete.
fn complete(place: &Place) -> Vec<String> {
    let listed = backup(place, &["--list"]).succeeded();
    let sets = listed.records.iter();
    let complete = sets.filter(|record| record["data"]["status"] == "complete");
    complete
        .map(|record| record["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Kills run after run, each a little later than the one before, until one
/// gets to its end.
fn killed_ever_later(args: &[&str]) {
    let place = place();
    place.write("uploads/more", vec![b'x'; 1 << 20]);
    let (mut delay, mut kills) = (Duration::ZERO, 0);
    loop {
        let mut command = place.tool(BACKUP);
        command
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut tool = command.spawn().unwrap();
        std::thread::sleep(delay);
        tool.kill().unwrap();
        let ended = tool.wait().unwrap();
        for name in complete(&place) {
            let _ = backup(&place, &["--check", &name]).succeeded();
        }
        if ended.code() == Some(0) {
            break;
        }
        kills += 1;
        assert!(delay < Duration::from_secs(5), "it never ends");
        delay += Duration::from_micros(500);
    }
    assert!(kills > 3, "{kills}");
    let seen = backup(&place, args).succeeded();
    let hidden: Vec<_> = names(&place)
        .into_iter()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(hidden, [""; 0], "swept by the run that followed");
    let path = seen.data()["path"].as_str().unwrap();
    let complete = complete(&place);
    assert!(
        complete.iter().any(|name| path.contains(name)),
        "{complete:?}"
    );
}

#[test]
fn in_a_folder() {
    killed_ever_later(&["uploads", "--keep-last", "1"]);
}

#[test]
fn in_a_flat_set() {
    killed_ever_later(&["uploads", "--flat", "nightly", "--keep-last", "1"]);
}
