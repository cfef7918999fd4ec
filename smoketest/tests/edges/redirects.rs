//! Redirects: shown, followed, and those that lead nowhere.

use crate::Hostile;
use crate::server::{json, response};
use std::io::Write;

/// Moves `/a` to `/b` and on to `/c`, and `/round` to itself; every other path
/// to one that is longer.
fn moving() -> Hostile {
    Hostile::start(|mut stream, asked| {
        let (method, path) = asked.what.split_once(' ').unwrap();
        let to = match path {
            "/a" => "/b".to_owned(),
            "/b" => "/c#top".to_owned(),
            "/round" => "/round".to_owned(),
            "/ftp" => "ftp://a.example/".to_owned(),
            "/c" => return stream.write_all(&json(200, &format!(r#"{{"by": "{method}"}}"#))),
            other => format!("{other}x"),
        };
        stream.write_all(&response(302, &[&format!("Location: {to}")], ""))
    })
}

#[test]
fn they_are_followed_where_that_is_said() {
    moving().passes("[[step]]\ncall = 'POST /a 200 .by == \"GET\"'\nfollow = 2\njson = { a = 1 }");
    moving().passes("follow = 2\n[[step]]\ncall = 'GET /a 200'\n[[step]]\ncall = 'GET /b 200'");
    moving().told(
        "call = 'GET /a 200'\nfollow = 1",
        "redirect_limit",
        "more than 1 time",
    );
}

#[test]
fn else_they_are_shown() {
    let server = moving();
    let target = format!("http://{}/b", server.server.address());
    server.told(
        "call = 'GET /a 200'",
        "http_status",
        &format!("status 302, redirecting to {target}"),
    );
    let shown = moving();
    let target = format!("http://{}/b", shown.server.address());
    shown.passes(&format!(
        "[[step]]\ncall = 'GET /a 301|302'\nredirect = '{target}'"
    ));
    moving().told(
        "call = 'GET /a 302'\nredirect = 'https://a.example/*'",
        "http_redirect",
        "redirects to http://",
    );
}

#[test]
fn those_without_an_end_are_left() {
    moving().told(
        "call = 'GET /round 200'\nfollow = 50",
        "redirect_loop",
        "it redirects in a circle",
    );
    let endless = moving();
    endless.told(
        "call = 'GET /x 200'\nfollow = 5",
        "redirect_limit",
        "more than 5 times",
    );
    assert_eq!(
        endless.server.asked().len(),
        7,
        "six, and that of the test itself"
    );
    moving().told(
        "call = 'GET /ftp 200'\nfollow = 5",
        "redirect_url",
        "redirects to `ftp://a.example/`",
    );
}

/// The token is for the server that it was given to.
#[test]
fn another_server_is_told_no_secret() {
    let other = crate::server::well();
    let to = format!("Location: http://{}/", other.address());
    let first = Hostile::start(move |mut stream, _| stream.write_all(&response(302, &[&to], "")));
    first.passes("token = 'redirected-token-01'\n[[step]]\ncall = 'GET / 200 .ok'\nfollow = 1");
    let requests = other.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        !requests[0].head.contains("redirected-token-01"),
        "{requests:?}"
    );
    assert!(
        first.server.requests()[0]
            .head
            .contains("redirected-token-01")
    );
}
