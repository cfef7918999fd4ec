//! Checks of servers that mean harm, and what is told of each.

use crate::servers::{Postgres, answering, bomb, dripping, flooding, message, saying, silent};
use std::path::Path;

/// An HTTP answer that goes on for a gigabyte.
const ENDLESS: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
/// As much as is read of a body.
const READ: usize = 128 << 10;

/// A check that fails.
#[derive(Debug)]
pub(crate) struct Check {
    /// All of it but its name.
    pub(crate) toml: String,
    pub(crate) reason: &'static str,
    /// What its message says among other things.
    pub(crate) said: &'static str,
}

fn check(kind: &str, keys: &str, reason: &'static str, said: &'static str) -> Check {
    let toml = format!("kind = '{kind}'\n{keys}");
    Check { toml, reason, said }
}

/// One of each; `folder` is for sockets.
pub(crate) fn all(folder: &Path) -> Vec<Check> {
    let all = pages().into_iter().chain(services());
    all.chain(databases(folder)).collect()
}

fn pages() -> Vec<Check> {
    let page = |address: String, keys: &str, reason, said| {
        let keys = format!("url = 'http://{address}/'\n{keys}");
        check("http", &keys, reason, said)
    };
    let circle = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
    let drip = dripping(b"HTTP/1.1 200 OK\r\nA: a");
    let https = format!("url = 'https://{}'", saying("HTTP/1.1 400 No\r\n\r\n"));
    let arrays = format!("[{}[]]", "[],".repeat(READ / 3 - 2));
    let keys: Vec<_> = (0..8_000).map(|n| format!("\"k{n}\":{n}")).collect();
    let keys = format!("{{{}}}", keys.join(","));
    let secret = |n| format!("\"token{n}\":\"{}\"", format!("{n:04}").repeat(100));
    let secrets: Vec<_> = (0..100).map(secret).collect();
    let secrets = format!("{{{}}}", secrets.join(","));
    let is_empty = "jq = 'length == 0'";
    vec![
        page(silent(), "", "timeout", "not a byte came"),
        page(drip, "", "timeout", "the headers have no end"),
        page(
            flooding(ENDLESS),
            "matches = 'b'",
            "no_match",
            "the first 128 KiB",
        ),
        page(
            flooding(ENDLESS),
            "jq = '.'",
            "too_long",
            "longer than 128 KiB",
        ),
        page(bomb(), "jq = '.'", "too_long", "longer than 128 KiB"),
        page(
            saying(circle),
            "follow = 5",
            "redirect_loop",
            "redirects in a circle",
        ),
        check("http", &https, "tls_none", "speaks no TLS"),
        page(
            answering(b"{\"a\": 1,"),
            "jq = '.a'",
            "json_invalid",
            "no JSON: EOF",
        ),
        page(
            answering(arrays.as_bytes()),
            is_empty,
            "jq_false",
            "`length` is 43689",
        ),
        page(
            answering(keys.as_bytes()),
            is_empty,
            "jq_false",
            "`length` is 8000",
        ),
        page(
            answering(secrets.as_bytes()),
            "jq = '.a'",
            "jq_false",
            "`.a` is null",
        ),
    ]
}

fn services() -> Vec<Check> {
    let at = |kind: &str, address: String, reason, said| {
        check(kind, &format!("address = '{address}'"), reason, said)
    };
    let late = "no answer within 3s";
    let redis = format!("url = 'redis://{}'", flooding(b"$1000000000\r\n"));
    let prometheus = format!(
        "url = 'http://{}'\nquery = 'up'\nabove.fail = 1",
        flooding(ENDLESS)
    );
    vec![
        at("smtp", silent(), "timeout", late),
        at("smtp", flooding(b"220-"), "too_much", "sends without end"),
        at("imap", dripping(b"* OK "), "timeout", late),
        at("tls", silent(), "timeout", late),
        at(
            "tls",
            saying("220 mx\r\n"),
            "tls_not_spoken",
            "other than TLS",
        ),
        check(
            "redis",
            &redis,
            "redis_protocol",
            "not answer as Redis does",
        ),
        check("prometheus", &prometheus, "too_long", "longer than 256 KiB"),
        check(
            "command",
            "run = ['cat', '/dev/zero']",
            "timeout",
            "it was ended",
        ),
    ]
}

/// What poses as PostgreSQL, and sends more than can be held.
fn databases(folder: &Path) -> Vec<Check> {
    let at = |place: &str, reason, said| {
        check(
            "postgres",
            &format!("url = 'postgres://{place}'"),
            reason,
            said,
        )
    };
    let long = |server: &Postgres, said| {
        let place = format!("a:not-a-secret@{}/a", server.clone().start());
        at(&place, "pg_too_long", said)
    };
    let gigabyte = |kind| [&[kind], &(1_u32 << 30).to_be_bytes()[..]].concat();
    let let_in = || [message(b'R', &[0; 4]), message(b'Z', b"I")].concat();
    let after = |answers: &[Vec<u8>], beginning, more: &[u8]| Postgres {
        answers: answers.to_vec(),
        beginning,
        more: more.to_vec(),
    };
    let one_message = "sends a message of 1.0 GiB, longer than 128 KiB";
    let many_messages = "sends an answer longer than 128 KiB";
    let scram = [&10_u32.to_be_bytes()[..], b"SCRAM-SHA-256\0\0"].concat();
    let row = after(&[let_in()], gigabyte(b'D'), b"a");
    row.clone().start_in(folder);
    let socket = format!("a@/a?host={}", folder.display());
    let columns = message(b'T', &[0; 2]);
    let rows = after(&[let_in()], columns, &message(b'D', &[0; 2]));
    let settings = after(&[], message(b'R', &[0; 4]), &message(b'S', b"a\0b\0"));
    let notices = after(&[], message(b'R', &[0; 4]), &message(b'N', b"\0"));
    vec![
        at(
            &format!("a@{}/a", silent()),
            "timeout",
            "no answer within 3s",
        ),
        at(
            &format!("a@{}/a", flooding(b"R\x40\0\0\0")),
            "pg_too_long",
            one_message,
        ),
        long(&after(&[], gigabyte(b'R'), b"a"), one_message),
        long(
            &after(&[message(b'R', &scram)], gigabyte(b'R'), b"a"),
            one_message,
        ),
        long(&row, one_message),
        at(&socket, "pg_too_long", one_message),
        long(&rows, many_messages),
        long(&settings, many_messages),
        long(&notices, many_messages),
    ]
}
