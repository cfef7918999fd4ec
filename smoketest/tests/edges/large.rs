//! Servers that send too much.

use crate::Hostile;
use crate::server::response;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const GIGABYTE: usize = 1 << 30;

/// A server that sends a gigabyte of `byte` to whoever takes it, and how much it
/// sent.
fn gigabyte(byte: u8) -> (Hostile, Arc<AtomicUsize>) {
    let sent: Arc<AtomicUsize> = Arc::default();
    let count = Arc::clone(&sent);
    let server = Hostile::start(move |mut stream, _| {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let block = vec![byte; 1 << 20];
        for _ in 0..GIGABYTE / block.len() {
            stream.write_all(&block)?;
            count.fetch_add(block.len(), Ordering::SeqCst);
        }
        Ok(())
    });
    (server, sent)
}

#[test]
fn a_gigabyte() {
    let (server, sent) = gigabyte(b'a');
    let ran = server.run(
        "[[step]]\nname = 'begins well'\ncall = 'GET / 200'\nmatches = '^aaa'\n\
         [[step]]\nname = 'json'\ncall = 'GET / 200 .a'\n\
         [[step]]\nname = 'kept'\ncall = 'GET / 404'\n\
         [[step]]\nname = 'found'\ncall = 'GET / 200'\ncapture = { x = { matches = 'b' } }\n\
         [[step]]\nname = 'many'\ncall = 'GET / 200'\nrepeat = 5\n",
        &["--record", "kept"],
    );
    assert_eq!(ran.step("begins well")["status"], "ok");
    let observed = ran.step("begins well")["observed"].as_str().unwrap();
    assert!(observed.ends_with("more than 1.0 MiB"), "{observed}");
    assert_eq!(ran.step("json")["reason"], "too_long");
    assert_eq!(
        ran.step("json")["observed"],
        "the body is longer than 1.0 MiB"
    );
    assert_eq!(ran.step("kept")["reason"], "http_status");
    assert_eq!(ran.step("found")["reason"], "capture_failed");
    assert_eq!(ran.step("many")["status"], "ok");
    let kept = ran.place.folder().join("kept/02-kept.body");
    let kept = std::fs::metadata(kept).unwrap().len();
    assert!((1_000_000..=1 << 20).contains(&kept), "{kept} bytes");
    let sent = sent.load(Ordering::SeqCst);
    assert!(sent < GIGABYTE / 8, "{sent} bytes were taken");
    let record = ran.seen.last().to_string().len();
    assert!(record < 16 << 10, "a record of {record} bytes");
}

/// Shown, each byte becomes three.
#[test]
fn a_gigabyte_that_is_no_text() {
    let (server, _) = gigabyte(0xff);
    let ran = server.run(
        "[[step]]\nname = 'it'\ncall = 'GET / 200'\nmatches = 'a'\ncapture = { x = { matches = 'b' } }",
        &["--record", "kept"],
    );
    assert_eq!(ran.step("it")["reason"], "no_match");
}

#[test]
fn a_bomb() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..512 {
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = response(200, &["Content-Encoding: gzip"], gzip.finish().unwrap());
    Hostile::says(bomb).told(
        "call = 'GET / 200 .a'",
        "too_long",
        "the body is longer than 1.0 MiB",
    );
}

#[test]
fn headers_without_end() {
    for line in ["Set-Cookie: a=b\r\n", "Set-Cookie: a=b; c=d"] {
        let server = Hostile::start(move |mut stream, _| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(line.as_bytes())?;
            }
        });
        server.told("call = 'GET / 200'", "http_protocol", "headers");
    }
}
