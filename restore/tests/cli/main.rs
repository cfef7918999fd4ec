//! What a user of `restore` sees where no service runs: help, mistakes, the
//! confirmation, files brought back, and sets that harm.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

mod ahead;
mod asked;
mod forged;
mod harm;
mod killed;
mod usage;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use toolkit::testing::{Place, Seen, sibling};

const RESTORE: &str = env!("CARGO_BIN_EXE_restore");

/// An application without services, whose folder `uploads` is a part.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n",
    );
    place.write("uploads/logo.svg", "<svg/>");
    place.write("uploads/2026/facture n° 1.pdf", "%PDF-1.7");
    place
}

fn restore(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(RESTORE).args(args))
}

/// The same, with records on stdin.
fn fed(place: &Place, records: &str, args: &[&str]) -> Seen {
    let mut child = place
        .tool(RESTORE)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(records.as_bytes()).unwrap();
    drop(stdin);
    Seen::of(&child.wait_with_output().unwrap())
}

/// A set of all that the application has.
fn saved(place: &Place) -> PathBuf {
    let seen = Seen::run(&mut place.tool(sibling(RESTORE, "backup"))).succeeded();
    PathBuf::from(seen.data()["path"].as_str().unwrap())
}

/// Changes, removes and adds an upload.
fn damage(place: &Place) {
    place.write("uploads/logo.svg", "defaced");
    place.write("uploads/new", "new");
    fs::remove_file(place.folder().join("uploads/2026/facture n° 1.pdf")).unwrap();
}

/// The files below a folder and what is in them, a line each, sorted.
fn contents(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines.extend(contents(&path));
        } else {
            lines.push(format!(
                "{}: {:?}",
                path.display(),
                fs::read(&path).unwrap()
            ));
        }
    }
    lines.sort();
    lines
}
