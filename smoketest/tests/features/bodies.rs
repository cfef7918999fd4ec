//! Files and forms that are sent, as a server reads them.

use crate::site::{Asked, Site};
use crate::{smoked, smoketest, step};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use toolkit::testing::Place;

/// Every letter that means something in a form or to a shell.
const FORM: &str = r#"
[[step]]
name = "form"
call = "POST /form 200"

[step.multipart]
title = "caf\u00e9 @;type=x \"\r\n--"
count = 3
done = true
photo = { file = "pic's \"best\".png" }
doc = { file = "a;b.unknown", name = 'na"me.pdf', type = "application/pdf" }
many = [{ file = "one.txt" }, "two"]
"#;

/// The parts of a form as node reads them, by another implementation than that
/// which wrote them.
const READER: &str = r"
const body = require('fs').readFileSync('body');
const headers = { 'content-type': process.argv[1] };
new Response(body, { headers }).formData().then(async form => {
  const parts = [];
  for (const [name, value] of form) {
    parts.push(typeof value === 'string' ? [name, value]
      : [name, value.name, value.type, Buffer.from(await value.arrayBuffer()).toString('hex')]);
  }
  console.log(JSON.stringify(parts));
});";

fn parts(place: &Place, asked: &Asked) -> Value {
    place.write("body", &asked.body);
    let mut node = place.tool("node");
    node.args(["-e", READER, asked.header("content-type")]);
    let output = node.output().expect("node is installed");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:#?}"))
}

fn files(place: &Place) {
    place.write("pic's \"best\".png", b"\x89PNG\r\n\x1a\n\x00");
    place.write("a;b.unknown", "pdf");
    place.write("one.txt", "1\n");
}

fn script(place: &Place, site: &Site) -> Output {
    let mut command = smoketest(place);
    let printed = command
        .args(["./a.toml", "--base", &site.base(), "--curl"])
        .output()
        .unwrap();
    assert!(printed.status.success(), "{printed:#?}");
    place.write("a.sh", &printed.stdout);
    place.tool("sh").arg("a.sh").output().unwrap()
}

#[test]
fn a_form_has_texts_and_files() {
    let (place, site) = (Place::new(), Site::start());
    files(&place);
    smoked(&place, &site.base(), FORM).succeeded();
    let asked = site.asked().remove(0);
    let title = "caf\u{e9} @;type=x \"\r\n--";
    let expected = json!([
        ["title", title],
        ["count", "3"],
        ["done", "true"],
        [
            "photo",
            "pic's \"best\".png",
            "image/png",
            "89504e470d0a1a0a00"
        ],
        ["doc", "na\"me.pdf", "application/pdf", "706466"],
        ["many", "one.txt", "text/plain", "310a"],
        ["many", "two"],
    ]);
    assert_eq!(parts(&place, &asked), expected);
    // curl sends the same.
    let output = script(&place, &site);
    assert!(output.status.success(), "{output:#?}");
    let other = site.asked().remove(0);
    assert_eq!(parts(&place, &other), expected);
}

#[test]
fn a_file_is_sent_as_it_is() {
    let (place, site) = (Place::new(), Site::start());
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    place.write("up/a.csv", &bytes);
    let smoke = "[[step]]\ncall = 'POST /upload 200'\nfile = 'up/a.csv'\n";
    smoked(&place, &site.base(), smoke).succeeded();
    let typed = format!("{smoke}send_header = {{ Content-Type = 'text/x-mine' }}\n");
    smoked(&place, &site.base(), &typed).succeeded();
    let output = script(&place, &site);
    assert!(output.status.success(), "{output:#?}");
    let asked = site.asked();
    let kinds: Vec<_> = asked
        .iter()
        .map(|asked| asked.header("content-type"))
        .collect();
    assert_eq!(kinds, ["text/csv", "text/x-mine", "text/x-mine"]);
    assert!(asked.iter().all(|asked| asked.body == bytes));
}

#[test]
fn a_file_that_cannot_be_sent_is_told() {
    let (place, site) = (Place::new(), Site::start());
    let upload = |path: &str| {
        let smoke = format!("[[step]]\nname = 'up'\ncall = 'POST /upload 200'\nfile = '{path}'\n");
        let seen = smoked(&place, &site.base(), &smoke);
        assert_eq!(seen.code, Some(1), "{seen:#?}");
        let up = step(&seen, "up");
        let text = |name: &str| up[name].as_str().unwrap().to_owned();
        (text("reason"), text("observed"))
    };
    let (reason, told) = upload("none.csv");
    assert_eq!(reason, "file_unreadable");
    assert!(
        told.ends_with("none.csv`: No such file or directory (os error 2)"),
        "{told}"
    );
    let (reason, told) = upload(".");
    assert_eq!(reason, "file_unreadable");
    assert!(told.ends_with("it is not a file"), "{told}");
    let large = vec![0; (16 << 20) + 1];
    place.write("large.bin", &large);
    let (reason, told) = upload("large.bin");
    assert_eq!(reason, "file_too_large");
    assert!(
        told.ends_with("large.bin` makes a body of more than 16 MiB"),
        "{told}"
    );
    place.write("large.bin", &large[1..]);
    let smoke = "[[step]]\ncall = 'POST /upload 200'\nfile = 'large.bin'\n";
    smoked(&place, &site.base(), smoke).succeeded();
    // Together they are too large.
    place.write("one.txt", "1");
    let smoke = "[[step]]\nname = 'up'\ncall = 'POST /upload 200'\nmultipart = { a = { file = 'large.bin' }, b = { file = 'one.txt' } }\n";
    let seen = smoked(&place, &site.base(), smoke);
    assert_eq!(step(&seen, "up")["reason"], "file_too_large");
    assert_eq!(site.lines(), ["POST /upload"]);
}

#[test]
fn a_large_file_takes_no_more_than_its_share_of_memory() {
    let (place, site) = (Place::new(), Site::start());
    let items = "{\"a\": 1, \"b\": \"xxx\"}, ".repeat(600_000);
    place.write("large.json", format!("[{items}0]"));
    for keys in [
        "file = 'large.json'",
        "multipart = { a = { file = 'large.json' } }",
    ] {
        place.write(
            "a.toml",
            format!("[[step]]\ncall = 'POST /upload 200'\n{keys}\n"),
        );
        #[allow(clippy::zombie_processes)] // It is waited for by its peak.
        let mut child = smoketest(&place)
            .args(["./a.toml", "--base", &site.base()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let (mut peak, mut ended) = (0, None);
        while ended.is_none() {
            peak = peak_of(child.id()).max(peak);
            ended = child.try_wait().unwrap();
        }
        assert!(ended.unwrap().success() && peak > 0, "{keys}");
        assert!(peak < 64 << 10, "{keys}: {peak} KiB");
    }
}

/// The most memory that a process has had, in KiB; nothing once it has ended.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let words = line.and_then(|line| line.split_whitespace().nth(1));
    words.map_or(0, |kib| kib.parse().unwrap())
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let (place, site) = (Place::new(), Site::start());
    for (keys, told) in [
        (
            "file = 'a'\njson = {}",
            "`file` goes without `json`: a request has one body",
        ),
        ("multipart = { a = {} }", "missing field `file`"),
        (
            "multipart = { a = { file = 'a', mime = 'b' } }",
            "unknown field `mime`",
        ),
        (
            "multipart = { a = { file = 'a', type = 'b' } }",
            "`b` is no type; write it like `image/png`",
        ),
        (
            "multipart = { a = [[]] }",
            "it takes a text, a number, or a file",
        ),
        ("multipart = {}", "`multipart` has no part"),
        (
            "multipart = { a = 'b' }\nsend_header = { Content-Type = 'c/d' }",
            "says its `Content-Type` itself",
        ),
    ] {
        let smoke = format!("[[step]]\ncall = 'POST /upload 200'\n{keys}\n");
        let seen = smoked(&place, &site.base(), &smoke);
        assert_eq!((seen.code, seen.reason()), (Some(2), "config"), "{seen:#?}");
        assert!(seen.message().contains(told), "{keys}: {}", seen.message());
        assert!(
            seen.message().starts_with("./a.toml:"),
            "{}",
            seen.message()
        );
    }
    assert_eq!(site.lines(), [""; 0]);
}
