//! `--ahead`: loaded while others work, exchanged once they have ended.

use crate::{RESTORE, contents, damage, place, saved};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use toolkit::testing::Place;

/// A `restore --ahead` behind a step that runs.
struct Begun {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Begun {
    fn of(place: &Place) -> Self {
        let mut child = place
            .tool(RESTORE)
            .args(["latest", "--yes", "--ahead"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut begun = Self {
            stdin: child.stdin.take().unwrap(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        };
        begun.say("running");
        begun
    }

    /// What the step says of itself.
    fn say(&mut self, status: &str) {
        let record = format!(
            r#"{{"v":1,"run":"r1","tool":"step","name":"drain","status":"{status}","at":"2026-11-20T02:00:00.000Z","host":"h","project":"p","summary":"","data":{{}}}}"#
        );
        writeln!(self.stdin, "{record}").unwrap();
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_default()
    }

    /// Ends the input; the records that come then, and the exit status.
    fn end(mut self) -> (Vec<Value>, Option<i32>) {
        drop(self.stdin);
        let lines = self.stdout.lines();
        let records = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        (records.collect(), self.child.wait().unwrap().code())
    }
}

fn names(records: &[Value]) -> Vec<String> {
    let words = |record: &Value| {
        let word = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        format!("{} {}", word("name"), word("status"))
    };
    records.iter().map(words).collect()
}

/// A damaged application, and what its uploads are and were.
fn damaged() -> (Place, Vec<String>, Vec<String>) {
    let place = place();
    saved(&place);
    let uploads = place.folder().join("uploads");
    let whole = contents(&uploads);
    damage(&place);
    let damaged = contents(&uploads);
    (place, whole, damaged)
}

/// What is live, without what a run works in.
fn live(place: &Place) -> Vec<String> {
    let mut lines = contents(&place.folder().join("uploads"));
    lines.retain(|line| !line.contains("/.sextant-"));
    lines
}

/// As far as it goes before the step ends.
fn loaded(place: &Place) -> Begun {
    let mut begun = Begun::of(place);
    let running = begun.next();
    assert_eq!(
        (&running["status"], &running["run"]),
        (&"running".into(), &"r1".into())
    );
    let loaded = begun.next();
    assert_eq!(
        (&loaded["name"], &loaded["status"]),
        (&"loaded".into(), &"ok".into())
    );
    begun
}

#[test]
fn nothing_live_is_touched_until_the_step_has_ended() {
    let (place, whole, damaged) = damaged();
    let mut begun = loaded(&place);
    assert_eq!(live(&place), damaged);
    begun.say("ok");
    let (records, code) = begun.end();
    assert_eq!(names(&records), ["drain ok", "restore ok"]);
    assert_eq!(code, Some(0));
    assert_eq!(contents(&place.folder().join("uploads")), whole);
}

#[test]
fn a_step_that_fails_or_dies_leaves_all_as_it_is() {
    for (last, said) in [(Some("fail"), "drain fail"), (None, "drain fail")] {
        let (place, _, damaged) = damaged();
        let mut begun = loaded(&place);
        if let Some(last) = last {
            begun.say(last);
        }
        let (records, code) = begun.end();
        assert_eq!(names(&records), [said, "restore skip"]);
        assert_eq!(code, Some(1));
        // Not even what it worked in is left.
        assert_eq!(contents(&place.folder().join("uploads")), damaged);
    }
}

#[test]
fn what_cannot_be_loaded_is_said_before_the_step_ends() {
    let (place, _, damaged) = damaged();
    let set = fs::read_dir(place.backups()).unwrap().flatten().next();
    let part = set.unwrap().path().join("uploads.tar.gz");
    let mut bytes = fs::read(&part).unwrap();
    bytes[20] ^= 1;
    fs::write(&part, bytes).unwrap();
    let mut begun = Begun::of(&place);
    assert_eq!(begun.next()["status"], "running");
    let failed = begun.next();
    assert_eq!(failed["error"]["reason"], "damaged", "{failed}");
    begun.say("ok");
    let (records, code) = begun.end();
    assert_eq!(
        names(&records),
        ["drain ok"],
        "it is passed on all the same"
    );
    assert_eq!(code, Some(2));
    assert_eq!(contents(&place.folder().join("uploads")), damaged);
}
