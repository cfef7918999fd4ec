//! What a real server answers.

use crate::certificates::Authority;
use crate::look::{failed, look, look_in, passed};
use crate::nginx::Nginx;
use probe::Probe;
use toolkit::redact;
use toolkit::testing::free_port;

fn nginx() -> Nginx {
    Nginx::start(&Authority::new("authority").good())
}

#[test]
fn a_server_that_is_down_and_up_again() {
    let nginx = nginx();
    let url = nginx.url("/");
    let found = look("http", &url);
    assert!(passed(&found).starts_with("200 in "), "{found:#?}");
    assert!(found.observed.ends_with(" ms, 17 B"), "{found:#?}");
    let measured: Vec<_> = found.measures.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(measured, ["time", "first_byte", "body"]);
    nginx.write("down", "");
    let found = look("http", &url);
    let observed = "status 503, with \"down for maintenance\"";
    assert_eq!(failed(&found), ("http_status", observed));
    assert_eq!(found.expected, "status 200 to 299");
    std::fs::remove_file(nginx.path("down")).unwrap();
    passed(&look("http", &url));
    let nobody = format!("url = 'http://127.0.0.1:{}/'", free_port());
    assert_eq!(failed(&look("http", &nobody)).0, "tcp_refused");
}

#[test]
fn body_and_headers_are_looked_at() {
    let nginx = nginx();
    let right = r#"
        matches = ["^\\{", "ok"]
        jq = ['.status == "ok"', '.items | length > 1', '.version | startswith("1.")']
        header = { "strict-transport-security" = "max-age=[1-9]", "X-Frame-Options" = "DENY|SAMEORIGIN", Vary = "Origin", X-Powered-By = false, Server = true }
        seconds = { warn = 30, fail = 60 }
    "#;
    passed(&look("http", &(nginx.url("/api") + right)));
    let wrong = r#"
        matches = "degraded"
        jq = ['.items | length > 2', '.version == "1.2.4"']
        header = { Cache-Control = true }
        seconds = { warn = 0 }
    "#;
    let found = look("http", &(nginx.url("/api") + wrong));
    assert_eq!(
        failed(&found),
        ("header_missing", "no header `Cache-Control`")
    );
    let also: Vec<_> = found
        .also
        .iter()
        .map(|fault| (fault.reason, fault.observed.as_str()))
        .collect();
    let (body, slow) = (also[0], also[3].0);
    assert_eq!(body.0, "no_match");
    assert!(
        body.1.starts_with("the body is \"{\\\"status\\\""),
        "{found:#?}"
    );
    let jq = [
        ("jq_false", "`.items | length` is 2"),
        ("jq_false", "`.version` is \"1.2.3\""),
    ];
    assert_eq!(also[1..3], jq);
    assert_eq!(slow, "http_slow");
}

#[test]
fn gzip_is_asked_for_and_can_be_expected() {
    let nginx = nginx();
    let keys = "header = { Content-Encoding = 'gzip' }\nmatches = '(?s)^a page.*worth it.$'";
    let found = look("http", &(nginx.url("/page.txt") + keys));
    assert!(passed(&found).ends_with(" 4.1 KiB"), "{found:#?}");
    let found = look(
        "http",
        &(nginx.url("/") + "header = { Content-Encoding = 'gzip' }"),
    );
    assert_eq!(failed(&found).0, "header_missing");
}

#[test]
fn redirects_are_told_followed_or_expected() {
    let nginx = nginx();
    let found = look("http", &nginx.url("/moved"));
    let observed = "status 301, redirecting to https://127.0.0.1/new";
    assert_eq!(failed(&found), ("http_status", observed));
    assert!(found.hint.unwrap().contains("`follow = 1`"));
    passed(&look(
        "http",
        &(nginx.url("/moved") + "redirect = 'https://127.0.0.1/*'"),
    ));
    let found = look(
        "http",
        &(nginx.url("/moved") + "redirect = 'https://127.0.0.1/old'"),
    );
    assert_eq!(
        failed(&found),
        ("http_redirect", "redirects to https://127.0.0.1/new")
    );
    let found = look("http", &(nginx.url("/1") + "follow = 3\nmatches = 'hello'"));
    passed(&found);
    assert_eq!(found.facts["redirects"].as_array().unwrap().len(), 4);
    let (reason, observed) = failed_at(&nginx, "/1", 2);
    assert_eq!(reason, "redirect_limit");
    assert!(
        observed.contains("it redirects more than 2 times: http://127.0.0.1:"),
        "{observed}"
    );
    let (reason, observed) = failed_at(&nginx, "/round", 9);
    assert_eq!(reason, "redirect_loop");
    assert!(
        observed.contains("in a circle") && observed.ends_with("/round"),
        "{observed}"
    );
}

fn failed_at(nginx: &Nginx, path: &str, follow: u32) -> (&'static str, String) {
    let found = look("http", &format!("{}follow = {follow}", nginx.url(path)));
    let (reason, observed) = failed(&found);
    (reason, observed.to_owned())
}

#[test]
fn who_asks_is_said_and_not_shown() {
    let nginx = nginx();
    let door = nginx.url("/door");
    let found = look("http", &door);
    assert_eq!(failed(&found).0, "http_status");
    assert!(found.hint.unwrap().starts_with("give `user`"));
    passed(&look(
        "http",
        &format!("{door}user = 'ann'\npassword = 'ann-pw-1'"),
    ));
    let found = look(
        "http",
        &format!("{door}user = 'ann'\npassword = 'wrong-pw-2'"),
    );
    assert_eq!(failed(&found).0, "http_status");
    passed(&look(
        "http",
        &door.replace("http://", "http://ann:ann-pw-1@"),
    ));
    let token = nginx.url("/token");
    passed(&look("http", &format!("{token}token = 'nginx-token-1'")));
    assert_eq!(
        redact::text("nginx-token-1 wrong-pw-2 ann-pw-1"),
        "*** *** ***"
    );
    let sent = "send_header = { X-Thing = 'thing' }\nmethod = 'OPTIONS'\nmatches = '^OPTIONS thing sextant$'";
    passed(&look("http", &(nginx.url("/echo") + sent)));
    passed(&look(
        "http",
        &(nginx.url("/empty") + "status = 204\nmethod = 'HEAD'"),
    ));
}

#[test]
fn a_unix_socket_is_asked() {
    let nginx = nginx();
    let keys = "url = 'http://anything/'\nsocket = 'web.sock'\nmatches = 'hello'";
    let folder = nginx.path("");
    passed(&look_in(&folder, "http", keys));
    let missing = keys.replace("web.sock", "none.sock");
    let found = look_in(&folder, "http", &missing);
    assert_eq!(failed(&found).0, "socket_missing");
    let file = keys.replace("web.sock", "nginx.conf");
    assert_eq!(failed(&look_in(&folder, "http", &file)).0, "socket_refused");
}

#[test]
fn a_published_port_answers_below_500() {
    let nginx = nginx();
    let config = toolkit::config::Config::default();
    let none = toolkit::failure::Failure::new("none", "none");
    let deadline = probe::Deadline::after(std::time::Duration::from_secs(60));
    let around = probe::Around::new(&config, Err(&none), deadline);
    let url = format!("http://127.0.0.1:{}", nginx.port);
    let faults = |path: &str| {
        let http = probe::kind::Http::answers(&format!("{url}{path}"));
        http.look(&around).unwrap().faults.len()
    };
    assert_eq!((faults("/"), faults("/none"), faults("/moved")), (0, 0, 0));
    nginx.write("down", "");
    assert_eq!(faults("/"), 1);
}
