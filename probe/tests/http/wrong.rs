//! Servers that speak something else: the message says what happened.

use crate::look::failed;
use crate::server::{at, request, says, server, told};
use std::io::{Read, Write};

#[test]
fn one_that_lies_about_its_body() {
    let gzip = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all";
    told(
        says(gzip),
        "http_encoding",
        "its body cannot be decompressed",
    );
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort";
    told(
        says(short),
        "http_broken_off",
        "status 200 came, but the body has no end",
    );
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n";
    told(says(chunked), "http_protocol", "its body is not HTTP");
}

#[test]
fn one_that_speaks_something_else() {
    told(
        says("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
        "http_protocol",
        "\"SSH-2.0-OpenSSH_9.2\"",
    );
    told(
        says([0xff; 2000]),
        "http_protocol",
        "what answers is not HTTP",
    );
    told(says(""), "http_broken_off", "the connection was closed");
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(1 << 20));
    told(
        says(endless),
        "http_protocol",
        "its headers are longer than 65536 bytes",
    );
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(5000));
    told(says(many), "http_protocol", "");
}

#[test]
fn one_whose_tls_is_broken() {
    for (answer, reason) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "tls_none"),
        (&[21, 3, 3, 0, 2, 2, 40], "tls_refused"),
        (&[], "tls_broken_off"),
        (&[22, 3, 3, 0, 4, 2, 0, 0, 0], "tls_refused"),
    ] {
        let port = server(move |mut stream| {
            let mut hello = [0; 5];
            stream.read_exact(&mut hello)?;
            let mut rest = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]]))];
            stream.read_exact(&mut rest)?;
            stream.write_all(answer)
        });
        let found = at("https", port, "");
        let (found, observed) = failed(&found);
        assert_eq!(found, reason, "{observed}");
    }
}

#[test]
fn one_that_redirects_for_ever() {
    let here = says("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    let found = at("http", here, "follow = 5");
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "redirect_loop");
    assert!(observed.contains("it redirects in a circle"), "{observed}");
    let port = server(|mut stream| {
        let request = String::from_utf8_lossy(&request(&mut stream)?).into_owned();
        let path = request.split(' ').nth(1).unwrap_or("/");
        let answer =
            format!("HTTP/1.1 302 Found\r\nLocation: {path}a\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes())
    });
    let found = at("http", port, "follow = 5");
    let (reason, observed) = failed(&found);
    assert_eq!(reason, "redirect_limit");
    assert!(observed.contains("more than 5 times"), "{observed}");
    let nowhere = says("HTTP/1.1 302 Found\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n");
    let found = at("http", nowhere, "follow = 5");
    assert_eq!(failed(&found).0, "redirect_url");
}

#[test]
fn one_that_sends_no_json() {
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\": 1,";
    let found = at("http", says(answer), "jq = '.a'");
    let observed = "no JSON: EOF while parsing a value at line 1 column 8, in \"{\\\"a\\\": 1,\"";
    assert_eq!(failed(&found), ("json_invalid", observed));
}

#[test]
fn what_is_sent_is_what_was_written() {
    let (seen, sent) = std::sync::mpsc::channel();
    let seen = std::sync::Mutex::new(seen);
    let port = server(move |mut stream| {
        let mut all = request(&mut stream)?;
        let mut body = [0; 9];
        stream.read_exact(&mut body)?;
        all.extend(body);
        let _ = seen.lock().unwrap().send(all);
        stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")
    });
    let found = at("http", port, "method = 'POST'\nbody = '{\"a\": 12}'");
    assert_eq!(found.reason, None);
    let text = String::from_utf8(sent.recv().unwrap())
        .unwrap()
        .to_lowercase();
    assert!(text.starts_with("post / http/1.1\r\n"), "{text}");
    for line in [
        "content-type: application/json",
        "content-length: 9",
        "accept-encoding: gzip",
    ] {
        assert!(text.contains(&format!("\r\n{line}\r\n")), "{text}");
    }
    assert!(text.ends_with("\r\n\r\n{\"a\": 12}"), "{text}");
}
