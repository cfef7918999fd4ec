//! A run that is killed while it brings files back.

use crate::{RESTORE, contents, place, restore, saved};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use toolkit::testing::{Place, until};

/// Enough files that a kill meets the run at its work.
const FILES: usize = 400;

fn write_all(place: &Place, content: &str) {
    for number in 0..FILES {
        place.write(&format!("uploads/{number}"), content);
    }
}

/// The files that the run works in.
fn work(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.to_string_lossy().contains("/.sextant-"))
        .collect()
}

/// What is live of the folder: all but what a run works in.
fn live(folder: &Path) -> Vec<String> {
    let mut lines = contents(folder);
    lines.retain(|line| !line.contains("/.sextant-"));
    lines
}

#[test]
fn the_next_run_brings_all_of_it_back() {
    let place = place();
    write_all(&place, "saved");
    saved(&place);
    let uploads = place.folder().join("uploads");
    let whole = live(&uploads);
    let moments: [(&str, &dyn Fn() -> bool); 3] = [
        ("the folder beside is there", &|| !work(&uploads).is_empty()),
        ("the journal is there", &|| {
            work(&uploads)
                .iter()
                .any(|folder| folder.join("journal.json").exists())
        }),
        ("a live file is exchanged", &|| {
            fs::read(uploads.join("7")).is_ok_and(|content| content == b"saved")
        }),
    ];
    for (moment, reached) in moments {
        write_all(&place, "damaged");
        place.write("uploads/new", "new");
        let mut command = place.tool(RESTORE);
        command.args(["latest", "--yes"]);
        let mut run = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until(moment, || reached() || run.try_wait().unwrap().is_some());
        run.kill().unwrap();
        run.wait().unwrap();
        // Each file is the old one or the new one, and none is cut.
        for number in 0..FILES {
            if let Ok(content) = fs::read_to_string(uploads.join(number.to_string())) {
                assert!(["saved", "damaged"].contains(&&*content), "{content}");
            }
        }
        restore(&place, &["latest", "--yes"]).succeeded();
        assert_eq!(live(&uploads), whole, "{moment}");
        assert_eq!(work(&uploads), [""; 0].map(std::path::PathBuf::from));
    }
}
