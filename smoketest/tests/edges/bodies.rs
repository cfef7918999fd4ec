//! Bodies in every form, and none.

use crate::Hostile;
use crate::server::response;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn in_chunks() {
    let body = "7;ext=1\r\n{\"id\": \r\n3\r\n12}\r\n0\r\nTrailer: x\r\n\r\n";
    let server = Hostile::says(format!("{CHUNKED}{body}"));
    server.passes("[[step]]\ncall = 'GET / 200 .id == 12'\ncapture = { id = '.id' }\n[[step]]\ncall = 'GET /${id} 200'");
    assert!(server.server.asked().contains(&"GET /12".to_owned()));
    let broken = Hostile::says(format!("{CHUNKED}zzz\r\nabc"));
    broken.told(
        "call = 'GET / 200'",
        "http_protocol",
        "its body is not HTTP",
    );
    let endless = Hostile::says(format!("{CHUNKED}ffffffffffffffff\r\nabc"));
    endless.told(
        "call = 'GET / 200'",
        "http_broken_off",
        "but the body has no end",
    );
}

#[test]
fn compressed() {
    let head = ["Content-Encoding: gzip"];
    let body = gzip(br#"{"items": [1, 2, 3]}"#);
    Hostile::says(response(200, &head, &body))
        .passes("[[step]]\ncall = 'GET / 200 .items | length == 3'");
    let chunk = [
        format!("{:x}\r\n", body.len()).as_bytes(),
        &body,
        b"\r\n0\r\n\r\n",
    ]
    .concat();
    let both = CHUNKED.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n");
    Hostile::says([both.as_bytes(), &chunk].concat())
        .passes("[[step]]\ncall = 'GET / 200 .items[2] == 3'");
    let plain = response(200, &head, "not gzip at all");
    Hostile::says(plain).told(
        "call = 'GET / 200'",
        "http_encoding",
        "its body cannot be decompressed",
    );
    let half = response(200, &head, &body[..body.len() / 2]);
    Hostile::says(half).told("call = 'GET / 200'", "http_broken_off", "");
}

#[test]
fn none_where_there_is_none() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\nContent-Encoding: gzip\r\n\r\n";
    Hostile::says(head)
        .passes("[[step]]\ncall = 'HEAD / 200'\nheader = { Content-Length = '^1073741824$' }");
    let empty = "HTTP/1.1 204 No Content\r\n\r\n";
    Hostile::says(empty).passes("[[step]]\ncall = 'DELETE /1 204'");
    // What a server must not send with it is not read.
    let full = "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello";
    Hostile::says(full).passes("[[step]]\ncall = 'DELETE /1 204'");
    Hostile::says(empty).told("call = 'GET / 2xx .ok'", "json_invalid", "nothing");
    let unchanged = "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n";
    Hostile::says(unchanged).passes("[[step]]\ncall = 'GET / 200|304'");
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n";
    let late = [early.as_bytes(), &response(200, &[], r#"{"ok": true}"#)].concat();
    Hostile::says(late).passes("[[step]]\ncall = 'GET / 200 .ok'");
}

#[test]
fn no_utf_8() {
    let body = b"{\"name\": \"caf\xe9\", \"n\": 1}";
    let latin = || Hostile::says(response(200, &["Content-Type: application/json"], body));
    let ran = latin().run(
        "[[step]]\nname = 'it'\ncall = 'GET / 200 .n == 2'",
        &["--record", "kept"],
    );
    let it = ran.step("it");
    assert_eq!(ran.seen.code, Some(1), "{it}");
    let shown = it["facts"]["body"].as_str().unwrap();
    assert!(shown.contains("caf\u{fffd}"), "{shown}");
    let kept = std::fs::read(ran.place.folder().join("kept/01-it.body")).unwrap();
    assert!(String::from_utf8(kept).unwrap().contains("caf\u{fffd}"));
    latin().passes("[[step]]\ncall = 'GET / 200'\nmatches = '\"n\": 1'");
    let names = b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 2\r\n\r\n{}";
    Hostile::says(names.to_vec())
        .passes("[[step]]\ncall = 'GET / 200'\nheader = { X-Name = '^caf' }");
    let noise: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    Hostile::says(noise).told(
        "call = 'GET / 200'",
        "http_protocol",
        "what answers is not HTTP",
    );
}

#[test]
fn nested_without_end() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    Hostile::says(response(200, &[], deep)).told(
        "call = 'GET / 200 length == 1'",
        "json_invalid",
        "recursion limit",
    );
}
