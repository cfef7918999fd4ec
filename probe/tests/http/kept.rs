//! Connections that are kept, at a real nginx: `/connection` answers with the
//! number of the one that it was asked over.

use crate::certificates::{Authority, self_signed};
use crate::look::{look, passed};
use crate::nginx::Nginx;
use probe::Deadline;
use probe::http::{Connections, Request, Response};
use std::thread;
use std::time::Duration;
use toolkit::failure::Failure;
use toolkit::testing::until;

/// A request to a path of `http://127.0.0.1`.
fn get(nginx: &Nginx, path: &str) -> Request {
    Request::get(&format!("http://127.0.0.1:{}{path}", nginx.port)).unwrap()
}

/// The same over TLS, to `localhost`, whose authorities are in the file `ca`.
fn secure(nginx: &Nginx, path: &str, ca: &str) -> Request {
    let url = format!("https://localhost:{}{path}", nginx.tls_port);
    let ca = Some(nginx.path(ca));
    Request {
        ca,
        ..Request::get(&url).unwrap()
    }
}

fn sent(connections: &mut Connections, request: &Request) -> anyhow::Result<Response> {
    request.send_over(connections, Deadline::after(Duration::from_secs(60)))
}

/// What is answered.
fn text(connections: &mut Connections, request: &Request) -> String {
    String::from_utf8(sent(connections, request).unwrap().body).unwrap()
}

/// Holds that what is asked last goes over the connection of what is asked first,
/// whatever is asked between them. It is not kept for long: on a busy machine it
/// may take some tries.
fn goes_on(first: &Request, between: &[&Request], last: &Request) {
    until("a connection is used again", || {
        let mut connections = Connections::kept();
        let number = text(&mut connections, first);
        for request in between {
            sent(&mut connections, request).unwrap();
        }
        text(&mut connections, last) == number
    });
}

/// Holds that it does not.
fn goes_apart(first: &Request, between: &[&Request], last: &Request) {
    let mut connections = Connections::kept();
    let number = text(&mut connections, first);
    for request in between {
        sent(&mut connections, request).unwrap();
    }
    assert_ne!(text(&mut connections, last), number);
}

fn plain() -> Nginx {
    Nginx::start(&self_signed())
}

#[test]
fn a_connection_is_used_again() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    let ways = ["HEAD", "OPTIONS", "PUT", "DELETE"].map(|method| Request {
        method: method.into(),
        ..get(&nginx, "/empty")
    });
    let page = Request {
        headers: vec![("Accept-Encoding".into(), "gzip".into())],
        ..get(&nginx, "/page.txt")
    };
    let between: Vec<_> = ways.iter().chain([&page]).collect();
    goes_on(&number, &between, &number);
}

#[test]
fn one_that_either_side_closes_is_not() {
    let nginx = plain();
    let (number, closing) = (get(&nginx, "/connection"), get(&nginx, "/closing"));
    goes_apart(&closing, &[], &number);
    goes_apart(&number, &[&closing], &number);
    let closed = Request {
        headers: vec![("connection".into(), "Close".into())],
        ..number.clone()
    };
    goes_apart(&closed, &[], &number);
    goes_apart(&number, &[], &closed);
}

#[test]
fn one_with_a_body_that_was_not_read_is_not() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    let cut = Request {
        most: 10,
        ..get(&nginx, "/page.txt")
    };
    goes_apart(&number, &[&cut], &number);
}

/// What may not be asked twice is not asked over a connection that may be gone.
#[test]
fn a_post_has_its_own_and_leaves_it_to_the_next() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    for method in ["POST", "PATCH"] {
        let post = Request {
            method: method.into(),
            body: Some("a=b".into()),
            ..number.clone()
        };
        goes_apart(&number, &[], &post);
        goes_apart(&post, &[], &post);
        goes_on(&post, &[], &number);
    }
}

#[test]
fn each_server_has_its_own() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    let localhost = format!("http://localhost:{}/connection", nginx.port);
    let named = Request::get(&localhost).unwrap();
    goes_apart(&number, &[], &named);
    goes_on(&number, &[&named], &number);
    let socket = Request {
        socket: Some(nginx.path("web.sock")),
        ..number.clone()
    };
    goes_apart(&number, &[], &socket);
    goes_on(&socket, &[&number], &socket);
}

#[test]
fn a_redirect_to_another_server_leaves_it_kept() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    let elsewhere = Request {
        follow: 1,
        ..get(&nginx, "/elsewhere")
    };
    goes_apart(&number, &[], &elsewhere);
    goes_on(&number, &[&elsewhere], &number);
    let there = format!("http://localhost:{}/connection", nginx.port);
    goes_on(&elsewhere, &[], &Request::get(&there).unwrap());
}

#[test]
fn it_is_not_kept_for_long() {
    let nginx = plain();
    let number = get(&nginx, "/connection");
    let mut connections = Connections::kept();
    let first = text(&mut connections, &number);
    thread::sleep(Duration::from_millis(1100));
    assert_ne!(text(&mut connections, &number), first);
    let first = text(&mut connections, &number);
    connections.close();
    assert_ne!(text(&mut connections, &number), first);
}

/// Facts are those of the connection; times, those of the request.
#[test]
fn over_tls_its_certificate_is_known_each_time() {
    let authority = Authority::new("authority");
    let nginx = Nginx::start(&authority.good());
    nginx.write("ca.pem", &authority.certificate);
    let number = secure(&nginx, "/connection", "ca.pem");
    until("a connection is used again", || {
        let mut connections = Connections::kept();
        let first = sent(&mut connections, &number).unwrap();
        let next = sent(&mut connections, &number).unwrap();
        assert!(first.certificate.is_some() && first.connected > Duration::ZERO);
        assert_eq!(next.certificate, first.certificate);
        assert!(next.first_byte > Duration::ZERO && next.first_byte <= next.took);
        let is_same = next.body == first.body;
        assert_eq!(is_same, next.connected.is_zero());
        is_same
    });
}

#[test]
fn over_tls_nobody_is_trusted_as_somebody_else_was() {
    let authority = Authority::new("authority");
    let nginx = Nginx::start(&authority.good());
    nginx.write("ca.pem", &authority.certificate);
    nginx.write("same.pem", &authority.certificate);
    nginx.write("other.pem", &Authority::new("other").certificate);
    let number = secure(&nginx, "/connection", "ca.pem");
    goes_apart(&number, &[], &secure(&nginx, "/connection", "same.pem"));
    let mut connections = Connections::kept();
    sent(&mut connections, &number).unwrap();
    let mut reason = |request: &Request| {
        let refused = sent(&mut connections, request).expect_err("it is refused");
        Failure::of(&refused).reason
    };
    let other = secure(&nginx, "/connection", "other.pem");
    assert_eq!(reason(&other), "tls_unknown_issuer");
    let mut address = number.clone();
    address.url.set_host(Some("127.0.0.1")).unwrap();
    assert_eq!(reason(&address), "tls_wrong_host");
}

/// What a health check sees is what somebody new sees.
#[test]
fn a_check_has_its_own_each_time() {
    let nginx = plain();
    let alone = |path: &str| {
        let found = look(
            "http",
            &(nginx.url(path) + "follow = 1\nmatches = '^[0-9]+$'"),
        );
        passed(&found);
    };
    let numbers: Vec<u64> = (0..4)
        .map(|_| {
            alone("/connection");
            let response =
                get(&nginx, "/connection").send(Deadline::after(Duration::from_secs(60)));
            String::from_utf8(response.unwrap().body)
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    // nginx numbers them one after the other.
    assert!(
        numbers.windows(2).all(|two| two[1] >= two[0] + 2),
        "{numbers:?}"
    );
}
