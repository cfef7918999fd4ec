//! What is made for other programs, as they read it.

use super::program;
use std::io::Write;
use std::process::{Command, Stdio};

/// What `program` says of `input` on its stdin. Fails unless it accepts that.
pub fn accepted(name: &str, args: &[&str], input: &str) -> String {
    let mut child = Command::new(program(name))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // One that refuses may not have read all of it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{name}: {said}\n{input}");
    said
}
