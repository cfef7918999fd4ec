//! `dns`, against dnsmasq.

use crate::daemon::Daemon;
use crate::hostile;
use crate::look::{Told, look, refused};
use probe::Finding;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};
use toolkit::command::Command;
use toolkit::testing::{free_port, program};

/// A name server for `example`.
struct Dnsmasq {
    port: u16,
    _daemon: Daemon,
}

impl Dnsmasq {
    fn start(records: &[&str]) -> Self {
        let port = free_port();
        let command = Command::new(program("dnsmasq")).args([
            "--keep-in-foreground",
            "--conf-file=/dev/null",
            "--pid-file=",
            "--user=root",
            "--listen-address=127.0.0.1",
            "--bind-interfaces",
            "--no-resolv",
            "--no-hosts",
            "--local=/example/",
        ]);
        let command = command.arg(format!("--port={port}")).args(records);
        Self {
            port,
            _daemon: Daemon::start(&command, port),
        }
    }

    fn look(&self, record: &str, domain: &str, more: &str) -> Finding {
        let port = self.port;
        look(
            "dns",
            &format!(
                "server = '127.0.0.1:{port}'\nrecord = '{record}'\ndomain = '{domain}'\n{more}"
            ),
        )
    }
}

const RECORDS: [&str; 6] = [
    "--host-record=web.example,192.0.2.1,2001:db8::1",
    "--cname=www.example,web.example",
    "--mx-host=example,mail.example,10",
    "--mx-host=example,spare.example,20",
    "--txt-record=example,v=spf1 mx -all",
    "--server=/dead.example/127.0.0.1#9",
];

#[test]
fn records_are_as_expected_or_told() {
    let server = Dnsmasq::start(&RECORDS);
    for (record, domain, expect) in [
        ("A", "web.example", "['192.0.2.1']"),
        ("A", "WWW.example.", "['192.0.2.1']"),
        ("AAAA", "www.example", "['2001:DB8:0::1']"),
        ("CNAME", "www.example", "['Web.Example.']"),
        ("MX", "example", "['20 spare.example', '10 mail.example']"),
        ("TXT", "example", "['v=spf1 mx -all']"),
    ] {
        let found = server.look(record, domain, &format!("expect = {expect}"));
        found.is_well();
        server.look(record, domain, "").is_well();
    }
    let found = server.look("MX", "example", "expect = ['10 mail.example']");
    assert_eq!(found.told(), ["fail dns_unexpected"], "{found:#?}");
    assert_eq!(found.observed, "10 mail.example, 20 spare.example");
    let others = "expect = ['10 mail.example']\nothers = true";
    server.look("MX", "example", others).is_well();
    for (record, domain, expect, told) in [
        (
            "A",
            "web.example",
            "expect = ['192.0.2.7']",
            "fail dns_missing",
        ),
        ("A", "none.example", "", "fail dns_unknown"),
        ("MX", "web.example", "", "fail dns_no_record"),
        ("A", "elsewhere.test", "", "fail dns_refused"),
    ] {
        let found = server.look(record, domain, expect);
        assert_eq!(found.told(), [told], "{found:#?}");
    }
    drop(server);
    let server = Dnsmasq::start(&["--host-record=web.example,192.0.2.7"]);
    let found = server.look("A", "web.example", "expect = ['192.0.2.7']");
    found.is_well();
    assert_eq!(found.observed, "192.0.2.7");
}

#[test]
fn what_does_not_fit_is_asked_for_over_tcp() {
    let texts: Vec<_> = (0..40)
        .map(|n| format!("--txt-record=example,{n:02}{}", "x".repeat(200)))
        .collect();
    let server = Dnsmasq::start(&texts.iter().map(String::as_str).collect::<Vec<_>>());
    let found = server.look("TXT", "example", "");
    found.is_well();
    assert_eq!(found.facts["records"].as_array().unwrap().len(), 40);
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let lines = format!(
        "server = '127.0.0.1:{}'\nrecord = 'A'\ndomain = 'a.example'",
        free_port()
    );
    let found = look("dns", &lines);
    assert_eq!(found.told(), ["fail udp_unreachable"], "{found:#?}");
}

/// A server whose answers `change` makes of the question.
fn answering(change: impl Fn(Vec<u8>) -> Vec<Vec<u8>> + Send + 'static) -> (u16, UdpSocket) {
    let socket = UdpSocket::bind(("127.0.0.1", free_port())).unwrap();
    let ours = socket.try_clone().unwrap();
    let port = socket.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((count, from)) = socket.recv_from(&mut buffer) {
            for answer in change(buffer[..count].to_vec()) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    (port, ours)
}

/// Asks until there is an answer.
fn ask(port: u16) -> Finding {
    ask_for("1m", port)
}

/// Asks where there will be none.
fn ask_in_vain(port: u16) -> Finding {
    ask_for("300ms", port)
}

fn ask_for(timeout: &str, port: u16) -> Finding {
    let server = format!("server = '127.0.0.1:{port}'\nrecord = 'A'\ndomain = 'a.example'");
    look("dns", &format!("{server}\ntimeout = '{timeout}'"))
}

/// The question, as an answer without records.
fn empty(mut question: Vec<u8>) -> Vec<u8> {
    question[2] |= 0x80;
    question
}

#[test]
fn only_the_answer_to_the_question_counts() {
    let other_number = |mut answer: Vec<u8>| {
        answer[0] ^= 1;
        answer
    };
    let other_name = |mut answer: Vec<u8>| {
        answer[13] = b'b';
        answer
    };
    let question = |mut answer: Vec<u8>| {
        answer[2] &= 0x7f;
        answer
    };
    for wrong in [other_number, other_name, question] {
        let (port, _socket) = answering(move |question| vec![wrong(empty(question))]);
        assert_eq!(ask_in_vain(port).told(), ["fail timeout"]);
        // The right answer behind the wrong one is found.
        let (port, _socket) =
            answering(move |question| vec![wrong(empty(question.clone())), empty(question)]);
        assert_eq!(ask(port).told(), ["fail dns_no_record"]);
    }
    let (port, _socket) = answering(|question| vec![question[..2].to_vec()]);
    assert_eq!(ask(port).told(), ["fail dns_garbled"]);
}

type Serve = fn(TcpStream);

#[test]
fn nobody_keeps_it_waiting() {
    let truncated = |question: Vec<u8>| {
        let mut answer = empty(question);
        answer[2] |= 0x02;
        vec![answer]
    };
    let over_tcp: [Serve; 3] = [
        |mut stream| drop(stream.read(&mut [0; 1])),
        |mut stream| {
            let _ = stream.read(&mut [0; 100]);
            while stream.write_all(&[0xff]).is_ok() {
                thread::sleep(Duration::from_millis(50));
            }
        },
        |mut stream| {
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        },
    ];
    let told = [
        ("1m", "fail closed_early"),
        ("300ms", "fail timeout"),
        ("300ms", "fail timeout"),
    ];
    for (serve, (timeout, told)) in over_tcp.into_iter().zip(told) {
        let (port, _socket) = answering(truncated);
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        thread::spawn(move || serve(listener.accept().unwrap().0));
        let begun = Instant::now();
        assert_eq!(ask_for(timeout, port).told(), [told]);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    let (silent, _socket) = answering(|_| Vec::new());
    assert_eq!(ask_in_vain(silent).told(), ["fail timeout"]);
    let flood = hostile::flooding(b"x");
    let found = ask(flood.rsplit(':').next().unwrap().parse().unwrap());
    assert_eq!(found.told(), ["fail udp_unreachable"], "{found:#?}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (lines, message) in [
        ("record = 'A'", "`check` lacks `domain`"),
        ("domain = 'a.example'", "`check` lacks `record`"),
        (
            "domain = 'a.example'\nrecord = 'PTR'",
            "unknown variant `PTR`",
        ),
        ("domain = ''\nrecord = 'A'", "`` is no name"),
        (
            "domain = 'a'\nrecord = 'A'\nexpect = []",
            "`expect` is empty",
        ),
        (
            "domain = 'a'\nrecord = 'A'\nexpect = ['::1']",
            "is not written like `192.0.2.1`",
        ),
        (
            "domain = 'a'\nrecord = 'MX'\nexpect = ['mail']",
            "`10 mail.example.org`",
        ),
        (
            "domain = 'a'\nrecord = 'A'\nothers = true",
            "changes nothing",
        ),
        ("domain = 'a'\nrecord = 'A'\nserver = 'a b'", "is no host"),
    ] {
        let told = refused("dns", lines);
        assert!(told.contains(message), "{told}");
    }
}
