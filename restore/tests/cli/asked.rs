//! The confirmation, on a terminal.

use crate::{contents, damage, place, saved};
use std::io::Write;
use std::process::Stdio;
use toolkit::testing::Place;

/// Calls it on a terminal of its own, as `script` makes one.
fn on_a_terminal(place: &Place, answer: &str) -> (Option<i32>, String) {
    let line = format!("{} latest", crate::RESTORE);
    let mut command = place.tool("script");
    command
        .env("TERM", "dumb")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(answer.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), shown.replace('\r', ""))
}

#[test]
fn only_the_word_itself_goes_on() {
    let place = place();
    saved(&place);
    let whole = contents(&place.folder().join("uploads"));
    damage(&place);
    let damaged = contents(place.folder());
    for answer in ["yes\n", "\n", "APP\n"] {
        let (code, shown) = on_a_terminal(&place, answer);
        assert_eq!(code, Some(1), "{shown}");
        assert!(shown.contains("Type `app` to go on: "), "{shown}");
        assert!(shown.contains("uploads"), "{shown}");
        assert!(shown.contains("nothing was touched"), "{shown}");
        assert_eq!(contents(place.folder()), damaged);
    }
    let (code, shown) = on_a_terminal(&place, "app\n");
    assert_eq!(code, Some(0), "{shown}");
    assert_eq!(contents(&place.folder().join("uploads")), whole);
}
