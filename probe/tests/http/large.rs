//! Servers that send too much: memory is bounded.

use crate::look::failed;
use crate::server::{at, request, says, server};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::Arc;

#[test]
fn one_that_sends_a_gigabyte() {
    let before = peak();
    let sent = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&sent);
    let port = server(move |mut stream| {
        request(&mut stream)?;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")?;
        let block = vec![b'a'; 1 << 20];
        for _ in 0..1024 {
            stream.write_all(&block)?;
            count.fetch_add(block.len(), std::sync::atomic::Ordering::Relaxed);
        }
        Ok(())
    });
    let found = at("http", port, "matches = 'a'");
    assert!(found.observed.ends_with("more than 128 KiB"), "{found:#?}");
    assert_eq!(found.reason, None);
    let found = at("http", port, "matches = 'b'");
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "no_match");
    assert!(
        observed.starts_with("the first 128 KiB of the body begin with \"aaa"),
        "{observed}"
    );
    let found = at("http", port, "jq = '.a'");
    assert_eq!(
        failed(&found),
        ("too_long", "the body is longer than 128 KiB")
    );
    let sent = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(sent < 64 << 20, "{sent} bytes were taken");
    let grown = peak() - before;
    assert!(grown < 48 << 10, "{grown} KiB more than before");
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn one_that_sends_a_bomb() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..512 {
        gzip.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    let before = peak();
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".to_vec();
    answer.extend(bomb);
    let found = at("http", says(answer), "jq = '.a'");
    assert_eq!(
        failed(&found),
        ("too_long", "the body is longer than 128 KiB")
    );
    let grown = peak() - before;
    assert!(grown < 48 << 10, "{grown} KiB more than before");
}
