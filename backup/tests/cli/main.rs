//! What a user of `backup` sees where no service runs: help, mistakes,
//! questions about sets, retention, and files saved.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)] // tests start tools as a shell does

mod check;
mod flat;
mod killed;
mod list;
mod made;
mod records;
mod retention;
mod saved;
mod usage;

use toolkit::testing::{Place, Seen};

const BACKUP: &str = env!("CARGO_BIN_EXE_backup");

/// An application without services: a folder `uploads`, saved as a part.
fn place() -> Place {
    let place = Place::new();
    place.write(
        "sextant.toml",
        "engine = \"none\"\n[files]\nuploads = \"uploads\"\n",
    );
    place.write("uploads/logo.svg", "<svg/>");
    place
}

fn backup(place: &Place, args: &[&str]) -> Seen {
    Seen::run(place.tool(BACKUP).args(args))
}

/// What it writes for people, who look at a terminal.
fn shown(place: &Place, args: &[&str]) -> String {
    let mut command = place.tool(BACKUP);
    let output = command.args(["--format", "text"]).args(args).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

/// The names in the folder of the sets, sorted.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.backups())
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
