//! A flat set's two names, and a run that is killed between them.

use crate::{backup, names, place};
use std::fs;
use std::path::PathBuf;
use toolkit::testing::{Place, Seen};

/// What a run killed as it published has left: the hidden folder, the part and
/// the proof outside.
struct Killed {
    place: Place,
    partial: PathBuf,
    part: PathBuf,
    proof: PathBuf,
}

impl Killed {
    /// Killed once both had their names.
    fn at_last() -> Self {
        let place = place();
        let seen = backup(&place, &["uploads", "--flat", "nightly"]).succeeded();
        let part = PathBuf::from(seen.data()["path"].as_str().unwrap());
        let name = part.file_name().unwrap().to_str().unwrap();
        let stamp = name.strip_prefix("nightly-").unwrap();
        let stamp = stamp.strip_suffix(".tar.gz").unwrap();
        let partial = place.backups().join(format!(".{stamp}.partial"));
        fs::create_dir(&partial).unwrap();
        Self {
            partial,
            proof: place.backups().join(format!("nightly-{stamp}.json")),
            part,
            place,
        }
    }

    /// Killed before the proof had its name.
    fn in_between() -> Self {
        let killed = Self::at_last();
        killed.hide(&killed.proof);
        killed
    }

    fn hide(&self, file: &PathBuf) {
        fs::rename(file, self.partial.join(file.file_name().unwrap())).unwrap();
    }

    /// The run that follows, and what there is after it of the one before.
    fn next(&self) -> (Seen, Vec<String>) {
        let seen = backup(&self.place, &["uploads"]).succeeded();
        let made = seen.data()["path"].as_str().unwrap().to_owned();
        let mut left = names(&self.place);
        left.retain(|name| !made.ends_with(name.as_str()));
        (seen, left)
    }

    fn both(&self) -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        vec![name(&self.proof), name(&self.part)]
    }
}

#[test]
fn between_its_two_names_the_next_run_finishes_it() {
    let killed = Killed::in_between();
    let listed = backup(&killed.place, &["--list"]).succeeded();
    assert_eq!(listed.records[1]["data"]["status"], "partial");
    let (seen, left) = killed.next();
    assert_eq!(left, killed.both());
    let proof = killed.proof.to_str().unwrap();
    assert!(
        seen.stderr.contains(&format!("added `{proof}`")),
        "{}",
        seen.stderr
    );
    let part = killed.part.to_str().unwrap();
    let checked = backup(&killed.place, &["--check", part]).succeeded();
    assert_eq!(checked.data()["path"], part);
    assert_eq!(killed.next().1.len(), 3, "and nothing more is done");
}

#[test]
fn before_and_after_nothing_but_the_hidden_folder_goes() {
    let killed = Killed::at_last();
    assert_eq!(killed.next().1, killed.both());

    let killed = Killed::in_between();
    killed.hide(&killed.part);
    assert_eq!(killed.next().1, [""; 0]);

    let killed = Killed::at_last();
    killed.hide(&killed.part);
    fs::remove_file(&killed.proof).unwrap();
    assert_eq!(killed.next().1, [""; 0]);
}

#[test]
fn a_file_that_is_not_the_part_is_somebody_else_s() {
    for change in [b"another script's dump".to_vec(), Vec::new()] {
        // Of another size, and of the same with other bytes.
        let killed = Killed::in_between();
        let mut bytes = fs::read(&killed.part).unwrap();
        if change.is_empty() {
            *bytes.last_mut().unwrap() ^= 1;
        } else {
            bytes = change;
        }
        fs::write(&killed.part, &bytes).unwrap();
        let (_, left) = killed.next();
        assert_eq!(left, killed.both()[1..]);
        assert_eq!(fs::read(&killed.part).unwrap(), bytes);
    }

    // A proof that is there is not replaced.
    let killed = Killed::in_between();
    fs::write(&killed.proof, "{}").unwrap();
    assert_eq!(killed.next().1, killed.both());
    assert_eq!(fs::read(&killed.proof).unwrap(), b"{}");

    // A proof of something else, or of no name, finishes nothing.
    for file in ["../nightly", "x"] {
        let killed = Killed::in_between();
        let hidden = killed.partial.join(killed.proof.file_name().unwrap());
        let text = fs::read_to_string(&hidden).unwrap();
        let part = killed.part.file_name().unwrap().to_str().unwrap();
        let other = killed.place.backups().join(file);
        fs::copy(&killed.part, &other).unwrap();
        fs::write(&hidden, text.replace(part, file)).unwrap();
        let (_, left) = killed.next();
        assert!(!killed.proof.exists(), "{left:?}");
        assert!(killed.part.exists() && other.exists() && !killed.partial.exists());
    }
}

#[test]
fn a_name_that_a_script_s_dump_has_is_not_taken() {
    let place = place();
    fs::create_dir_all(place.backups()).unwrap();
    // As a script has named its own in each of the seconds that follow.
    let now = chrono::Local::now();
    let theirs: Vec<_> = (0..120)
        .map(|second| {
            let at = now + chrono::TimeDelta::seconds(second);
            let name = format!("nightly-{}.tar.gz", at.format("%Y%m%d_%H%M%S"));
            place.backups().join(name)
        })
        .collect();
    for file in &theirs {
        fs::write(file, "theirs").unwrap();
    }
    let seen = backup(&place, &["uploads", "--flat", "nightly"]).succeeded();
    let path = PathBuf::from(seen.data()["path"].as_str().unwrap());
    assert!(!theirs.contains(&path), "{}", path.display());
    assert!(
        theirs
            .iter()
            .all(|file| fs::read(file).unwrap() == b"theirs")
    );
}
