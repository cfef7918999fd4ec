//! A letter, handed to Postfix and to servers that mean harm.

use crate::hostile;
use probe::Deadline;
use probe::net::{Address, Encryption, Letter, Submission};
use std::time::{Duration, Instant};
use toolkit::failure::Failure;
use toolkit::testing::servers::Postfix;
use toolkit::testing::until;

/// Hands a letter with these lines over in the clear, and says why not.
fn send(address: &str, lines: &[&str], limit: Duration) -> Option<&'static str> {
    let address: Address = address.parse().unwrap();
    let submission = Submission {
        server: &address,
        encryption: Encryption::None,
        ca: None,
        login: None,
    };
    let content = format!("Subject: a\r\n\r\n{}\r\n", lines.join("\r\n"));
    let letter = Letter {
        from: "app@example.org",
        to: &["ops@example.org"],
        content: &content,
    };
    let sent = submission.send(&letter, Deadline::after(limit));
    sent.err().map(|error| Failure::of(&error).reason)
}

#[test]
fn each_line_arrives_as_it_was_written() {
    let server = Postfix::start(None, "");
    let address = format!("127.0.0.1:{}", server.port);
    let lines = [".", "..", ".a", "b.", "", "RSET", "c"];
    assert_eq!(send(&address, &lines, Duration::from_secs(60)), None);
    until("it is delivered", || server.mailbox("ops").len() == 1);
    let letter = server.mailbox("ops").remove(0);
    let (_, body) = letter.split_once("\n\n").unwrap();
    assert_eq!(body, lines.join("\n") + "\n");
}

#[test]
fn nobody_keeps_it_waiting() {
    for address in [
        hostile::silent(),
        hostile::dripping(b"220-", Duration::from_millis(50)),
        hostile::saying(b"220 a\r\n250 a\r\n250 a\r\n250 a\r\n354 a\r\n"),
    ] {
        let begun = Instant::now();
        let why = send(&address, &["a"], Duration::from_millis(300));
        assert_eq!(why, Some("timeout"));
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    for flood in [&b"2"[..], b"220-x\r\n"] {
        let address = hostile::flooding(flood);
        let why = send(&address, &["a"], Duration::from_secs(60));
        assert_eq!(why, Some("too_much"));
    }
    let refusing = hostile::saying(b"220 a\r\n250 a\r\n250 a\r\n452 full\r\n");
    let why = send(&refusing, &["a"], Duration::from_secs(60));
    assert_eq!(why, Some("smtp_refused"));
}
